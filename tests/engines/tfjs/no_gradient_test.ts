import { tf } from "../../../lib/tf.ts";
import { assertEquals } from "@std/assert";
import { withoutGradient } from "../../../lib/engines/tfjs/no_gradient.ts";
import { TfjsOps } from "../../../lib/engines/tfjs/tfjs_ops.ts";

await tf.setBackend("cpu");

Deno.test("withoutGradient() returns what it computes, and leaves no tensor", () => {
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const x = tf.tensor1d([-1, 2]);
    const isAbove = withoutGradient((y) => tf.greater(y, 0), x);
    assertEquals([...isAbove.dataSync()], [0, 1]);
  });
  assertEquals(tf.memory().numTensors, before);
});

/** What each decides, and the gradient of what is chosen by it. */
const DECIDED: readonly [string, (ops: TfjsOps, x: tf.Tensor) => tf.Tensor][] =
  [
    ["greater", (ops, x) => ops.greater(x, ops.constant(0))],
    ["greaterEqual", (ops, x) => ops.greaterEqual(x, ops.constant(0))],
    ["logicalNot", (ops, x) => ops.logicalNot(ops.greater(ops.constant(0), x))],
    ["logicalAnd", (ops, x) => {
      const isAbove = ops.greater(x, ops.constant(0));
      return ops.logicalAnd(isAbove, isAbove);
    }],
    ["logicalOr", (ops, x) => {
      const isAbove = ops.greater(x, ops.constant(0));
      return ops.logicalOr(isAbove, ops.equal(x, ops.constant(9)));
    }],
    ["isNaN", (ops, x) => {
      const isAbove = ops.greater(x, ops.constant(0));
      return ops.logicalOr(ops.isNaN(x), isAbove);
    }],
    ["cast", (ops, x) => ops.cast(ops.maximum(x, ops.constant(0)), "bool")],
    ["any", (ops, x) => {
      const isAbove = ops.greater(x, ops.constant(0));
      return ops.any(ops.expandDims(isAbove, 1), { axis: 1 });
    }],
    ["all", (ops, x) => {
      const isAbove = ops.greater(x, ops.constant(0));
      return ops.all(ops.expandDims(isAbove, 1), { axis: 1 });
    }],
    ["sign", (ops, x) => ops.greater(ops.sign(x), ops.constant(0))],
    ["argmax", (ops, x) => {
      const pair = ops.stack([ops.negative(x), x], 1);
      return ops.equal(ops.float(ops.argmax(pair, 1)), ops.constant(1));
    }],
  ];

for (const [name, decide] of DECIDED) {
  Deno.test(`${name} has no gradient, and what it chooses has its own`, () => {
    tf.tidy(() => {
      const ops = new TfjsOps();
      const x = tf.tensor1d([-1, 2, -3, 4]);
      const gradient = tf.grad((y) =>
        ops.where(
          decide(ops, y),
          ops.multiply(y, y),
          ops.multiply(y, ops.constant(5)),
        )
      );
      assertEquals([...gradient(x).dataSync()], [5, 4, 5, 8]);
    });
  });
}
