import { assert, assertEquals, assertThrows } from "@std/assert";
import { fromLayersModel, type tf } from "@sonde/sonde";
import { type Schedule, schedule } from "../../lib/engines/schedule.ts";
import { refKey } from "../../lib/models/graph/graph.ts";
import { modelGraphOf } from "../../lib/models/graph/model_graph.ts";
import { counted } from "../support/backends.ts";
import { branched, free, nested, shared } from "../extractor/_models.ts";

function ordered(model: tf.LayersModel, wanted: string[], fed?: string[]) {
  const graph = modelGraphOf(fromLayersModel(model))!;
  const refOf = (id: string) => ({ node: graph.findNode(id), index: 0 });
  const refs = fed?.map(refOf) ?? graph.inputRefs;
  const feeds = refs.map((ref) => ({
    ref,
    spec: { ...ref.node.row.outputs[0]!, name: ref.node.row.name },
  }));
  return { plan: schedule(feeds, wanted.map(refOf)), refOf };
}

const namesOf = ({ nodes }: Schedule) => nodes.map(({ row }) => row.name);

counted("schedule() puts each node after what feeds it, and no others", () => {
  const model = branched();
  assertEquals(namesOf(ordered(model, ["left"]).plan), ["stem", "left"]);
  const names = namesOf(ordered(model, ["head", "stem"]).plan);
  assertEquals([...names].sort(), ["head", "left", "right", "stem", "sum"]);
  for (
    const [before, after] of [
      ["stem", "left"],
      ["stem", "right"],
      ["left", "sum"],
      ["right", "sum"],
      ["sum", "head"],
    ]
  ) assert(names.indexOf(before!) < names.indexOf(after!), `${before}`);
  free(model);
});

counted("schedule() sees through nested models", () => {
  const model = nested();
  assertEquals(namesOf(ordered(model, ["outer"]).plan), [
    "stem",
    "outer/before",
    "outer/inner/deep",
    "outer/inner/deeper",
    "outer/after",
  ]);
  assertEquals(namesOf(ordered(model, ["outer"], ["outer/inner"]).plan), [
    "outer/after",
  ]);
  free(model);
});

counted("schedule() runs nothing for what is fed", () => {
  const model = branched();
  assertEquals(namesOf(ordered(model, ["stem"], ["stem"]).plan), []);
  free(model);
});

counted(
  "schedule() lets a tensor go after its last use, unless it is wanted",
  () => {
    const model = branched();
    const { plan, refOf } = ordered(model, ["head", "left"]);
    const stepOf = (id: string) =>
      plan.releases.findIndex((keys) => keys.includes(refKey(refOf(id))));
    const at = (id: string) => namesOf(plan).indexOf(id);
    assertEquals(stepOf("x"), at("stem"));
    assertEquals(stepOf("stem"), Math.max(at("left"), at("right")));
    assertEquals(stepOf("right"), at("sum"));
    assertEquals(stepOf("sum"), at("head"));
    assertEquals([stepOf("left"), stepOf("head")], [-1, -1]);
    free(model);
  },
);

counted("schedule() names the nearest tensor that is left out", () => {
  const model = shared();
  assertThrows(
    () => ordered(model, ["head"], ["twice"]),
    TypeError,
    'Cannot compute "head" as all that it needs must come from what is fed, and it needs "twice:1": current value is ["twice"]; cut the input earlier, or select other layers',
  );
  assertThrows(
    () => ordered(model, ["widen"], ["twice"]),
    TypeError,
    'Cannot compute "widen" as it must come after what is fed: current value is ["twice"]',
  );
  free(model);
});
