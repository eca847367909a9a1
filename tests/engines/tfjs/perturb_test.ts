import { assertEquals, assertThrows } from "@std/assert";
import { tf } from "../../../lib/tf.ts";
import { checkClasses, perturbed } from "../../../lib/engines/tfjs/perturb.ts";
import { UnsupportedByEngineError } from "../../../lib/errors.ts";
import { counted } from "../../support/backends.ts";

const STEP = { epsilon: 0.5, temperature: 1, isBinary: false };

function moved(
  xs: tf.Tensor[],
  logits: (xs: readonly tf.Tensor[]) => tf.Tensor,
  perturbation = STEP,
): number[][] {
  return tf.tidy(() =>
    perturbed({
      perturbation,
      backend: "cpu",
      names: xs.map((_, i) => `x${i}`),
      logits,
    }, xs).map((x) => [...x.dataSync()])
  );
}

counted("perturbed() steps against the sign of each input's gradient", () => {
  // Logits [2x, y]: the first is the larger, so x rises and y falls.
  const x = tf.tensor2d([[3]]);
  const y = tf.tensor2d([[1]]);
  const logits = (xs: readonly tf.Tensor[]) =>
    tf.concat([tf.mul(xs[0]!, 2), xs[1]!], 1);
  assertEquals(moved([x, y], logits), [[3.5], [0.5]]);
  assertEquals([x.dataSync()[0], y.dataSync()[0]], [3, 1]);
  tf.dispose([x, y]);
});

counted("perturbed() sees gradients far below 1e-7", () => {
  const x = tf.tensor2d([[30, 0]]);
  // e^-30 is about 1e-13: a sign that is taken by a threshold would be 0.
  const logits = (xs: readonly tf.Tensor[]) => xs[0]!;
  assertEquals(moved([x], logits), [[30, -0.5]]);
  x.dispose();
});

counted("perturbed() treats one column as two classes", () => {
  const binary = { ...STEP, isBinary: true };
  const x = tf.tensor2d([[2], [-2]]);
  const logits = (xs: readonly tf.Tensor[]) => xs[0]!;
  assertEquals(moved([x], logits, binary), [[2.5, -2.5]]);
  x.dispose();
});

counted("perturbed() refuses integers, and names the input", () => {
  const x = tf.tensor2d([[1]], [1, 1], "int32");
  assertThrows(
    () => moved([x], (xs) => xs[0]!),
    UnsupportedByEngineError,
    'Cannot perturb input "x0" as it must hold floats to have a gradient, and it holds int32; cut the input after the layer that takes integers, with .input(id): current engine is "tfjs:cpu"',
  );
  x.dispose();
});

counted(
  "perturbed() frees what TF.js saved where a gradient is missing",
  () => {
    const x = tf.tensor2d([[1, 2]]);
    for (let i = 0; i < 3; i++) {
      const before = tf.memory().numTensors;
      assertThrows(
        () => moved([x], (xs) => tf.cumprod(tf.square(xs[0]!), 1)),
        UnsupportedByEngineError,
        'TF.js reports "Cannot compute gradient: gradient function not found for Cumprod."; leave out perturb()',
      );
      assertEquals(tf.memory().numTensors, before);
    }
    // Gradients of the caller's own work as before.
    const slope = tf.tidy(() =>
      tf.grad((a: tf.Tensor) => tf.sum(tf.square(a)) as tf.Scalar)(x).dataSync()
    );
    assertEquals([...slope], [2, 4]);
    x.dispose();
  },
);

counted("perturbed() passes on what the layers throw", () => {
  const x = tf.tensor2d([[1, 2]]);
  const run = () =>
    moved([x], () => {
      throw new RangeError("out of order");
    });
  assertThrows(run, RangeError, "out of order");
  x.dispose();
});

counted("checkClasses() refuses logits that are no classes", () => {
  const two = tf.ones([3, 2]);
  const one = tf.ones([3, 1]);
  const map = tf.ones([3, 2, 2]);
  checkClasses(two, false);
  checkClasses(one, true);
  for (
    const [logits, shape] of [[one, "[3, 1]"], [map, "[3, 2, 2]"]] as const
  ) {
    assertThrows(
      () => checkClasses(logits, false),
      TypeError,
      `Cannot perturb as the logits must be [N, C], with two classes or more: current value is ${shape}`,
    );
  }
  tf.dispose([two, one, map]);
});
