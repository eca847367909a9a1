import { assert, assertEquals, assertThrows } from "@std/assert";
import { fromLayersModel, half, pool } from "@sonde/sonde";
import {
  checkPostprocess,
  checkStepNames,
} from "../../lib/extractor/check_postprocess.ts";
import { modelGraphOf } from "../../lib/models/graph/model_graph.ts";
import { counted } from "../support/backends.ts";
import { free, mlp } from "./_models.ts";

counted("checkPostprocess() copies steps, or one record of them", () => {
  const model = mlp();
  const nodes = modelGraphOf(fromLayersModel(model))!.listed;
  const own = () => null as never;
  const steps = [pool("max"), own];
  const list = checkPostprocess(steps, nodes);
  const none = { postprocess: [], postprocessByName: undefined };
  assertEquals(list, { ...none, postprocess: [...steps] });
  assert(Object.isFrozen(list.postprocess));
  assertEquals(checkPostprocess([], nodes), none);
  const record = Object.assign(Object.create(null), { hidden: steps[0] });
  const byName = (value: unknown) => [
    ...checkPostprocess([value], nodes).postprocessByName!,
  ];
  assertEquals(byName(record), [["hidden", [steps[0]!]]]);
  assertEquals(byName({}), []);
  assertThrows(
    () => checkPostprocess([{ hidden: half(), other: half() }], nodes),
    TypeError,
    'must be among the selected ones: current value is "other"',
  );
  free(model);
});

counted(
  "checkNames() accepts steps for every layer, and for selected ones",
  () => {
    const model = mlp();
    const [hidden, head] = modelGraphOf(fromLayersModel(model))!.listed;
    const all = { postprocess: [half()], postprocessByName: undefined };
    checkStepNames(all, [], "set layers");
    const postprocessByName = new Map([["hidden", [half()]]]);
    const byLayer = { postprocess: [], postprocessByName };
    checkStepNames(byLayer, [hidden!, head!], "set layers");
    assertThrows(
      () => checkStepNames(byLayer, [head!], "set layers"),
      TypeError,
    );
    free(model);
  },
);
