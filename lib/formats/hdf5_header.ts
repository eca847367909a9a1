/**
 * The first bytes of an HDF5 file.
 *
 * @module
 */

/**
 * Whether bytes start with the signature of HDF5.
 *
 * @param head The first bytes, eight or more.
 * @returns True if they do.
 */
export function isHdf5(head: Uint8Array): boolean {
  return [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
    .every((byte, i) => head[i] === byte);
}

/**
 * Finds where HDF5 begins: at 0, or after a user block, whose size is 512 or a
 * power of two above it.
 *
 * @param head The first bytes; longer user blocks are not found.
 * @returns The offset; undefined if there is no signature.
 */
export function hdf5Start(head: Uint8Array): number | undefined {
  for (let at = 0; at < head.length; at = at === 0 ? 512 : 2 * at) {
    if (isHdf5(head.subarray(at))) return at;
  }
  return undefined;
}

/**
 * The size of a file according to its header.
 *
 * @param head Its first bytes, from {@linkcode hdf5Start} on.
 * @returns The size in bytes; undefined if unknown.
 */
export function hdf5End(head: Uint8Array): number | undefined {
  const at = [40, 44, 28, 28][head[8] ?? 4];
  if (at === undefined || head.length < at + 8) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  return Number(view.getBigUint64(at, true));
}
