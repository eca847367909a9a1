import { tf } from "../../tf.ts";
import { cannot, sizeOf } from "../../check.ts";
import type { GraphNode } from "../../models/graph/graph.ts";

/**
 * The wasm heap is limited to 4 GiB; kernels need some of it while they run.
 */
const HEAP_BYTES = 3.5 * 2 ** 30;
const FLOAT_BYTES = 4;

/**
 * Refuses a layer whose outputs do not fit the wasm heap: TF.js does not check
 * allocations, and would overwrite other tensors.
 *
 * @param node The layer's node.
 * @param rows Batch size.
 * @param usedBytes Current size of all tensors.
 * @throws {RangeError} If they do not fit.
 */
export function checkWasmMemory(
  { row: { name, outputs } }: GraphNode,
  rows: number,
  usedBytes: number = tf.memory().numBytes,
): void {
  const values = outputs.reduce((sum, { shape }) => {
    const sizes = shape.slice(1).map((size) => size ?? 1);
    return sum + rows * sizeOf(sizes);
  }, 0);
  const bytes = usedBytes + values * FLOAT_BYTES;
  if (bytes <= HEAP_BYTES) return;
  const gibibytes = (bytes / 2 ** 30).toFixed(1);
  throw new RangeError(
    cannot(
      `run layer "${name}"`,
      `all tensors must fit the ${HEAP_BYTES / 2 ** 30} GiB of "wasm"`,
      `${gibibytes} GiB with its outputs`,
      "take a smaller batch by .batch(size), or dispose of tensors",
    ),
  );
}
