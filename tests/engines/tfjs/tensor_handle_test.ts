import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { tf } from "../../../lib/tf.ts";
import {
  tensorHandle,
  tidied,
} from "../../../lib/engines/tfjs/tensor_handle.ts";

Deno.test("tensorHandle() keeps a tensor of the current scope", () => {
  let made: tf.Tensor | undefined;
  const own = tidied("test", () => {
    made = tf.ones([2]);
    return tensorHandle(made);
  });
  assertStrictEquals(own, made);
  assert(!own.isDisposed);
  own.dispose();
});

Deno.test("tensorHandle() returns a second handle to what is kept, older or owned already", () => {
  const { numTensors } = tf.memory();
  const older = tf.ones([2]);
  const variable = tf.variable(older);
  const own = tidied("test", () => {
    const kept = tf.keep(tf.ones([2]));
    const made = tf.ones([2]);
    const handles = [older, variable, kept, made, made].map(tensorHandle);
    kept.dispose();
    return handles;
  });
  assertEquals(new Set([older, variable, ...own]).size, 7);
  tf.dispose(own);
  assert(!older.isDisposed && !variable.isDisposed);
  tf.dispose([older, variable]);
  assertEquals(tf.memory().numTensors, numTensors);
});

Deno.test("tensorHandle() returns a second handle where there is no scope", () => {
  const x = tf.ones([2]);
  const own = tensorHandle(x);
  assert(own !== x);
  tf.dispose([x, own]);
});

Deno.test("tidied() frees what was made, also when it throws", () => {
  const { numTensors } = tf.memory();
  assertEquals(tidied("test", () => tf.ones([2]).size), 2);
  assertThrows(() =>
    tidied("test", () => {
      tf.ones([2]);
      throw new RangeError("no");
    }), RangeError);
  assertEquals(tf.memory().numTensors, numTensors);
});
