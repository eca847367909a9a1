import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { tf } from "../../../lib/tf.ts";
import { customSteps } from "../../../lib/engines/tfjs/custom_steps.ts";
import { counted } from "../../support/backends.ts";

type Step = (x: tf.Tensor) => tf.Tensor;

function values(feature: tf.Tensor, ...custom: Step[]): number[] {
  return tf.tidy(
    () => [...customSteps(feature, { custom, name: "conv" }).dataSync()],
  );
}

counted("customSteps() runs the steps one after another", () => {
  const x = tf.tensor2d([[1, 2], [3, 4]]);
  assertEquals(values(x), [1, 2, 3, 4]);
  assertEquals(values(x, (y) => y.mul(2), (y) => y.add(1).sum(1)), [8, 16]);
  // A step may dispose of what it got, and give what it got.
  assertEquals(
    values(x, (y) => {
      const z = y.square();
      y.dispose();
      return z;
    }, (y) => y),
    [1, 4, 9, 16],
  );
  assert(!x.isDisposed);
  x.dispose();
});

counted("customSteps() names the step that throws", () => {
  const x = tf.ones([2, 2]);
  const cause = new RangeError("too small");
  const shrink = () => {
    throw cause;
  };
  const error = assertThrows(
    () => values(x, shrink),
    Error,
    'Cannot postprocess layer "conv" as "shrink" throws: too small',
  );
  assertStrictEquals(error.cause, cause);
  assertThrows(
    () => values(x, ...[() => x.reshape([3])]),
    Error,
    'Cannot postprocess layer "conv" as its function throws: ',
  );
  x.dispose();
});

counted("customSteps() refuses what is no tensor of as many rows", async () => {
  const x = tf.ones([2, 3]);
  const text =
    'Cannot postprocess layer "conv" as its function must return a tensor of 2 rows: current value is';
  const cases: [Step, string][] = [
    [(y) => y.transpose(), `${text} [3, 2]`],
    [(y) => y.sum(), `${text} []`],
    [() => undefined as never, `${text} undefined`],
    [(y) => y.arraySync() as never, `${text} [[1, 1, 1], [1, 1, 1]]`],
    [(y) => [y] as never, `${text} [a Tensor]`],
    [(y) => {
      y.dispose();
      return y;
    }, `${text} a Tensor`],
    [
      (async (y: tf.Tensor) => {
        await y.data();
        throw new Error("unheard");
      }) as never,
      `${text} a Promise; make it synchronous`,
    ],
  ];
  for (const [step, message] of cases) {
    const error = assertThrows(() => values(x, ...[step]), TypeError);
    assertEquals(error.message, message);
  }
  await new Promise((resolve) => setTimeout(resolve));
  x.dispose();
});
