/**
 * The width of text in terminal columns, and line breaking.
 *
 * @module
 */

/** Characters above this may be marks or wide. */
const NARROW = /^[\x20-\u02ff\u2010-\u2027]*$/;
/** East Asian wide and full-width characters, and emoji. */
const WIDE =
  /\p{Emoji_Presentation}|\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;
/** Combining and invisible characters. */
const MARK = /^[\p{Mn}\p{Me}\p{Cf}]/u;
/** Line break opportunities; the first that occurs late enough is used. */
const BREAKS = [/ /, /[/_]/];

let segmenter: Intl.Segmenter | undefined;

/** The characters of a line; the segmenter takes 30 ms to create. */
function graphemes(text: string): Iterable<Intl.SegmentData> {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return segmenter.segment(text);
}

/**
 * The width of a line in terminal columns.
 *
 * Source: Unicode Standard Annex 11, "East Asian Width"; ambiguous characters
 * are narrow, as terminals have them.
 *
 * @param text The line, without control characters.
 * @returns 1 for each character, 2 for each wide one, 0 for marks.
 */
export function textColumns(text: string): number {
  if (NARROW.test(text)) return text.length;
  let columns = 0;
  for (const { segment } of graphemes(text)) columns += width(segment);
  return columns;
}

function width(grapheme: string): number {
  if (WIDE.test(grapheme)) return 2;
  return MARK.test(grapheme) ? 0 : 1;
}

/**
 * Breaks a line, after a space or a mark such as `/` if there is one.
 *
 * @param text The line.
 * @param most Maximum width of each part in columns, at least 2.
 * @returns The parts; joined they are the line, except for spaces at their
 * ends.
 */
export function breakLine(text: string, most: number): string[] {
  if (textColumns(text) <= most) return [text];
  const lines: string[] = [];
  let line: string[] = [];
  let columns = 0;
  for (const { segment } of graphemes(text)) {
    const more = width(segment);
    while (columns + more > most) {
      const end = BREAKS
        .map((mark) => line.findLastIndex((part) => mark.test(part)) + 1)
        .find((at) => at > line.length / 3) ?? line.length;
      lines.push(line.slice(0, end).join("").trimEnd());
      line = line.slice(end);
      columns = textColumns(line.join(""));
    }
    if (line.length === 0 && segment === " ") continue;
    line.push(segment);
    columns += more;
  }
  return [...lines, line.join("")];
}
