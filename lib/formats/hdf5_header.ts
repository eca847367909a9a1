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
 * The size of a file according to its header.
 *
 * @param head Its first bytes.
 * @returns The size in bytes; undefined if unknown.
 */
export function hdf5End(head: Uint8Array): number | undefined {
  const at = [40, 44, 28, 28][head[8] ?? 4];
  if (at === undefined || head.length < at + 8) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  return Number(view.getBigUint64(at, true));
}
