import { tf } from "../../../lib/tf.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { arrayOf, type Bench, onBackends, valuesOf } from "./_on_backends.ts";

Deno.test(
  "reshape(), merge() and unmerge() keep the order of values",
  onBackends((ops) => {
    const x = ops.floats([1, 2, 3, 4, 5, 6], [1, 2, 3]);
    assertEquals(ops.reshape(x, [3, -1]).shape, [3, 2]);
    assertEquals(ops.merge(x, 1, 2).shape, [1, 6]);
    assertEquals(ops.merge(x, 0, -2).shape, [2, 3]);
    assertEquals(ops.unmerge(ops.merge(x, 1, 2), 1, [3, -1]).shape, [1, 3, 2]);
    assertEquals(valuesOf(ops.unmerge(x, -1, [3, 1])), [1, 2, 3, 4, 5, 6]);
    assertThrows(() => ops.reshape(x, [4, -1]), TypeError, "as many values");
    assertThrows(() => ops.unmerge(x, 2, [2, 2]), TypeError, "as many values");
  }),
);

Deno.test(
  "expandDims(), squeeze() and transpose() move axes",
  onBackends((ops) => {
    const x = ops.floats([1, 2, 3, 4], [2, 2]);
    assertEquals(ops.expandDims(x, -1).shape, [2, 2, 1]);
    assertEquals(ops.squeeze(ops.expandDims(x, 1), 1).shape, [2, 2]);
    assertEquals(valuesOf(ops.transpose(x, [1, 0])), [1, 3, 2, 4]);
    assertEquals(valuesOf(ops.transpose(x, [-1, 0])), [1, 3, 2, 4]);
    assertThrows(() => ops.squeeze(x, 0), TypeError, "size 1");
  }),
);

Deno.test(
  "concatenate() and stack() join element types",
  onBackends((ops) => {
    const [ints, floats] = [ops.ints([1, 2]), ops.floats([0.5])];
    const joined = ops.concatenate([ints, floats], 0);
    assertEquals(joined.dtype, "float32");
    assertEquals(valuesOf(joined), [1, 2, 0.5]);
    const bools = ops.stack([ops.bools([1, 0]), ops.bools([1, 1])], -1);
    assertEquals(bools.dtype, "bool");
    assertEquals(valuesOf(bools), [1, 1, 0, 1]);
    const one = ops.concatenate([ints], -1);
    assertEquals(valuesOf(one), [1, 2]);
  }),
);

Deno.test(
  "slice() takes parts as Python does",
  onBackends((ops) => {
    const x = ops.floats([0, 1, 2, 3, 4, 5, 6]);
    const part = (start?: number, stop?: number, step?: number) =>
      valuesOf(ops.slice(x, [{
        axis: 0,
        ...(start === undefined ? {} : { start }),
        ...(stop === undefined ? {} : { stop }),
        ...(step === undefined ? {} : { step }),
      }]));
    assertEquals(part(), [0, 1, 2, 3, 4, 5, 6]);
    assertEquals(part(-2), [5, 6]);
    assertEquals(part(1, -3), [1, 2, 3]);
    assertEquals(part(-100, 2), [0, 1]);
    assertEquals(part(5, 100), [5, 6]);
    assertEquals(part(0, undefined, 3), [0, 3, 6]);
    assertEquals(part(1, undefined, 3), [1, 4]);
    assertEquals(part(1, 6, 2), [1, 3, 5]);
    assertEquals(part(2, undefined, 100), [2]);
    assertEquals(part(4, 4), []);
    assertThrows(() => part(0, 2, 0), RangeError, '"step"');
    assertThrows(() => part(0, 2, -1), RangeError, '"step"');
  }),
);

Deno.test(
  "slice() goes one axis after another, with a gradient",
  onBackends((ops) => {
    const x = ops.floats([1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3]);
    const corner = (y: tf.Tensor) =>
      ops.slice(y, [{ axis: 0, step: 2 }, { axis: -1, start: 1 }]);
    assertEquals(valuesOf(corner(x)), [2, 3, 8, 9]);
    const gradient = tf.grad((y: tf.Tensor) => tf.sum(corner(y)))(x);
    assertEquals(valuesOf(gradient), [0, 1, 1, 0, 0, 0, 0, 1, 1]);
  }),
);

Deno.test(
  "pad() puts a value round any type",
  onBackends((ops) => {
    const widths = [[1, 2]] as const;
    assertEquals(valuesOf(ops.pad(ops.floats([1]), widths, -Infinity)), [
      -Infinity,
      1,
      -Infinity,
      -Infinity,
    ]);
    assertEquals(valuesOf(ops.pad(ops.ints([1]), widths, 7)), [7, 1, 7, 7]);
    assertEquals(valuesOf(ops.pad(ops.bools([1]), widths)), [0, 1, 0, 0]);
  }),
);

Deno.test(
  "flip() reverses tensors of every type",
  onBackends((ops) => {
    const x = ops.floats([1, 2, 3, 4], [2, 2]);
    assertEquals(valuesOf(ops.flip(x, [0, -1])), [4, 3, 2, 1]);
    assertEquals(valuesOf(ops.flip(ops.bools([1, 0, 0]), [0])), [0, 0, 1]);
  }),
);

Deno.test(
  "repeat() repeats each position, with a gradient",
  onBackends((ops) => {
    const x = ops.floats([1, 2, 3, 4], [2, 2]);
    assertEquals(valuesOf(ops.repeat(x, 2, -1)), [1, 1, 2, 2, 3, 3, 4, 4]);
    assertEquals(valuesOf(ops.repeat(x, 2, 0)), [1, 2, 1, 2, 3, 4, 3, 4]);
    const gradient = tf.grad((y: tf.Tensor) => ops.repeat(y, 3, 1))(x);
    assertEquals(valuesOf(gradient), [3, 3, 3, 3]);
  }),
);

Deno.test(
  "broadcastLike() broadcasts to the sizes of the other",
  onBackends((ops) => {
    const row = ops.bools([1, 0], [1, 2]);
    const result = ops.broadcastLike(row, ops.floats([1, 2, 3], [3, 1]));
    assertEquals(result.dtype, "bool");
    assertEquals(arrayOf(result), { data: [1, 0, 1, 0, 1, 0], shape: [3, 2] });
  }),
);

Deno.test(
  "take() takes positions by indices of any shape",
  onBackends((ops) => {
    const x = ops.floats([1, 2, 3, 4, 5, 6], [3, 2]);
    const indices = ops.ints([2, 0, 1, 1], [2, 2]);
    assertEquals(arrayOf(ops.take(x, indices, 0)), {
      data: [5, 6, 1, 2, 3, 4, 3, 4],
      shape: [2, 2, 2],
    });
    assertEquals(valuesOf(ops.take(x, ops.ints([1]), -1)), [2, 4, 6]);
    assertEquals(valuesOf(ops.take(x, ops.floats([1]), -1)), [2, 4, 6]);
    assertThrows(() => ops.take(x, ops.ints([3]), 0), Error, "not in");
    assertThrows(() => ops.take(x, ops.ints([-1]), 0), Error, "not in");
  }),
);

Deno.test(
  "oneHot() is 0 everywhere for an index that is not there",
  onBackends((ops) => {
    const result = ops.oneHot(ops.ints([1, 3, -1]), 3);
    assertEquals(result.dtype, "float32");
    assertEquals(valuesOf(result), [0, 1, 0, 0, 0, 0, 0, 0, 0]);
  }),
);

Deno.test(
  "oneHot() of one class or none, which TF.js refuses",
  onBackends((ops) => {
    const one = ops.oneHot(ops.ints([1, 0, -1]), 1);
    assertEquals(arrayOf(one), { data: [0, 1, 0], shape: [3, 1] });
    const none = ops.oneHot(ops.ints([1, 0]), 0);
    assertEquals(arrayOf(none), { data: [], shape: [2, 0] });
  }),
);

Deno.test(
  "topK() and takeLast() go along the last axis",
  onBackends((ops) => {
    const x = ops.floats([1, 3, 2, 4, 4, 5], [2, 3]);
    assertEquals(valuesOf(ops.topK(x, 2)), [3, 2, 5, 4]);
    assertEquals(arrayOf(ops.takeLast(x, 1)), { data: [3, 4], shape: [2] });
    assertEquals(valuesOf(ops.takeLast(x, -1)), [2, 5]);
    assertThrows(() => ops.takeLast(x, 3), RangeError, "one of the 3");
  }),
);

/** A running sum, and each time step with the sum before it. */
function runningSum(
  ops: Bench,
  x: tf.Tensor,
  reverse?: boolean,
) {
  const initial = ops.floats([0, 0], [2, 1]);
  return ops.scan(
    ([state], [position]) => {
      const next = ops.add(state!, position!);
      return {
        state: [next],
        outputs: [next, ops.multiply(position!, state!)],
      };
    },
    [initial],
    [x],
    reverse,
  );
}

Deno.test(
  "scan() steps along axis 1, in either direction",
  onBackends((ops) => {
    const x = ops.floats([1, 2, 3, 4, 5, 6], [2, 3, 1]);
    const { state, outputs } = runningSum(ops, x);
    assertEquals(arrayOf(state[0]!), { data: [6, 15], shape: [2, 1] });
    assertEquals(arrayOf(outputs[0]!), {
      data: [1, 3, 6, 4, 9, 15],
      shape: [2, 3, 1],
    });
    assertEquals(valuesOf(outputs[1]!), [0, 2, 9, 0, 20, 54]);
    const back = runningSum(ops, x, true);
    assertEquals(valuesOf(back.outputs[0]!), [3, 5, 6, 6, 11, 15]);
  }),
);

Deno.test(
  "scan() has a gradient, and leaves no tensor of a step",
  onBackends((ops) => {
    const x = ops.floats([1, 2, 3, 4, 5, 6], [2, 3, 1]);
    const loss = (y: tf.Tensor) => tf.sum(runningSum(ops, y).outputs[0]!);
    assertEquals(valuesOf(tf.grad(loss)(x)), [3, 2, 1, 3, 2, 1]);
    const count = () => tf.memory().numTensors;
    const numOf = (length: number) => {
      const row = tf.zeros([2, length, 1]);
      const before = count();
      runningSum(ops, row);
      return count() - before;
    };
    // One time step, one state, two outputs and the stacked time steps.
    assertEquals(numOf(9) - numOf(8), numOf(8) - numOf(7));
  }),
);

Deno.test(
  "scan() throws when its inputs have other lengths",
  onBackends((ops) => {
    const [a, b] = [ops.floats([1], [1, 1]), ops.floats([1, 2], [1, 2])];
    const step = () => ({ state: [], outputs: [] });
    assertThrows(() => ops.scan(step, [], [a, b]), TypeError, "[1, 2]");
  }),
);
