/**
 * Formatting of single values, shared by text, HTML and figures.
 *
 * Names of layers, classes and samples come from untrusted files, so they must
 * not control a terminal or a page: control characters are escaped here, and
 * `html` escapes markup.
 *
 * @module
 */
import { printable } from "../check.ts";

/**
 * Formats a number with four significant digits; integers in full, with commas
 * from 10,000 on.
 *
 * @param value The number.
 * @returns Its text.
 */
export function numberText(value: number): string {
  return Number.isSafeInteger(value)
    ? groupDigits(String(value))
    : shortText(value, 4);
}

/**
 * Formats a number for little space, as in a figure: integers of up to six
 * digits in full, others rounded.
 *
 * @param value The number.
 * @param digits Significant digits of rounded numbers; with more than six,
 * larger numbers are written in full too.
 * @returns Its text.
 */
export function shortText(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 10 ** Math.max(6, digits) || size > 0 && size < 1e-3) {
    return value.toExponential(digits - 1).replace(/\.?0+e/, "e");
  }
  const isWhole = Number.isInteger(value);
  return groupDigits(
    String(isWhole ? value : Number(value.toPrecision(digits))),
  );
}

/**
 * Number of significant digits that distinguish the values of a range.
 *
 * @param low The lower end.
 * @param high The upper end.
 * @returns From 3, for a range that starts near zero, to 15.
 */
export function digitsOf(low: number, high: number): number {
  const size = Math.max(Math.abs(low), Math.abs(high));
  const share = (high / 2 - low / 2) / size;
  if (!(share > 0)) return 3;
  return Math.min(15, Math.max(3, Math.ceil(2 - Math.log10(2 * share))));
}

/**
 * Adds thousands separators, from 10,000 on.
 *
 * @param text A number in decimal notation.
 * @returns Its text.
 */
export function groupDigits(text: string): string {
  const [whole = "", ...rest] = text.split(".");
  const grouped = /\d{5}/.test(whole)
    ? whole.replace(/\B(?=(?:\d{3})+$)/g, ",")
    : whole;
  return [grouped, ...rest].join(".");
}

/**
 * A share in percent. It is 100 only for all: 99.996 would be written as 100.
 *
 * @param part The number of some.
 * @param whole The number of all.
 * @returns The percentage, at most 99.99 unless it is 100; NaN of nothing.
 */
export function percentOf(part: number, whole: number): number {
  const share = 100 * part / whole;
  return part < whole ? Math.min(share, 99.99) : share;
}

/**
 * Formats a count with a noun.
 *
 * @param count The number.
 * @param noun The singular.
 * @param plural The plural. @default {the noun with an "s"}
 * @returns As in `1 sample` and `1,000 samples`, with commas from 10,000 on.
 */
export function countText(
  count: number,
  noun: string,
  plural = `${noun}s`,
): string {
  return `${numberText(count)} ${count === 1 ? noun : plural}`;
}

/**
 * Formats a list of names, with the number of omitted ones.
 *
 * @param names The names.
 * @param most Maximum number of names.
 * @returns As in `conv1, conv2 and 7 more`; empty without names.
 */
export function namesText(names: readonly string[], most = 8): string {
  const shown = names.slice(0, most).join(", ");
  const left = names.length - most;
  return left > 0 ? `${shown} and ${left} more` : shown;
}

/**
 * Shortens a name in the middle, because numbers and file names are at the end.
 *
 * @param text The name.
 * @param most How many characters to keep, at least 3.
 * @returns The name on one line, with `…` in the middle if it is longer.
 */
export function middleText(text: string, most: number): string {
  const chars = [...lineText(text)];
  if (chars.length <= most) return chars.join("");
  const end = Math.floor((most - 1) * 0.45);
  const start = chars.slice(0, most - 1 - end).join("");
  return `${start}…${chars.slice(-end).join("")}`;
}

/**
 * Makes untrusted text safe, on one line: escapes everything that could control
 * a terminal or reverse the text direction.
 *
 * @param text The text.
 * @param most How many characters to keep.
 * @returns The text, shortened with `…`.
 */
export function lineText(text: string, most = 200): string {
  const plain = text.replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  return printable(plain, most);
}

/**
 * As {@linkcode lineText}, but keeps line breaks.
 *
 * @param text The text.
 * @param most How many characters to keep.
 * @returns The text, shortened with `…`.
 */
export function blockText(text: string, most = 100_000): string {
  const parts = text.replaceAll("\r\n", "\n").replaceAll("\t", "  ");
  const lines = parts.slice(0, most + 1).split("\n");
  const shown = lines.map((line) => printable(line, Infinity)).join("\n");
  return shown.length <= most ? shown : `${shown.slice(0, most - 1)}…`;
}

/**
 * Formats a cell of a table.
 *
 * @param value The value; null for nothing.
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
 * @returns The text with `& < > " '` as entities.
 */
export function escapeMarkup(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}
