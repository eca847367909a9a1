import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { flatInputs } from "../../lib/datasets/_nested_inputs.ts";
import { partsOf } from "../../lib/datasets/parts.ts";
import type { NdArray } from "../../lib/types.ts";

const array = (value: number): NdArray => ({
  data: Float32Array.of(value),
  shape: [1, 1],
  dtype: "float32",
});
const [a, b, c] = [array(1), array(2), array(3)];

// Structures that Keras 3.15 accepts for a model of three inputs, and the names
// that they get in the file.
const NESTED: readonly (readonly [names: string[], inputs: unknown])[] = [
  [["y/r", "z/p", "z/q"], { z: { q: c, p: b }, y: { r: a } }],
  [["y", "z/0", "z/1"], { z: [b, c], y: a }],
  [["0/y", "0/z", "1"], [{ z: b, y: a }, c]],
  [["x", "y", "z/q"], { z: { q: c }, y: b, x: [a] }],
];

Deno.test("flatInputs() names nested inputs by path, in every form of a batch", () => {
  for (const [names, inputs] of NESTED) {
    const expected = Object.fromEntries(
      names.map((name, i) => [name, [a, b, c][i]]),
    );
    assertEquals(flatInputs(inputs, names), expected);
    assertEquals(flatInputs([inputs, [0]], names), [expected, [0]]);
    const sides = { xs: inputs, ys: [0] };
    assertEquals(flatInputs(sides, names), { xs: expected, ys: [0] });
  }
});

Deno.test("flatInputs() flattens lists in lists, but takes two lists as inputs and labels", () => {
  const names = ["a", "b", "c"];
  assertEquals(flatInputs({ xs: [[a, b], c] }, names), { xs: [a, b, c] });
  assertEquals(flatInputs([[[a, b], c], [0]], names), [[a, b, c], [0]]);
  assertEquals(flatInputs([[a], b], ["a", "b"]), [[a], b]);
});

Deno.test("flatInputs() refuses an input that is passed by its path and nested", () => {
  for (const twice of [{ a, "b/c": b, b: { c } }, { "b/c": b, b: { c } }]) {
    assertThrows(
      () => flatInputs(twice, ["a", "b/c"]),
      TypeError,
      'each input must be passed once: current value is "b/c"',
    );
  }
});

Deno.test("flatInputs() leaves other batches as they are", () => {
  const strings = [["x", "y"], ["z", "w"]];
  for (
    const batch of [a, [a, b], { a, b }, strings, [strings, [0, 1]], [1, 2, 3]]
  ) {
    assertEquals(flatInputs(batch, ["a", "b"]), batch);
  }
  assertStrictEquals(flatInputs(a, ["x/y"]), a);
});

Deno.test("partsOf() names the path of a nested input that is missing", () => {
  const specs = ["y/r", "z/p"].map((name) => ({
    name,
    shape: [null, 1],
    dtype: "float32" as const,
  }));
  assertThrows(
    () => partsOf({ z: { q: c }, y: { r: a } }, specs, "read dataset"),
    TypeError,
    'current value is ["z/q", "y/r"]; input "z/p" of "y/r", "z/p" is missing',
  );
});

const FORMS: readonly (readonly [
  plain: unknown,
  message: string,
  followed: NdArray,
])[] = [
  [
    [[1]],
    'input "z/q" must be a tensor or { data, shape, dtype }: current value is [[1]]; make it a tensor, as by tf.tensor(…), or { data, shape, dtype }',
    c,
  ],
  [Float32Array.of(1), 'input "z/q" must be a tensor or { data, shape', c],
  [
    { data: [[3]], shape: [1, 1] },
    'the data of input "z/q" must be a typed array: current value is [[3]]; make it one, as by Float32Array.from(data.flat(Infinity))',
    { ...c, data: Float32Array.from([[3]].flat(Infinity) as number[]) },
  ],
];
for (const [plain, message, followed] of FORMS) {
  Deno.test(`plain numbers in nested inputs are refused by their path: ${JSON.stringify(plain)}`, () => {
    const names = ["y/r", "z/p", "z/q"];
    const specs = names.map((name) =>
      ({ name, shape: [null, 1], dtype: "float32" }) as const
    );
    const parts = (q: unknown) =>
      partsOf(
        flatInputs({ z: { q, p: b }, y: { r: a } }, names),
        specs,
        "read dataset",
      );
    assertThrows(() => parts(plain), TypeError, message);
    assertEquals(parts(followed).inputs[2]!.shape, [1, 1]);
  });
}
