import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { tf } from "../../lib/tf.ts";
import { partsOf } from "../../lib/datasets/parts.ts";
import type { NdArray, TensorSpec } from "../../lib/types.ts";

await tf.setBackend("cpu");

const X: TensorSpec = { name: "x", shape: [null, 2], dtype: "float32" };
const A: TensorSpec = { name: "a", shape: [null, 2], dtype: "float32" };
const B: TensorSpec = { name: "b", shape: [null, 3], dtype: "float32" };
const x = zeros(4, 2);
const a = zeros(4, 2);
const b = zeros(4, 3);
const y = [0, 1, 2, 3];

function zeros(...shape: number[]): NdArray {
  const data = new Float32Array(shape.reduce((p, q) => p * q, 1));
  return { data, shape, dtype: "float32" };
}

function one(batch: unknown) {
  return partsOf(batch, [X], "read dataset");
}

function two(batch: unknown) {
  return partsOf(batch, [A, B], "read dataset");
}

Deno.test("partsOf() reads every form for a model of one input", () => {
  for (const batch of [x, [x], { x }, { xs: x }, { xs: [x] }, { xs: { x } }]) {
    assertEquals(one(batch), { inputs: [x], rows: 4 });
  }
  for (const batch of [[x, y], [[x], y], [{ x }, y], { xs: x, ys: y }]) {
    assertEquals(one(batch), { inputs: [x], rows: 4, labels: y });
  }
  const unlabelled = { xs: x, ys: undefined, ids: undefined };
  assertEquals(one(unlabelled), { inputs: [x], rows: 4 });
});

Deno.test("partsOf() reads every form for a model of several inputs", () => {
  for (const batch of [[a, b], { b, a }, { xs: [a, b] }, { xs: { b, a } }]) {
    assertEquals(two(batch), { inputs: [a, b], rows: 4 });
  }
  for (const batch of [[[a, b], y], [{ b, a }, y], { xs: [a, b], ys: y }]) {
    assertEquals(two(batch), { inputs: [a, b], rows: 4, labels: y });
  }
});

Deno.test("partsOf() takes two tensors as inputs where there are two inputs", () => {
  const labels = zeros(4, 3);
  assertStrictEquals(two([a, labels]).inputs[1], labels);
  const run = () => partsOf([a, b], [A, B, X], "read dataset");
  const rule = "the 3 inputs [a, b, x], or [[a, b, x], y]";
  assertThrows(run, TypeError, rule);
});

Deno.test("partsOf() reads a tensor as it is", () => {
  const tensor = tf.zeros([4, 2]);
  assertStrictEquals(one([tensor, y]).inputs[0], tensor);
  tensor.dispose();
  assertThrows(() => one(tensor), TypeError, 'input "x" must be a tensor that');
});

Deno.test("partsOf() reads inputs whose names are those of a record's sides", () => {
  const xs = { ...X, name: "xs" };
  const ys = { ...B, name: "ys" };
  const single = partsOf({ xs: x, ys: y }, [xs], "read dataset");
  assertEquals(single, { inputs: [x], rows: 4, labels: y });
  const both = partsOf({ xs: x, ys: b }, [xs, ys], "read dataset");
  assertEquals(both, { inputs: [x, b], rows: 4 });
});

Deno.test("partsOf() copies ids", () => {
  const ids = ["p", "q", 3, 4];
  const parts = one({ xs: x, ids });
  ids[0] = "changed";
  assertEquals(parts.ids, ["p", "q", 3, 4]);
  assertEquals(one({ xs: x, ids: Int32Array.of(5, 6, 7, 8) }).ids, [
    5,
    6,
    7,
    8,
  ]);
});

Deno.test("partsOf() refuses ids that are too many or no ids", () => {
  const run = (ids: unknown) => () => one({ xs: x, ids });
  const count = "there must be as many ids as inputs, 4: current value is 3";
  assertThrows(run(["p", "q", "r"]), RangeError, count);
  assertThrows(run([1, 2, 3, null]), TypeError, "it is in row 3");
  for (const ids of ["abcd", 4, x, new Set(y)]) {
    assertThrows(run(ids), TypeError, "ids must be an array of strings");
  }
});

Deno.test("partsOf() names keys that it does not know", () => {
  const rule =
    'a record must hold "xs", "ys", "ids", "classNames", "skipped" only: current value is ';
  assertThrows(() => one({ xs: x, labels: y }), TypeError, `${rule}["labels"]`);
  assertThrows(
    () => one({ x, ys: y }),
    TypeError,
    'a record must hold "x" only: current value is ["ys"]; for labels and ids',
  );
  assertThrows(() => one({ xs: { x, y: a } }), TypeError, 'value is ["y"]');
});

Deno.test("partsOf() names the input that is missing", () => {
  assertThrows(
    () => two({ a, B: b }),
    TypeError,
    'a record must hold every input: current value is ["a", "B"]; input "b" of "a", "b" ' +
      'is missing; rename "B" to "b"',
  );
  assertThrows(
    () => partsOf({ x, y }, [{ ...X, name: "input" }], "read"),
    TypeError,
    'input "input" is missing; rename "x" to "xs" and "y" to "ys"',
  );
  // An input that is there is no near name of another one.
  const { message } = assertThrows(() => two({ a }));
  assertEquals(message.includes("rename"), false);
  assertThrows(() => two({ xs: { a, B: b } }), TypeError, 'rename "B" to "b"');
  const within = () => two({ xs: { a } });
  assertThrows(within, TypeError, 'inputs must hold "b": current value is');
  assertThrows(() => two({ xs: [a] }), TypeError, 'must be 2 inputs, "a", "b"');
  assertThrows(() => two(a), TypeError, "there must be 2 inputs");
});

Deno.test("partsOf() says what to do with a function and with a path", () => {
  const generator = function* () {};
  assertThrows(() => one(generator), TypeError, "; call the function");
  assertThrows(() => one("x.npy"), TypeError, "; open a file with imageFolder");
});

Deno.test("partsOf() refuses an array that is no single batch, and says what to pass", () => {
  for (const batch of [[], [x, x, x]]) {
    assertThrows(() => one(batch), TypeError, "an array must be [x] or [x, y]");
    assertThrows(() => one(batch), TypeError, "such as a Set or a generator");
  }
  assertThrows(() => one([zeros(4, 2), zeros(4, 2, 1)]), TypeError, "such as");
});

Deno.test("partsOf() asks for a tensor where there are plain arrays", () => {
  const nested = [[1, 2], [3, 4]];
  const typed = new Float32Array(8);
  for (
    const batch of [nested, typed, [nested], [typed], [nested, y], [[typed], y]]
  ) assertThrows(() => one(batch), TypeError, "as by tf.tensor(…), or { data");
  for (const xs of [nested, typed, { x: nested }, [typed], [[1, 2]]]) {
    assertThrows(() => one({ xs, ys: y }), TypeError, "as by tf.tensor(…)");
  }
  assertThrows(() => two([a, typed]), TypeError, "the 2 inputs [a, b]");
  assertThrows(() => two([[a, nested], y]), TypeError, 'input "b" must be a');
});

Deno.test("partsOf() says await where there is a promise", () => {
  const later = Promise.resolve(x);
  for (
    const batch of [
      later,
      [later],
      [later, y],
      [x, Promise.resolve(y)],
      [[later], y],
      { xs: later },
      { xs: { x: later } },
      { xs: x, ys: Promise.resolve(y) },
      { xs: x, ids: Promise.resolve(y) },
      { x: later },
    ]
  ) assertThrows(() => one(batch), TypeError, "write await before it");
});

Deno.test("partsOf() lists what goes for anything else", () => {
  for (const batch of [null, undefined, 3, "x", {}, new Date(0), () => x]) {
    assertThrows(() => one(batch), TypeError, "it must be a tensor, { data,");
  }
  assertThrows(() => one({ images: x }), TypeError, "it must be a tensor, {");
  assertThrows(() => one({ xs: 3 }), TypeError, "inputs must be a tensor");
  assertThrows(() => one([x, null]), TypeError, "labels must be a tensor");
});

Deno.test("partsOf() refuses inputs of different numbers of rows", () => {
  assertThrows(
    () => two([zeros(4, 2), zeros(5, 3)]),
    RangeError,
    'input "b" must have the 4 rows of input "a": current value is 5',
  );
});

Deno.test("partsOf() takes the element type of arrays without one from their class", () => {
  const ints = { data: new Int32Array(4), shape: [4] };
  const typed = { ...ints, dtype: "int32" } as const;
  const bare = { data: x.data, shape: x.shape };
  assertEquals(one(bare), { inputs: [x], rows: 4 });
  assertEquals(one([bare, ints]), { inputs: [x], rows: 4, labels: typed });
  assertEquals(one({ xs: bare, ys: ints }), {
    inputs: [x],
    rows: 4,
    labels: typed,
  });
  assertEquals(two([bare, { data: b.data, shape: b.shape }]), {
    inputs: [a, b],
    rows: 4,
  });
  // Inputs of these names are inputs.
  const named: TensorSpec[] = [{ ...A, name: "data" }, { ...B, name: "shape" }];
  assertEquals(partsOf({ data: a, shape: b }, named, "read dataset"), {
    inputs: [a, b],
    rows: 4,
  });
});
