import { assert, assertEquals, assertRejects } from "@std/assert";
import { plainView } from "../../lib/display/plain_view.ts";
import { viewText } from "../../lib/display/text.ts";
import type {
  FigureBlock,
  FigureSpec,
  ShowOptions,
} from "../../lib/display/view.ts";

async function text(x: unknown): Promise<string> {
  return viewText(await plainView(x));
}

async function figureOf(
  x: unknown,
  options: ShowOptions = {},
): Promise<FigureSpec> {
  const { blocks } = await plainView(x, options);
  const isFigure = (block: { kind: string }): block is FigureBlock =>
    block.kind === "figure";
  return await blocks.find(isFigure)!.figure();
}

Deno.test("plainView() writes single values", async () => {
  assertEquals(await text("a\nb"), "a\nb");
  assertEquals(await text(3), "3");
  assertEquals(await text(NaN), "NaN");
  assertEquals(await text(10n), "10n");
  assertEquals(await text(undefined), "undefined");
  assertEquals(await text(null), "null");
  assertEquals(await text(new Map([["a", 1]])), 'Map(1) { "a" => 1 }');
});

Deno.test("plainView() writes no more of an object than can be read", async () => {
  const deep = new Map(
    Array.from({ length: 30 }, (_, i) => [i, new Map([[[i], [[i, "x"]]]])]),
  );
  const lines = (await text(deep)).split("\n");
  assert(lines.length <= 60, `${lines.length} lines`);
  const wide = Object.assign(
    new Map(),
    Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`key${i}`, i])),
  );
  const shown = (await text(wide)).split("\n");
  assertEquals(shown.length, 61);
  assertEquals(shown.at(-1), "… 42 more lines; console.log writes them all");
});

Deno.test("plainView() says how a model of TensorFlow.js is shown", async () => {
  class Sequential {
    layers = Array.from({ length: 90 }, () => new Map([["a", { b: [] }]]));
    predict() {}
  }
  const lines = (await text(new Sequential())).split("\n");
  assert(lines.length <= 61, `${lines.length} lines`);
  assertEquals(
    lines.at(-1),
    "show(fromLayersModel(model)) shows the layers of this model",
  );
});

Deno.test("plainView() makes a table of a list of records", async () => {
  assertEquals(
    await text([{ a: 1, b: "x" }, { a: 0.123456, c: [1] }]),
    [
      "     a  b  c",
      "------  -  -----",
      "     1  x",
      "0.1235     [ 1 ]",
    ].join("\n"),
  );
});

Deno.test("plainView() makes a table of a flat record", async () => {
  assertEquals(
    await text({ samples: 3, name: "x" }),
    "name     value\n-------  -----\nsamples  3\nname     x",
  );
});

Deno.test("plainView() writes out a short array", async () => {
  assertEquals(await text([1, 2.5]), "Array [2] number\n\n[1, 2.5]");
  assertEquals(
    await text(Float32Array.of(1, NaN)),
    "Float32Array [2] float32\n\n[1, NaN]",
  );
  const scalar = { data: Int32Array.of(7), shape: [], dtype: "int32" };
  assertEquals(await text(scalar), "Array [] int32\n\n7");
});

Deno.test("plainView() measures a longer array", async () => {
  const values = [...Array(16).fill(0), 4, NaN];
  assertEquals(
    await text(values),
    [
      "Array [18] number",
      "",
      "  mean     std  min  max  zeros  NaN  infinite",
      "------  ------  ---  ---  -----  ---  --------",
      "0.2353  0.9412    0    4     16    1         0",
      "",
      "[Histogram: 18 values]",
    ].join("\n"),
  );
});

Deno.test("plainView() shows matrices as heat maps, with zero in the middle if need be", async () => {
  const spec = await figureOf([[1, 2], [3, -4]]);
  assertEquals(spec.kind === "heatmap" && spec.diverging, true);
  assertEquals(spec.kind === "heatmap" && [...Array.from(spec.z)], [
    1,
    2,
    3,
    -4,
  ]);
});

Deno.test("plainView() shows the channels of the sample that is wanted", async () => {
  const data = Float32Array.from({ length: 2 * 1 * 2 * 3 }, (_, i) => i);
  const tensor = {
    data: () => Promise.resolve(data),
    shape: [2, 1, 2, 3], // samples, height, width, channels
    dtype: "float32",
    isDisposed: false,
  };
  const spec = await figureOf(tensor, { sample: 1 });
  assert(spec.kind === "images");
  const { images } = spec;
  assertEquals(images.map(({ z }) => Array.from(z)), [
    ...[[6, 9], [7, 10], [8, 11]],
  ]);
  assertEquals([images[0]!.height, images[0]!.width], [1, 2]);
  assertEquals([spec.scale, spec.range], ["layer", [6, 11]]);
  const few = await figureOf(tensor, { channels: [2, 0], scale: "each" });
  assert(few.kind === "images");
  assertEquals(few.images.map(({ caption }) => caption), ["2", "0"]);
  assertEquals(few.scale, "each");
});

Deno.test("plainView() writes ragged arrays as the console would", async () => {
  assertEquals(await text([[1], [1, 2]]), "[ [ 1 ], [ 1, 2 ] ]");
  assertEquals(await text([]), "[]");
  assertEquals(await text([1, "a"]), '[ 1, "a" ]');
});

Deno.test("plainView() refuses a tensor that is disposed of", async () => {
  const tensor = {
    data: () => Promise.resolve(new Float32Array(1)),
    shape: [1],
    dtype: "float32",
    isDisposed: true,
  };
  await assertRejects(
    () => plainView(tensor),
    TypeError,
    "Cannot show a tensor as it must not be disposed of",
  );
});

Deno.test("plainView() refuses options that do not fit the value", async () => {
  await assertRejects(
    () => plainView([1, 2], { layer: "conv1" }),
    TypeError,
    'Cannot show [1, 2] as there must be no options: current value is "layer"',
  );
  await assertRejects(() => plainView("x", { sample: 0 }), TypeError);
  const data = new Float32Array(2);
  const maps = { data, shape: [2, 1, 1, 1], dtype: "float32" };
  await assertRejects(
    () => plainView(maps, { sample: 2 }),
    RangeError,
    'Cannot show an array of shape [2, 1, 1, 1] as "sample" must be below 2: current value is 2',
  );
  await assertRejects(
    () => plainView(maps, { channels: [1] }),
    RangeError,
    '"channels" must hold integers >= 0 and < 1: current value is 1',
  );
  await assertRejects(
    () => plainView(maps, { weight: "kernel" }),
    TypeError,
    'each option must be one of "sample", "channels", "scale"',
  );
});

Deno.test("plainView() measures the arrays of a record, and lists its records", async () => {
  const scores = Float64Array.from({ length: 20 }, (_, i) => i);
  const xs = { data: new Uint8Array(12), shape: [3, 2, 2], dtype: "uint8" };
  const neighbors = [{ id: "a", distance: 0.5 }, { id: "b", distance: 1 }];
  const auroc = { value: 0.9, low: 0.8, high: 1 };
  assertEquals(
    await text({ score: 3, few: [1, 2], scores, xs, neighbors, auroc }),
    [
      "name   value",
      "-----  ------",
      "score  3",
      "few    [1, 2]",
      "",
      "name   value  low  high",
      "-----  -----  ---  ----",
      "auroc    0.9  0.8     1",
      "",
      "array   shape      dtype    mean    std  min  max  zeros %  NaN  infinite",
      "------  ---------  -------  ----  -----  ---  ---  -------  ---  --------",
      "scores  [20]       float64   9.5  5.766    0   19        5    0         0",
      "xs      [3, 2, 2]  uint8       0      0    0    0      100    0         0",
      "",
      "neighbors",
      "id  distance",
      "--  --------",
      "a        0.5",
      "b          1",
    ].join("\n"),
  );
  assertEquals(await text({ a: { b: { c: 1 } } }), "{ a: { b: { c: 1 } } }");
});

Deno.test("plainView() writes out a tensor of strings", async () => {
  const tensor = {
    dtype: "string",
    shape: [2],
    data: () => Promise.resolve(["a", "\u202eb"]),
  };
  assertEquals(await text(tensor), 'Tensor [2] string\n\n["a", "\\u202eb"]');
});

Deno.test("plainView() leaves out the statistics of an empty array", async () => {
  const empty = { data: new Float32Array(0), shape: [0, 3], dtype: "float32" };
  assertEquals((await plainView(empty)).blocks, [{
    kind: "table",
    columns: ["mean", "std", "min", "max", "zeros", "NaN", "infinite"]
      .map((name) => ({ name })),
    rows: [[null, null, null, null, 0, 0, 0]],
  }]);
});

Deno.test("plainView() measures integers of 64 bits that floats hold exactly", async () => {
  const of = (values: bigint[]) =>
    plainView({
      data: BigInt64Array.from(values),
      shape: [values.length],
      dtype: "int64",
    });
  const view = await of([-1n, 2n]);
  assertEquals([view.title, view.blocks], [
    "Array [2] int64",
    [{ kind: "text", text: "[-1, 2]" }],
  ]);
  const { title, blocks } = await of([2n ** 60n + 1n, 0n]);
  assertEquals(title, ""); // as in the console, with all digits
  assert(JSON.stringify(blocks).includes("1152921504606846977n"));
});
