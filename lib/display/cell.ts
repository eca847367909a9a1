/**
 * How single values are written, the same in text, HTML and figures.
 *
 * Names of layers, classes and samples come out of other people's files, so
 * nothing of them may steer a terminal or a page: control characters are
 * written out here, and `html` escapes besides.
 *
 * @module
 */

/**
 * A number with four significant digits; whole numbers in full, with commas
 * from 10,000 on.
 *
 * @param value The number.
 * @returns Its text.
 */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (Number.isSafeInteger(value)) {
    const digits = String(size);
    const text = size < 10_000
      ? digits
      : digits.replace(/\B(?=(?:\d{3})+$)/g, ",");
    return value < 0 ? `-${text}` : text;
  }
  if (size < 1e-3 || size >= 1e6) {
    return value.toExponential(3).replace(/\.?0+e/, "e");
  }
  return String(Number(value.toPrecision(4)));
}

/**
 * Text that comes from outside, on one line, with everything written out that
 * could steer a terminal or turn the direction of the text.
 *
 * @param text The text.
 * @param most How many characters to keep.
 * @returns The text, shortened with `…`.
 */
export function lineText(text: string, most = 200): string {
  const plain = text.replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  return shorten(visible(plain), most);
}

/**
 * As {@linkcode lineText}, but lines stay lines.
 *
 * @param text The text.
 * @param most How many characters to keep.
 * @returns The text, shortened with `…`.
 */
export function blockText(text: string, most = 100_000): string {
  const parts = text.replaceAll("\r\n", "\n").replaceAll("\t", "  ");
  return shorten(parts.split("\n").map(visible).join("\n"), most);
}

/**
 * A cell of a table.
 *
 * @param value What stands in it; null for nothing.
 * @returns Its text, on one line.
 */
export function cellText(value: string | number | null): string {
  if (value === null) return "";
  return typeof value === "number" ? numberText(value) : lineText(value);
}

/**
 * Escapes text for HTML and XML, between tags and in quoted attributes.
 *
 * @param text The text.
 * @returns The same with `& < > " '` written as entities.
 */
export function escapeMarkup(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}

function visible(text: string): string {
  // C0, C1, and the marks that turn the direction of what follows.
  const steering = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
  return text.toWellFormed().replace(
    steering,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most - 1).toWellFormed().replace(/\ufffd$/, "")}…`;
}
