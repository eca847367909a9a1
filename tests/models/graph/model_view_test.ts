import { tf } from "../../../lib/tf.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { viewOf } from "../../../lib/display/attach_view.ts";
import type { TableBlock, View } from "../../../lib/display/view.ts";
import { LayerNotFoundError } from "../../../lib/errors.ts";
import { viewText } from "../../../lib/display/text.ts";
import { fromLayersModel } from "../../../lib/models/tfjs/from_layers_model.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import {
  modelView,
  type ShownModel,
} from "../../../lib/models/graph/model_view.ts";
import type { LayerRow } from "../../../lib/types.ts";
import { nested, shared } from "../../support/tf_models.ts";
import { openOnnxModel } from "../../support/onnx_models.ts";

await tf.setBackend("cpu");

Deno.test("modelView() lists layers with nested ones indented", () => {
  assertEquals(
    viewText(modelView(modelGraphOf(fromLayersModel(nested()))!)),
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
    viewText(modelView(modelGraphOf(fromLayersModel(shared()))!)),
    "12 parameters, gives",
  );
});

/** A model of layers by name alone. */
function model(names: readonly string[], format = "keras"): ShownModel {
  const layers = names.map((name, i): LayerRow => ({
    name,
    index: i,
    kind: "Dense",
    config: {},
    outputs: [{ name, shape: [null, i], dtype: "float32" }],
    numParameters: 10,
    inbound: i === 0 ? [] : [names[i - 1]!],
  }));
  const listed = layers.map((row) => ({
    row,
    call: { kind: "raw", constants: new Map() },
  }));
  const parts = {
    name: "m",
    format,
    inputs: [],
    outputs: [],
    numParameters: 7,
  };
  return {
    ...parts,
    layers,
    listed,
    topLevel: listed,
  } as unknown as ShownModel;
}

/** The rows of a view's table. */
function rowsOf(view: View): TableBlock["rows"] {
  return view.blocks.find((block) => block.kind === "table")!.rows;
}

const BLOCKS = ["conv1", "conv1_relu"];
for (let i = 1; i <= 12; i++) {
  for (const part of ["expand", "expand_BN", "project"]) {
    BLOCKS.push(`block_${i}_${part}`);
  }
}
BLOCKS.push("head");

Deno.test("modelView() lists up to 40 layers one by one", () => {
  assertEquals(rowsOf(modelView(model(BLOCKS.slice(0, 39)))).length, 39);
});

Deno.test("modelView() folds the blocks of a longer model, as little as it takes", () => {
  const long = model([...BLOCKS, "softmax", "more"]);
  const view = modelView(long);
  const rows = rowsOf(view);
  assertEquals(rows.map(([, name]) => name).slice(0, 4), [
    ...["conv1", "conv1_relu", "block_1_*", "block_2_*"],
  ]);
  assertEquals(rows[2], [
    ...[null, "block_1_*", "3 layers", "[null, 4]", "30", "conv1_relu"],
  ]);
  assertEquals(rows.slice(-3).map(([, name]) => name), [
    ...["head", "softmax", "more"],
  ]);
  assertStringIncludes(
    viewText(view),
    '41 layers, blocks folded: show(model, { layer: "block_1_*" }) lists one, and "**" every layer.',
  );
});

Deno.test("modelView() folds nested models, but not the names of operations", () => {
  const inner = Array.from({ length: 45 }, (_, i) => `backbone/l${i}`);
  const rows = rowsOf(
    modelView(model(["input", "backbone", ...inner, "head"])),
  );
  assertEquals(rows.map((row) => row.slice(0, 4)), [
    [0, "input", "Dense", "[null, 0]"],
    [1, "backbone", "Dense of 45 layers", "[null, 1]"],
    [47, "head", "Dense", "[null, 47]"],
  ]);
  const names = Array.from(
    { length: 60 },
    (_, i) => `net/layer.${Math.floor(i / 6)}/op${i}`,
  );
  const operations = rowsOf(modelView(model(names, "onnx")));
  assertEquals(operations.length, 10);
  assertEquals(operations[1]![1], "net/layer.1/op*");
});

Deno.test("modelView() lists everything where no names begin alike", () => {
  const names = Array.from({ length: 50 }, (_, i) => `l${i}`);
  assertEquals(rowsOf(modelView(model(names))).length, 50);
});

Deno.test("modelView() lists the layers that a glob finds", () => {
  const long = model([...BLOCKS, "softmax", "more"]);
  const view = modelView(long, { layer: "block_3_*" });
  assertEquals(view.blocks[0], {
    kind: "text",
    text: '3 of 41 layers match "block_3_*"',
  });
  assertEquals(rowsOf(view).map(([, name]) => name), [
    ...["block_3_expand", "block_3_expand_BN", "block_3_project"],
  ]);
  assertEquals(rowsOf(modelView(long, { layer: "**" })).length, 41);
  assertThrows(
    () => modelView(long, { layer: "blok*" }),
    LayerNotFoundError,
  );
});

Deno.test("show() passes the glob to a model, and no other option", () => {
  const small = fromLayersModel(nested());
  const title = (options: object) => viewOf(small, options)?.title;
  assertEquals(title({ layer: "outer/**" }), 'Model "nested" (memory)');
  assertThrows(
    () => title({ sample: 1 }),
    TypeError,
    'each option must be one of "layer": current value is "sample"',
  );
});

Deno.test("modelView() does not indent operations of ONNX, whose names hold slashes", async () => {
  await using model = await openOnnxModel("torch_cnn");
  const view = viewText(modelView(model));
  assertStringIncludes(view, "    0  /conv1/Conv ");
  assertStringIncludes(view, 'Model "main_graph" (onnx)');
});
