import { assertEquals, assertThrows } from "@std/assert";
import { checkArrays } from "../../lib/features/check_arrays.ts";

type Arrays = Parameters<typeof checkArrays>[0];

function float(data: number[], shape: number[]) {
  return { data: Float32Array.from(data), shape, dtype: "float32" } as const;
}

const ROW = float([1, 2, 3, 4], [2, 2]);

/** Bad input, the class and a part of its error. */
const BAD: readonly [
  string,
  unknown,
  typeof TypeError | typeof RangeError,
  string,
][] = [
  ["nothing", undefined, TypeError, "its argument must be an object"],
  ["a promise", Promise.resolve({}), TypeError, "write await before it"],
  [
    "a promise inside",
    { logits: Promise.resolve(ROW) },
    TypeError,
    `"logits" must be a value`,
  ],
  [
    "a promise as feature",
    { features: [Promise.resolve(ROW)] },
    TypeError,
    "write await",
  ],
  ["an unknown key", { logit: ROW }, TypeError, `did you mean "logits"`],
  ["no array", {}, TypeError, "at least one array"],
  [
    "features alone",
    { features: ROW },
    TypeError,
    `"features" must be an array of arrays`,
  ],
  [
    "no NdArray",
    { features: [[1, 2]] },
    TypeError,
    `"features[0]" must be { data, shape, dtype }`,
  ],
  [
    "a list as data, without a dtype",
    { logits: { data: [1, 2], shape: [1, 2] } },
    TypeError,
    `"logits" must hold a Float32Array as its data: current value is [1, 2]`,
  ],
  [
    "another dtype",
    { features: [{ ...ROW, dtype: "float64" }] },
    TypeError,
    `"float32" or "float16" or "int32": current value is "float64"`,
  ],
  [
    "data of another type",
    { logits: { ...ROW, dtype: "float32", data: Float64Array.of(1, 2, 3, 4) } },
    TypeError,
    "must hold a Float32Array",
  ],
  [
    "a shape that does not fit",
    { logits: { ...ROW, shape: [2, 3] } },
    TypeError,
    "a shape of the 4 values that it holds: current value is [2, 3]",
  ],
  [
    "a shape with fractions",
    { logits: { ...ROW, shape: [0.5, 8] } },
    TypeError,
    "whole numbers",
  ],
  ["a scalar", { features: [float([1], [])] }, TypeError, "[N, …]"],
  [
    "logits of rank 3",
    { logits: float([1, 2], [1, 2, 1]) },
    TypeError,
    `"logits" must be of rank 2`,
  ],
  [
    "penultimate of rank 1",
    { penultimate: float([1, 2], [2]) },
    TypeError,
    `"penultimate" must be of rank 2`,
  ],
  [
    "other numbers of rows",
    { logits: ROW, features: [float([1, 2, 3], [3, 1])] },
    TypeError,
    `"logits" must hold as many samples as "features[0]", which holds 3: current value is 2`,
  ],
  [
    "too few labels",
    { logits: ROW, labels: [1] },
    TypeError,
    `"labels" must hold as many samples as "logits"`,
  ],
  [
    "fractional labels",
    { logits: ROW, labels: [0, 1.5] },
    RangeError,
    `"labels[1]" must be a class index: current value is 1.5`,
  ],
  [
    "labels beyond int32",
    { logits: ROW, labels: [0, 2 ** 31] },
    RangeError,
    `"labels[1]"`,
  ],
  [
    "NaN as label",
    { logits: ROW, labels: [0, NaN] },
    RangeError,
    `"labels[1]"`,
  ],
  [
    "text as label",
    { logits: ROW, labels: ["0", 1] },
    TypeError,
    `"labels[0]" must be a number`,
  ],
  [
    "labels of rank 2",
    { labels: { data: Int32Array.of(1, 2), shape: [2, 1], dtype: "int32" } },
    TypeError,
    "must be of shape [N]",
  ],
  ["labels as number", { labels: 3 }, TypeError, `"labels" must be an array`],
  [
    "too many ids",
    { logits: ROW, ids: [1, 2, 3] },
    TypeError,
    `"ids" must hold as many samples`,
  ],
  [
    "objects as ids",
    { logits: ROW, ids: [1, {}] },
    TypeError,
    `"ids[1]" must be a string or a number`,
  ],
  [
    "too few names",
    { features: [ROW], layerNames: [] },
    TypeError,
    "one name for each of the 1 feature",
  ],
  [
    "a name twice",
    { features: [ROW, ROW], layerNames: ["a", "a"] },
    RangeError,
    `must differ from each other: current value is "a"`,
  ],
  [
    "numbers as names",
    { features: [ROW], layerNames: [1] },
    TypeError,
    `"layerNames[0]" must be a string`,
  ],
  [
    "a text as class names",
    { logits: ROW, classNames: "ab" },
    TypeError,
    "an array of strings",
  ],
  [
    "another activation",
    { logits: ROW, activation: "relu" },
    RangeError,
    `"activation" must be one of`,
  ],
  [
    "a head of another width",
    {
      penultimate: ROW,
      head: { kernel: float([1, 2, 3], [3, 1]), bias: float([1], [1]) },
    },
    TypeError,
    `"head.kernel" must be of shape [2, 1]: current value is [3, 1]`,
  ],
  [
    "a head of other classes",
    {
      logits: ROW,
      head: { kernel: float([1, 2, 3], [1, 3]), bias: float([1, 2, 3], [3]) },
    },
    TypeError,
    `"head.kernel" must be of shape [D, 2]`,
  ],
  [
    "a bias that does not fit",
    { logits: ROW, head: { kernel: ROW, bias: float([1], [1]) } },
    TypeError,
    `"head.bias" must be of shape [2]`,
  ],
  ["no head", { logits: ROW, head: 1 }, TypeError, `"head" must be`],
  [
    "no source",
    { logits: ROW, source: { model: 1 } },
    TypeError,
    `"source" must be`,
  ],
];

for (const [name, arrays, errorClass, part] of BAD) {
  Deno.test(`checkArrays() refuses ${name}`, () => {
    const run = () => checkArrays(arrays as Arrays);
    const error = assertThrows(run, errorClass, part);
    assertEquals(error.constructor, errorClass);
  });
}

Deno.test("checkArrays() keeps all that fits", () => {
  const head = { kernel: ROW, bias: float([0, 1], [2]) };
  const source = { model: "m", settings: "s" };
  const checked = checkArrays({
    features: [ROW],
    layerNames: ["dense"],
    penultimate: ROW,
    logits: ROW,
    labels: { data: Int32Array.of(-1, 4), shape: [2], dtype: "int32" },
    classNames: ["a", "b"],
    ids: ["x", 3],
    head,
    activation: "sigmoid",
    source,
  });
  assertEquals(checked.head, head);
  assertEquals(checked.source, source);
  assertEquals(checked.labels?.data, Int32Array.of(-1, 4));
  assertEquals(checked.ids, ["x", 3]);
  assertEquals(checked.layerNames, ["dense"]);
});
