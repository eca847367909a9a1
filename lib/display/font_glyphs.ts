/**
 * Characters of a TrueType font, to find those that a rendered image lacks.
 *
 * Source: https://learn.microsoft.com/typography/opentype/spec/cmap, format 12.
 *
 * @module
 */

/** Ranges of code points, from the first to the last. */
export type CodeRanges = readonly (readonly [first: number, last: number])[];

/** Characters that layout ignores: joiners and variation selectors. */
const INVISIBLE = /^[\u200b-\u200d\ufe00-\ufe0f]$/;

/**
 * Reads which code points a font has glyphs for.
 *
 * @param font The bytes of a TrueType file.
 * @returns The ranges, in increasing order.
 * @throws {SyntaxError} If it has no table of format 12.
 */
export function glyphRanges(font: Uint8Array): CodeRanges {
  const view = new DataView(font.buffer, font.byteOffset, font.byteLength);
  const tables = Array.from(
    { length: view.getUint16(4) },
    (_, i) => 12 + 16 * i,
  );
  const entry = tables.find((at) => view.getUint32(at) === 0x636d6170); // cmap
  const start = entry === undefined ? 0 : view.getUint32(entry + 8);
  const count = entry === undefined ? 0 : view.getUint16(start + 2);
  const table = Array.from(
    { length: count },
    (_, i) => start + view.getUint32(start + 8 + 8 * i),
  ).find((at) => view.getUint16(at) === 12);
  if (table === undefined) {
    throw new SyntaxError(
      "Cannot read font as it must have a cmap table of format 12: current value is none",
    );
  }
  return Array.from({ length: view.getUint32(table + 12) }, (_, i) => {
    const group = table + 16 + 12 * i;
    return [view.getUint32(group), view.getUint32(group + 4)] as const;
  });
}

/**
 * Whether a text has characters without a glyph.
 *
 * @param text The text.
 * @param ranges The ranges of the font.
 * @returns True if a box stands for at least one of them.
 */
export function lacksGlyphs(text: string, ranges: CodeRanges): boolean {
  const others = new Set(text.replace(/[\0-\x7f]/g, ""));
  for (const char of others) {
    if (INVISIBLE.test(char)) continue;
    const code = char.codePointAt(0)!;
    if (!ranges.some(([first, last]) => code >= first && code <= last)) {
      return true;
    }
  }
  return false;
}
