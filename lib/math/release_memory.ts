/**
 * Frees an array's memory at once, and not when memory is next tidied up: for
 * arrays so large that a second one alive matters.
 *
 * @param array The array, of no more use to anybody; it is empty afterwards. A
 * view of a part stays as it is.
 */
export function releaseMemory({ buffer, byteLength }: ArrayBufferView): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) {
    buffer.transfer(0);
  }
}
