import { assertEquals, assertThrows } from "@std/assert";
import type { FigureBlock, ShowOptions } from "../../../lib/display/view.ts";
import { viewText } from "../../../lib/display/text.ts";
import { weightsView } from "../../../lib/models/graph/weights_view.ts";
import type { LayerRow, NdArray, Weights } from "../../../lib/types.ts";

const ROW: LayerRow = {
  name: "conv",
  kind: "Conv2D",
  config: {},
  outputs: [],
  numParameters: 0,
  inbound: [],
};

function array(
  shape: readonly number[],
  value: (i: number) => number,
): NdArray {
  const size = shape.reduce((a, b) => a * b, 1);
  return {
    data: Float32Array.from({ length: size }, (_, i) => value(i)),
    shape,
    dtype: "float32",
  };
}

function figures(weights: Weights): FigureBlock[] {
  return weightsView(ROW, weights).blocks.filter((block) =>
    block.kind === "figure"
  );
}

Deno.test("weightsView() says so where there are no weights", () => {
  assertEquals(
    viewText(weightsView(ROW, {})),
    `Weights of "conv" (Conv2D)\n\nnone`,
  );
});

Deno.test("weightsView() shows convolution kernels as a grid, outputs first", async () => {
  const kernel = array([2, 2, 2, 3], (i) => i); // [h, w, in, out]
  const [, maps] = figures({ kernel });
  const spec = await maps!.figure();
  assertEquals(spec.kind, "images");
  if (spec.kind !== "images") return;
  assertEquals([spec.scale, spec.range], ["layer", [-23, 23]]);
  assertEquals(spec.images.map(({ caption }) => caption), [
    "0 → 0",
    "0 → 1",
    "0 → 2",
    "1 → 0",
    "1 → 1",
    "1 → 2",
  ]);
  // Input 1, output 2, at positions 0 to 3: steps of 6 from 5.
  assertEquals([...Array.from(spec.images[5]!.z)], [5, 11, 17, 23]);
});

Deno.test("weightsView() shows at most 64 kernels, and says of how many", async () => {
  const [, maps] = figures({ kernel: array([3, 3, 16, 16], () => 1) });
  assertEquals(maps!.title, "kernel [3, 3, 16, 16]");
  const spec = await maps!.figure();
  assertEquals(spec.kind === "images" && spec.images.length, 64);
  assertEquals(spec.notes, [
    '64 of 256 kernels shown; show(weights, { weight: "kernel", channels: [ … ] }) for others',
  ]);
});

Deno.test("weightsView() shows matrices and pointwise kernels as colours", async () => {
  for (const shape of [[4, 3], [1, 1, 4, 3]]) {
    const [, heat] = figures({ kernel: array(shape, (i) => i) });
    const spec = await heat!.figure();
    assertEquals(spec.kind, "heatmap");
    if (spec.kind !== "heatmap") continue;
    assertEquals([spec.height, spec.width, spec.diverging], [4, 3, true]);
    assertEquals([...Array.from(spec.z)], [...Array(12).keys()]);
  }
});

Deno.test("weightsView() cuts large matrices to a corner, and says so", async () => {
  const [, heat] = figures({ kernel: array([200, 300], (i) => i) });
  assertEquals(heat!.title, "kernel [200, 300]");
  const spec = await heat!.figure();
  assertEquals(spec.notes, [
    ...["first 128 of 200 input units", "first 256 of 300 output units"],
  ]);
  if (spec.kind !== "heatmap") throw new Error(spec.kind);
  assertEquals(spec.z.length, 128 * 256);
  assertEquals(spec.z[256], 300); // the first value of the second row
});

Deno.test("weightsView() names the rows of kernels of one and of three axes", async () => {
  const rowsOf = async (...shape: number[]) => {
    const [, heat] = figures({ kernel: array(shape, (i) => i) });
    const spec = await heat!.figure();
    if (spec.kind !== "heatmap") throw new Error(spec.kind);
    return [spec.height, spec.yLabel];
  };
  assertEquals(await rowsOf(4, 3), [4, "input unit"]);
  assertEquals(await rowsOf(1, 1, 4, 3), [4, "input unit"]);
  assertEquals(await rowsOf(5, 2, 3), [10, "position × input unit"]);
});

Deno.test("weightsView() begins with statistics and a histogram", () => {
  const { blocks } = weightsView(ROW, { bias: array([4], (i) => i) });
  assertEquals(blocks.map(({ kind }) => kind), ["table", "figure"]);
});

Deno.test("weightsView() shows kernels of ONNX, which have the output first", async () => {
  const kernel = array([3, 2, 2, 2], (i) => i); // [out, in, h, w]
  const row = { ...ROW, kind: "Conv" };
  const maps = weightsView(row, { kernel }).blocks.at(-1) as FigureBlock;
  const spec = await maps.figure();
  if (spec.kind !== "images") throw new TypeError(spec.kind);
  assertEquals(spec.images[5]!.caption, "1 → 2");
  // Output 2, input 1: the last four.
  assertEquals([...Array.from(spec.images[5]!.z)], [20, 21, 22, 23]);
});

Deno.test("weightsView() shows whole numbers of 64 bits", () => {
  const shape = {
    data: BigInt64Array.of(-1n, 2n) as unknown as Float32Array,
    shape: [2],
    dtype: "int64",
  } as const;
  const view = viewText(weightsView(ROW, { shape }));
  assertEquals(/int64 +0\.5 +1\.5 +-1 +2/.test(view), true, view);
});

Deno.test("weightsView() draws the channels of the weight that is named", async () => {
  const weights = {
    kernel: array([2, 2, 1, 3], (i) => i),
    recurrent: array([2, 3], (i) => i),
  };
  const draw = async (options: ShowOptions) => {
    const { blocks } = weightsView(ROW, weights, options);
    assertEquals(blocks.length, 1);
    return await (blocks[0] as FigureBlock).figure();
  };
  const images = await draw({
    weight: "kernel",
    channels: [2, 0],
    scale: "each",
  });
  if (images.kind !== "images") throw new TypeError(images.kind);
  assertEquals(images.images.map(({ caption }) => caption), ["0 → 2", "0 → 0"]);
  assertEquals([images.scale, images.notes], ["each", []]);
  const matrix = await draw({ weight: "recurrent", channels: [2] });
  if (matrix.kind !== "heatmap") throw new TypeError(matrix.kind);
  assertEquals(Array.from(matrix.z), [2, 5]);
  assertEquals(matrix.xTicks, ["2"]);
});

Deno.test("weightsView() says which matrices are not drawn", () => {
  const names = ["a", "b", "c", "d"];
  const entries = names.map((name) => [name, array([1, 2], (i) => i)]);
  const { blocks } = weightsView(ROW, Object.fromEntries(entries));
  assertEquals(blocks.at(-1), {
    kind: "text",
    text:
      '3 of 4 matrices shown; show(weights, { weight: "d" }) draws another.',
  });
});

Deno.test("weightsView() names the axes of an embedding", async () => {
  const embeddings = array([50, 4], (i) => i);
  const view = weightsView({ ...ROW, kind: "Embedding" }, { embeddings });
  const spec = await (view.blocks.at(-1) as FigureBlock).figure();
  if (spec.kind !== "heatmap") throw new TypeError(spec.kind);
  assertEquals([spec.yLabel, spec.xLabel], ["token", "dimension"]);
});

Deno.test("weightsView() refuses weights and channels that are not there", () => {
  const weights = {
    kernel: array([2, 3], (i) => i),
    bias: array([3], () => 0),
  };
  const bad = (options: ShowOptions, part: string) =>
    assertThrows(() => weightsView(ROW, weights, options), Error, part);
  bad({ weight: "bias" }, '"weight" must be one of "kernel"');
  bad({ weight: "kernel", channels: [3] }, "integers >= 0 and < 3");
  bad({ channels: [0] }, '"weight" must name the weight of the channels');
});

Deno.test("weightsView() lists at most 40 weights, and says how to see the others", () => {
  const weights = Object.fromEntries(
    Array.from({ length: 50 }, (_, i) => [`w${i}`, array([2], () => i)]),
  );
  const [table, text] = weightsView(ROW, weights).blocks;
  assertEquals(table?.kind === "table" && table.rows.length, 41);
  assertEquals(text, {
    kind: "text",
    text: '40 of 50 arrays listed: await show(weights["w30"]) shows one, and ' +
      "Object.keys(weights) lists the names of all.",
  });
});
