/**
 * Frees an array's memory immediately instead of at the next garbage
 * collection, for large arrays.
 *
 * @param array The array, no longer in use; it is empty afterwards. A view of a
 * part of a buffer is left unchanged.
 */
export function releaseMemory({ buffer, byteLength }: ArrayBufferView): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) {
    buffer.transfer(0);
  }
}
