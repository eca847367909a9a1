/**
 * The width of text in DejaVu Sans, the font of all static figures.
 *
 * Labels are measured before a figure is laid out, so that they fit its
 * margins. Browsers without the font use Verdana or their default sans-serif,
 * which is not wider.
 *
 * @module
 */

/** Advance widths of U+0020 to U+007E in thousandths of the font size. */
// deno-fmt-ignore
const WIDTHS: readonly number[] = [
  318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318,
  337, 636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838,
  838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557,
  863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390,
  337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278,
  579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592,
  525, 636, 337, 636, 838,
];
const OTHER = 1000; // an upper bound for nearly all other characters, including CJK

/**
 * Measures a line of text.
 *
 * @param text The text.
 * @param size The font size, in CSS pixels.
 * @returns Its width in CSS pixels: exact for ASCII, an upper bound for other
 * characters.
 */
export function textWidth(text: string, size: number): number {
  let width = 0;
  for (const char of text) width += WIDTHS[char.codePointAt(0)! - 32] ?? OTHER;
  return width * size / 1000;
}

/**
 * The width of the widest of some lines.
 *
 * @param lines The lines.
 * @param size The font size, in CSS pixels.
 * @returns The width in CSS pixels; 0 without lines.
 */
export function widestText(lines: readonly string[], size: number): number {
  return lines.reduce((most, text) => Math.max(most, textWidth(text, size)), 0);
}

/**
 * Shortens a line to a width.
 *
 * @param text The text.
 * @param size The font size, in CSS pixels.
 * @param width The available width in CSS pixels.
 * @returns The text, or its start followed by `…`.
 */
export function fitText(text: string, size: number, width: number): string {
  if (textWidth(text, size) <= width) return text;
  let fitting = "";
  for (const char of text) {
    if (textWidth(`${fitting}${char}…`, size) > width) break;
    fitting += char;
  }
  return `${fitting}…`;
}

/**
 * Shortens a line to a width. A path, with a slash and no spaces, loses its
 * folders first, because files of a folder have a common prefix, and then the
 * middle of its last part, because numbers are at the start or at the end.
 *
 * @param text The text.
 * @param size The font size, in CSS pixels.
 * @param width The available width in CSS pixels.
 * @returns The text, its start followed by `…`, `…` followed by its end, or the
 * last part of a path with `…` in its middle.
 */
export function fitPath(text: string, size: number, width: number): string {
  if (!/^\S*\/\S*$/.test(text)) return fitText(text, size, width);
  if (textWidth(text, size) <= width) return text;
  const fits = (part: string) => textWidth(`…${part}`, size) <= width;
  const parts = text.split(/(?=\/)/); // each starts with its slash
  for (let i = 1; i < parts.length; i++) {
    const end = parts.slice(i).join("");
    if (fits(end)) return `…${end}`;
  }
  const chars = [...parts.at(-1)!.replace("/", "")];
  let shortened = "…";
  for (let kept = 1; kept < chars.length; kept++) {
    const end = Math.floor(kept / 2);
    const next = `${chars.slice(0, kept - end).join("")}…${
      chars.slice(chars.length - end).join("")
    }`;
    if (textWidth(next, size) > width) break;
    shortened = next;
  }
  return shortened;
}

/**
 * Breaks a line between words; a word that is wider than a line is broken too,
 * after a slash, a dot or an underscore if there is one.
 *
 * @param text The text.
 * @param size The font size, in CSS pixels.
 * @param width The width of a line, in CSS pixels.
 * @returns The lines.
 */
export function wrapText(text: string, size: number, width: number): string[] {
  const fits = (line: string) => textWidth(line, size) <= width;
  const lines: string[] = [];
  const add = (part: string, gap: string) => {
    const last = lines.at(-1);
    if (last !== undefined && fits(`${last}${gap}${part}`)) {
      lines[lines.length - 1] = `${last}${gap}${part}`;
    } else lines.push(part);
  };
  for (const word of text.split(" ")) {
    if (fits(word)) add(word, " ");
    else {
      word.split(/(?<=[/._])/).flatMap((part) => fits(part) ? part : [...part])
        .forEach((part, i) => add(part, i === 0 ? " " : ""));
    }
  }
  return lines;
}
