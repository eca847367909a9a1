import { assert, assertEquals, assertThrows } from "@std/assert";
import { fromLayersModel, half, pool } from "@sonde/sonde";
import {
  checkNames,
  checkPostprocess,
} from "../../lib/extractor/check_postprocess.ts";
import type { ModelGraph } from "../../lib/models/graph/model_graph.ts";
import { counted } from "../support/backends.ts";
import { free, mlp } from "./_models.ts";

counted("checkPostprocess() copies steps, or one record of them", () => {
  const model = mlp();
  const nodes = (fromLayersModel(model) as ModelGraph).listed;
  const own = () => null as never;
  const steps = [pool("max"), own];
  const list = checkPostprocess(steps, nodes);
  assertEquals(list, [...steps]);
  assert(Object.isFrozen(list));
  assertEquals(checkPostprocess([], nodes), []);
  const record = Object.assign(Object.create(null), { hidden: steps[0] });
  const map = checkPostprocess([record], nodes);
  assertEquals([...map], [["hidden", [steps[0]]]]);
  assertEquals([...checkPostprocess([{}], nodes)], []);
  assertThrows(
    () => checkPostprocess([{ hidden: half(), other: half() }], nodes),
    TypeError,
    'must be among those asked for: current value is "other"',
  );
  free(model);
});

counted(
  "checkNames() passes steps for every layer, and for those asked for",
  () => {
    const model = mlp();
    const [hidden, head] = (fromLayersModel(model) as ModelGraph).listed;
    checkNames([half()], [], "set layers");
    const byLayer = new Map([["hidden", [half()]]]);
    checkNames(byLayer, [hidden!, head!], "set layers");
    assertThrows(() => checkNames(byLayer, [head!], "set layers"), TypeError);
    free(model);
  },
);
