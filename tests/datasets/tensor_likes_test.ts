import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { tf } from "../../lib/tf.ts";
import {
  checkTensorLike,
  isHostArray,
  isObject,
  isTensor,
  readRows,
  type TypedTensorLike,
  withDType,
} from "../../lib/datasets/tensor_likes.ts";
import { isStringArray } from "../../lib/datasets/string_array.ts";
import type { DType } from "../../lib/types.ts";

await tf.setBackend("cpu");

function check(value: unknown): TypedTensorLike {
  return checkTensorLike(value as TypedTensorLike, "read dataset", "labels");
}

Deno.test("isObject() tells objects from values and functions", () => {
  assert(isObject({}) && isObject([]));
  assert(!isObject(null) && !isObject("a") && !isObject(() => 1));
});

Deno.test("isTensor() knows tensors, variables, and those of another copy", () => {
  using(tf.tensor([1]), (tensor) => {
    assert(isTensor(tensor));
    const other = {
      shape: [1],
      dtype: "float32",
      isDisposed: false,
      data: () => Promise.resolve(new Float32Array(1)),
      dispose: () => {},
    };
    assert(isTensor(other));
  });
  const variable = tf.variable(tf.scalar(1));
  assert(isTensor(variable));
  tf.disposeVariables();
  assert(isTensor(variable));
  assert(!isTensor({ data: new Float32Array(1), shape: [1], dtype: "int32" }));
  assert(!isTensor(null) && !isTensor([1]));
});

Deno.test("isHostArray() knows arrays by their parts, and no tensors", () => {
  assert(
    isHostArray({ data: new Float32Array(1), shape: [1], dtype: "float32" }),
  );
  assert(isHostArray({ data: [1], shape: [1], dtype: "float32" }));
  assert(isHostArray({ data: new Float32Array(1), shape: [1] }));
  assert(!isHostArray(new Float32Array(1)));
  using(tf.tensor([1]), (tensor) => assert(!isHostArray(tensor)));
});

Deno.test("checkTensorLike() passes every dtype with its class", () => {
  const arrays: Record<DType, ArrayBufferView> = {
    float32: new Float32Array(2),
    float64: new Float64Array(2),
    float16: new Float16Array(2),
    int32: new Int32Array(2),
    int64: new BigInt64Array(2),
    uint8: new Uint8ClampedArray(2),
    bool: new Uint8Array(2),
  };
  for (const [dtype, data] of Object.entries(arrays)) {
    const array = { data, shape: [2], dtype };
    assertEquals(check(array) as unknown, array);
  }
});

Deno.test("checkTensorLike() refuses parts that do not fit together", () => {
  const data = new Float32Array(6);
  const shape = [2, 3];
  const cases: [unknown, string][] = [
    [
      { data, shape, dtype: "int32" },
      '"data" of labels must be of class Int32Array',
    ],
    [{ data: [1], shape: [1], dtype: "bool" }, "must be of class Uint8Array"],
    [{ data, shape, dtype: "complex64" }, '"dtype" of labels must be one of'],
    [{ data, shape, dtype: "toString" }, '"dtype" of labels must be one of'],
    [{ data, shape: [2, 2], dtype: "float32" }, "the 4 values of its shape"],
    [{ data, shape: [-2, -3], dtype: "float32" }, "whole numbers >= 0"],
    [{ data, shape: [1.5, 4], dtype: "float32" }, "whole numbers >= 0"],
  ];
  for (const [value, text] of cases) {
    assertThrows(() => check(value), TypeError, text);
  }
});

Deno.test("checkTensorLike() refuses tensors that are disposed or hold no numbers", () => {
  const before = tf.memory().numTensors;
  const gone = tf.tensor([1]);
  gone.dispose();
  assertThrows(() => check(gone), TypeError, "not disposed");
  using(tf.tensor(["a"]), (text) => {
    assertThrows(() => check(text), TypeError, 'current value is "string"');
  });
  using(tf.complex([1], [2]), (value) => {
    assertThrows(() => check(value), TypeError, 'current value is "complex64"');
  });
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("readRows() gives views of arrays", async () => {
  const data = Int32Array.of(0, 1, 2, 3, 4, 5);
  const array = { data, shape: [3, 2], dtype: "int32" } as const;
  const [rows] = await readRows([array], 1, 3);
  assert(rows !== undefined && !isStringArray(rows));
  assertEquals(rows.shape, [2, 2]);
  assertEquals(rows.data, Int32Array.of(2, 3, 4, 5));
  assert(rows.data.buffer === data.buffer);
});

Deno.test("readRows() reads tensors and arrays and leaves no tensor behind", async () => {
  const tensor = tf.tensor2d([[0, 1], [2, 3], [4, 5]]);
  const flags = tf.tensor1d([true, false, true]);
  const ints = tf.tensor1d([7, 8, 9], "int32");
  const array = { data: Uint8Array.of(1, 2, 3), shape: [3], dtype: "uint8" };
  const before = tf.memory().numTensors;
  const sources = [tensor, flags, ints, array as TypedTensorLike];
  assertEquals(await readRows(sources, 1, 3), [
    { data: Float32Array.of(2, 3, 4, 5), shape: [2, 2], dtype: "float32" },
    { data: Uint8Array.of(0, 1), shape: [2], dtype: "bool" },
    { data: Int32Array.of(8, 9), shape: [2], dtype: "int32" },
    { data: Uint8Array.of(2, 3), shape: [2], dtype: "uint8" },
  ]);
  const [whole] = await readRows([tensor], 0, 3);
  assertEquals(whole!.data, Float32Array.of(0, 1, 2, 3, 4, 5));
  assertEquals(tf.memory().numTensors, before);
  assert(!tensor.isDisposed);
  tf.dispose([tensor, flags, ints]);
});

Deno.test("readRows() slices before the first wait", async () => {
  const tensor = tf.tensor2d([[0, 1], [2, 3]]);
  const before = tf.memory().numTensors;
  const reading = readRows([tensor], 1, 2);
  assertEquals(tf.memory().numTensors, before + 1);
  tensor.dispose(); // the caller may: the slice holds the memory
  assertEquals((await reading)[0]!.data, Float32Array.of(2, 3));
  assertEquals(tf.memory().numTensors, before - 1);
});

Deno.test("readRows() leaves no tensor behind when a tensor cannot be read", async () => {
  const good = tf.tensor2d([[0, 1], [2, 3]]);
  const bad = tf.tensor1d([1, 2]);
  const before = tf.memory().numTensors;
  bad.slice = () => {
    throw new Error("no memory");
  };
  await assertRejects(() => readRows([good, bad], 0, 1), Error, "no memory");
  assertEquals(tf.memory().numTensors, before);
  tf.dispose([good, bad]);
});

Deno.test("readRows() reads tensors that have no slice", async () => {
  const plain = {
    shape: [3],
    dtype: "int32",
    isDisposed: false,
    data: () => Promise.resolve(Int32Array.of(1, 2, 3)),
    dispose: () => {},
  } as unknown as tf.Tensor;
  const [rows] = await readRows([plain], 1, 2);
  assertEquals(rows, { data: Int32Array.of(2), shape: [1], dtype: "int32" });
});

function using(tensor: tf.Tensor, body: (tensor: tf.Tensor) => void): void {
  try {
    body(tensor);
  } finally {
    tensor.dispose();
  }
}

Deno.test("withDType() widens integers that have no element type here", () => {
  const kinds: readonly [ArrayBufferView, ArrayBufferView, DType][] = [
    [Int8Array.of(-128, 127), Int32Array.of(-128, 127), "int32"],
    [Int16Array.of(-9, 32767), Int32Array.of(-9, 32767), "int32"],
    [Uint16Array.of(0, 65535), Int32Array.of(0, 65535), "int32"],
    [
      Uint32Array.of(0, 2 ** 32 - 1),
      BigInt64Array.of(0n, 4294967295n),
      "int64",
    ],
  ];
  for (const [narrow, data, dtype] of kinds) {
    const array = { data: narrow, shape: [2] };
    assert(isHostArray(array));
    assertEquals(withDType(array), { data, shape: [2], dtype });
  }
});

Deno.test("withDType() takes the element type from the class of the data", () => {
  const kinds: readonly [ArrayBufferView, DType][] = [
    [new Float32Array(2), "float32"],
    [new Float64Array(2), "float64"],
    [new Float16Array(2), "float16"],
    [new Int32Array(2), "int32"],
    [new BigInt64Array(2), "int64"],
    [new Uint8Array(2), "uint8"],
    [new Uint8ClampedArray(2), "uint8"],
  ];
  for (const [data, dtype] of kinds) {
    const array = { data, shape: [2] };
    assert(isHostArray(array));
    assertEquals(withDType(array), { data, shape: [2], dtype });
    assertEquals(check(withDType(array)), { data, shape: [2], dtype });
  }
  // What is said counts: a Uint8Array may be of booleans.
  const flags = { data: new Uint8Array(2), shape: [2], dtype: "bool" } as const;
  assertEquals(withDType(flags), flags);
  const wide = { data: new BigUint64Array(2), shape: [2] };
  assert(isHostArray(wide));
  assertThrows(
    () => check(withDType(wide)),
    TypeError,
    'Cannot read dataset as "data" of labels must be one of Float32Array, ' +
      "Float64Array, Float16Array, Int32Array, BigInt64Array, Uint8Array, " +
      "Uint8ClampedArray, Int8Array, Int16Array, Uint16Array, Uint32Array: " +
      "current value is a BigUint64Array",
  );
  assert(!isHostArray({ data: [1, 2], shape: [2] }));
  assert(!isHostArray({ data: { data: new Float32Array(2) }, shape: [2] }));
});
