/**
 * Tags in the header of a TIFF image, which the image library does not name.
 *
 * Source: Adobe, "TIFF Revision 6.0", and the layout of BigTIFF.
 *
 * @module
 */

/** Numbers of tags. */
export const TIFF_TAGS = Object.freeze({ compression: 259, photometric: 262 });

/**
 * Reads a tag of integers of the first page.
 *
 * @param bytes The file.
 * @param tag Its number.
 * @returns Its first value; undefined if it is not there.
 */
export function tiffTag(bytes: Uint8Array, tag: number): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittle = bytes[0] === 0x49;
  const isBig = view.getUint16(2, isLittle) === 43;
  const [counted, step] = isBig ? [8, 20] : [2, 12];
  if (bytes.length < 16) return undefined;
  const wide = (at: number) => Number(view.getBigUint64(at, isLittle));
  const first = isBig ? wide(8) : view.getUint32(4, isLittle);
  if (first + counted > bytes.length) return undefined;
  const count = isBig ? wide(first) : view.getUint16(first, isLittle);
  for (let i = 0; i < count; i++) {
    const at = first + counted + i * step;
    if (at + step > bytes.length) return undefined;
    if (view.getUint16(at, isLittle) !== tag) continue;
    const isShort = view.getUint16(at + 2, isLittle) === 3;
    const value = at + (isBig ? 12 : 8);
    return isShort
      ? view.getUint16(value, isLittle)
      : view.getUint32(value, isLittle);
  }
  return undefined;
}
