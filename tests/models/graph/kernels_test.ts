import { assert, assertEquals, assertThrows } from "@std/assert";
import { tf } from "@sonde/sonde";
import { viewOf } from "../../../lib/display/attach_view.ts";
import type { Figure } from "../../../lib/display/figure.ts";
import type { FigureBlock } from "../../../lib/display/view.ts";
import { kernels } from "../../../lib/models/graph/kernels.ts";
import { fromLayersModel } from "../../../lib/models/tfjs/from_layers_model.ts";
import type { NdArray, Weights } from "../../../lib/types.ts";
import { openOnnxModel } from "../../support/onnx_models.ts";

await tf.setBackend("cpu");

async function specOf(figure: Figure) {
  return await (viewOf(figure, {})!.blocks[0] as FigureBlock).figure();
}

Deno.test("kernels() draws the filters of a convolution that are selected", async () => {
  const layer = tf.layers.conv2d({
    name: "conv",
    filters: 4,
    kernelSize: 3,
    inputShape: [8, 8, 2],
  });
  const weights = await fromLayersModel(tf.sequential({ layers: [layer] }))
    .getWeights("conv");
  const figure = kernels(weights, { channels: [0, 3], title: "Edges" });
  assertEquals(figure.title, "Edges");
  const spec = await specOf(figure);
  assert(spec.kind === "images");
  assertEquals(spec.images.map(({ caption }) => caption), [
    ...["0 → 0", "0 → 3", "1 → 0", "1 → 3"],
  ]);
  const kernel = Object.values(weights)[0]!.data;
  // Row 1, column 2, input 1, output 3 of [3, 3, 2, 4].
  assertEquals(spec.images[3]!.z[5], kernel[((1 * 3 + 2) * 2 + 1) * 4 + 3]);
});

Deno.test("kernels() knows the order of axes in an ONNX file", async () => {
  await using model = await openOnnxModel("torch_cnn");
  const weights = await model.getWeights("/conv1/Conv");
  const [kernel] = Object.values(weights);
  const [outputs, inputs, height, width] = kernel!.shape as number[];
  const spec = await specOf(kernels(weights));
  assert(spec.kind === "images");
  assertEquals([spec.images[0]!.height, spec.images[0]!.width], [
    ...[height, width],
  ]);
  assertEquals(spec.images.length, Math.min(64, inputs! * outputs!));
  assertEquals(
    Array.from(spec.images[1]!.z),
    Array.from(kernel!.data.slice(
      inputs! * height! * width!,
      (inputs! + 1) * height! * width!,
    )),
  );
});

Deno.test("kernels() takes plain arrays by name, in the order of Keras", async () => {
  const array = (shape: number[]): NdArray => ({
    data: new Float32Array(shape.reduce((a, b) => a * b, 1)).map((_, i) => i),
    shape,
    dtype: "float32",
  });
  const weights: Weights = { bias: array([3]), kernel: array([2, 3]) };
  const spec = await specOf(kernels(weights));
  assert(spec.kind === "heatmap");
  assertEquals([spec.height, spec.width], [2, 3]);
  const bad = (value: unknown, options: object, part: string) =>
    assertThrows(() => kernels(value as Weights, options), Error, part);
  bad(weights, { weight: "bias" }, '"weight" must be one of "kernel"');
  bad(weights, { channels: [3] }, '"channels" must hold integers >= 0 and < 3');
  bad(weights, { scale: "all" }, '"scale" must be one of "layer", "each"');
  bad({ bias: array([3]) }, {}, "an array of rank 2 or more");
  bad(Promise.resolve(weights), {}, "write await before it");
  bad(null, {}, "the weights of a layer");
});
