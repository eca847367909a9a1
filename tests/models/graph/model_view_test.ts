import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { viewText } from "../../../lib/display/text.ts";
import { fromLayersModel } from "../../../lib/models/tfjs/from_layers_model.ts";
import type { ModelGraph } from "../../../lib/models/graph/model_graph.ts";
import { modelView } from "../../../lib/models/graph/model_view.ts";
import type { LayerRow } from "../../../lib/types.ts";
import { nested, shared } from "../../support/tf_models.ts";
import { openOnnxModel } from "../../support/onnx_models.ts";

await tf.setBackend("cpu");

Deno.test("modelView() lists layers with nested ones indented", () => {
  assertEquals(
    viewText(modelView(fromLayersModel(nested()) as ModelGraph)),
    `Model "nested" (memory)

takes "z" [null, 3] float32

index  name                      kind        output     parameters  inputs
-----  ------------------------  ----------  ---------  ----------  --------------------
    0  z                         InputLayer  [null, 3]           0
    1  outer                     Model       [null, 3]          24  z
         outer/outer_in          InputLayer  [null, 3]           0
         outer/inner             Model       [null, 3]          12  outer/outer_in
           outer/inner/inner_in  InputLayer  [null, 3]           0
           outer/inner/deep      Dense       [null, 3]          12  outer/inner/inner_in
         outer/after             Dense       [null, 3]          12  outer/inner
    2  head                      Dense       [null, 2]           8  outer

32 parameters, gives "head" [null, 2] float32`,
  );
});

Deno.test("modelView() counts a shared layer's parameters once", () => {
  assertStringIncludes(
    viewText(modelView(fromLayersModel(shared()) as ModelGraph)),
    "12 parameters, gives",
  );
});

Deno.test("modelView() says how many rows it leaves out", () => {
  const row = (i: number): LayerRow => ({
    name: `l${i}`,
    index: i,
    kind: "Dense",
    config: {},
    outputs: [],
    numParameters: 1,
    inbound: [],
  });
  const model = {
    name: "long",
    format: "memory",
    inputs: [],
    outputs: [],
    layers: Array.from({ length: 450 }, (_, i) => row(i)),
    numParameters: 450,
  } as unknown as ModelGraph;
  assertStringIncludes(viewText(modelView(model)), "… and 50 rows more");
});

Deno.test("modelView() does not indent operations of ONNX, whose names hold slashes", async () => {
  await using model = await openOnnxModel("torch_cnn");
  const view = viewText(modelView(model));
  assertStringIncludes(view, "    0  /conv1/Conv ");
  assertStringIncludes(view, 'Model "main_graph" (onnx)');
});
