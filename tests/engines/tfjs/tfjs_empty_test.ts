import { tf } from "../../../lib/tf.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { TfjsOps } from "../../../lib/engines/tfjs/tfjs_ops.ts";
import { computeOn, PLAIN_BACKENDS } from "../../support/on_backends.ts";

// Results as in NumPy: the kernels of wasm return memory that they never wrote.

/** A computation, its result, and its shape. */
type Case = readonly [
  name: string,
  compute: (ops: TfjsOps) => tf.Tensor,
  values: readonly number[],
  shape?: readonly number[],
];

/** `[2, 3, 0]`, made after memory with other numbers was freed. */
const NONE = () => {
  tf.fill([2, 3, 4], 7.25).dispose();
  return tf.slice(tf.ones([2, 3, 4]), [0, 0, 0], [2, 3, 0]);
};

const CASES: readonly Case[] = [
  ["sum() of no values", (ops) => ops.sum(NONE(), { axis: -1 }), [
    ...Array(6).fill(0),
  ], [2, 3]],
  ["prod() of no values", (ops) => ops.prod(NONE(), { axis: [1, 2] }), [1, 1]],
  [
    "mean() of no values",
    (ops) => ops.mean(NONE(), { axis: 2, keepdims: true }),
    Array(6).fill(NaN),
    [2, 3, 1],
  ],
  [
    "max() of no values",
    (ops) => ops.max(NONE(), { axis: 2 }),
    Array(6).fill(-Infinity),
  ],
  [
    "max() of no integers",
    (ops) => ops.max(ops.cast(NONE(), "int32"), { axis: 2 }),
    Array(6).fill(-(2 ** 31)),
  ],
  [
    "min() of no values",
    (ops) => ops.min(NONE(), { axis: 2 }),
    Array(6).fill(Infinity),
  ],
  ["any() of no values", (ops) => ops.any(NONE(), { axis: 2 }), [
    ...Array(6).fill(0),
  ]],
  ["all() of no values", (ops) => ops.all(NONE()), [1], []],
  [
    "matmul() over no values",
    (ops) => ops.matmul(NONE(), tf.zeros([0, 1])),
    Array(6).fill(0),
    [2, 3, 1],
  ],
  [
    "einsum() over no values",
    (ops) => ops.einsum("nab,bc->nca", NONE(), tf.zeros([0, 2])),
    Array(12).fill(0),
    [2, 2, 3],
  ],
  ["topK() of no values", (ops) => ops.topK(NONE(), 0), [], [2, 3, 0]],
  [
    "take() of no values",
    (ops) => ops.take(NONE(), tf.tensor1d([1, 0], "int32"), 1),
    [],
    [2, 2, 0],
  ],
];

for (const backend of PLAIN_BACKENDS) {
  for (const [name, compute, values, shape] of CASES) {
    Deno.test(`TfjsOps.${name} (${backend})`, async () => {
      const found = await computeOn(backend, compute);
      assertEquals([...found.data], values);
      if (shape !== undefined) assertEquals(found.shape, shape);
    });
  }
}

Deno.test("TfjsOps.argmax() refuses an axis without values", async () => {
  await tf.setBackend("cpu");
  const ops = new TfjsOps();
  tf.tidy(() => {
    assertThrows(
      () => ops.argmax(NONE(), 2),
      TypeError,
      "axis 2 must have values: current value is [2, 3, 0]",
    );
  });
});
