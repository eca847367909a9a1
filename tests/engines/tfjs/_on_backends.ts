/**
 * Tests of operations on the backends that are everywhere.
 *
 * @module
 */
import { tf } from "../../../lib/tf.ts";
import { assertEquals } from "@std/assert";
import { takeTurn } from "../../../lib/engines/tfjs/backend.ts";
import { TfjsOps } from "../../../lib/engines/tfjs/tfjs_ops.ts";

/** Operations, and the values of what they give. */
export class Bench extends TfjsOps {
  /** A tensor of floats: a flat list and its shape, or a row. */
  floats(data: readonly number[], shape?: readonly number[]): tf.Tensor {
    return tf.tensor([...data], [...shape ?? [data.length]], "float32");
  }

  /** A tensor of integers. */
  ints(data: readonly number[], shape?: readonly number[]): tf.Tensor {
    return tf.tensor([...data], [...shape ?? [data.length]], "int32");
  }

  /** A tensor of booleans. */
  bools(data: readonly number[], shape?: readonly number[]): tf.Tensor {
    return tf.tensor([...data], [...shape ?? [data.length]], "bool");
  }
}

/**
 * A test that goes over the backends; none may leave a tensor.
 *
 * @param test What to do, inside `tf.tidy`.
 * @returns The test, with a step for each backend.
 */
export function onBackends(
  test: (ops: Bench) => void,
): (context: Deno.TestContext) => Promise<void> {
  return async (context) => {
    for (const backend of ["cpu", "wasm"] as const) {
      await context.step(backend, () =>
        takeTurn(backend, (turn) => {
          turn.sync(() => {
            const before = tf.memory().numTensors;
            tf.tidy(() => test(new Bench()));
            assertEquals(tf.memory().numTensors, before);
          });
          return Promise.resolve();
        }));
    }
  };
}

/** The values of a tensor. */
export function valuesOf(x: tf.Tensor): number[] {
  return [...x.dataSync()];
}

/** The values of a tensor, and its shape. */
export function arrayOf(
  x: tf.Tensor,
): { data: number[]; shape: readonly number[] } {
  return { data: valuesOf(x), shape: x.shape };
}
