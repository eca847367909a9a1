/**
 * What the tests of `batchesOf()` share.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { tf } from "../../lib/tf.ts";
import {
  batchesOf,
  type BatchPlan,
  type HostBatch,
} from "../../lib/datasets/batches.ts";
import type { Dataset, NdArray, TensorSpec } from "../../lib/types.ts";

await tf.setBackend("cpu");

/** One input of two columns. */
export const X: TensorSpec = { name: "x", shape: [null, 2], dtype: "float32" };
/** An input of one whole number a sample. */
export const T: TensorSpec = { name: "t", shape: [null], dtype: "int32" };

/** Rows `[0, 1], [2, 3], …` */
export function rows(count: number, from = 0): NdArray {
  const data = Float32Array.from({ length: count * 2 }, (_, i) => from * 2 + i);
  return { data, shape: [count, 2], dtype: "float32" };
}

/** What `batchesOf()` makes of a dataset, of two samples a batch. */
export function plan(
  dataset: unknown,
  options: { size?: number; inputs?: TensorSpec[]; signal?: AbortSignal } = {},
): BatchPlan {
  const { size = 2, inputs = [X], signal } = options;
  return batchesOf(dataset as Dataset, { size, inputs, signal });
}

/** Every batch. */
export async function all({ batches }: BatchPlan): Promise<HostBatch[]> {
  const list: HostBatch[] = [];
  for await (const batch of batches) list.push(batch);
  return list;
}

/** The values of one input, batch by batch. */
export function values(batches: HostBatch[], input = 0): unknown[] {
  return batches.map(({ inputs }) => inputs[input]!.data);
}

/** A test that fails when tensors are left behind, or too many are gone. */
export function counted(name: string, body: () => Promise<void>): void {
  Deno.test(name, async () => {
    const before = tf.memory().numTensors;
    await body();
    assertEquals(tf.memory().numTensors, before);
  });
}
