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
  throw exhausted(`run layer "${name}"`, bytes, "with its outputs");
}

/** The error for a heap that is exhausted. */
export class ExhaustedHeap extends RangeError {
  override readonly name = "RangeError";
}

function exhausted(action: string, bytes: number, what: string) {
  return new ExhaustedHeap(
    cannot(
      action,
      `all tensors must fit the ${HEAP_BYTES / 2 ** 30} GiB of "wasm"`,
      `${(bytes / 2 ** 30).toFixed(1)} GiB ${what}`,
      'use a smaller batch by .batch(size), dispose of tensors, or run Keras layers with .engine("onnx")',
    ),
  );
}

/** The part of the wasm backend that allocates memory. */
interface Heap {
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
}

function currentHeap(): Heap {
  return (tf.backend() as unknown as { readonly wasm: Heap }).wasm;
}

/**
 * Finds why wasm stopped a kernel: what kernels allocate is not checked either.
 *
 * @param error What the kernel threw.
 * @returns The error to throw instead, if the heap is exhausted.
 */
export function heapFault(error: unknown): unknown {
  if (!(error instanceof WebAssembly.RuntimeError)) return error;
  const bytes = currentHeap().HEAPU8.length;
  return bytes > HEAP_BYTES ? exhausted("run", bytes, "in use") : error;
}

/**
 * Runs synchronous work on the wasm backend, with checked allocations: TF.js
 * takes the 0 of one that fails for an address, and computes with the values
 * there.
 *
 * @param work The work.
 * @returns The result.
 * @throws {RangeError} If the heap is exhausted.
 */
export function withCheckedHeap<R>(work: () => R): R {
  const heap = currentHeap();
  const { _malloc: allocate } = heap;
  heap._malloc = (bytes) => {
    const address = allocate(bytes);
    // At the end of the heap, it returns addresses with less memory behind.
    const isThere = (address >>> 0) + bytes <= heap.HEAPU8.length;
    if (bytes === 0 || address !== 0 && isThere) return address;
    throw exhausted("run", heap.HEAPU8.length + bytes, "with the next one");
  };
  try {
    return work();
  } catch (error) {
    throw heapFault(error);
  } finally {
    heap._malloc = allocate;
  }
}
