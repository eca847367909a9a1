/**
 * Tables as aligned text, within the columns of a terminal: long cells are
 * broken into lines, and columns that do not fit are in further tables below.
 *
 * @module
 */
import { breakLine, textColumns } from "./text_columns.ts";

/** Cells with their alignment. */
export interface TextTable {
  /** Names of the columns. */
  readonly names: readonly string[];
  /** Alignment of each column. */
  readonly sides: readonly ("left" | "right")[];
  /** Cells by row, on one line each. */
  readonly head: readonly (readonly string[])[];
  /** Number of omitted rows after those. */
  readonly left: number;
  /** The last rows. */
  readonly tail: readonly (readonly string[])[];
}

const GAP = 2;
const LEAST = 12; // minimum width of a text column

/**
 * Writes a table.
 *
 * @param table The table.
 * @param width Columns of the terminal.
 * @returns Its lines; no column of text is cut off.
 */
export function tableLines(table: TextTable, width: number): string[] {
  const { names, sides, head, tail } = table;
  const natural = names.map((name, j) =>
    [...head, ...tail].reduce(
      (most, row) => Math.max(most, textColumns(row[j] ?? "")),
      textColumns(name),
    )
  );
  const widths = narrowed(natural, sides, width);
  return columnGroups(widths, width).flatMap((group, i) => [
    ...i === 0 ? [] : [""],
    ...groupLines(table, group, widths),
  ]);
}

/** Narrows the widest columns until all fit, if possible. */
function narrowed(
  natural: readonly number[],
  sides: TextTable["sides"],
  width: number,
): number[] {
  const widths = [...natural];
  const least = Math.max(LEAST, Math.floor(width / 3));
  for (let over = total(widths) - width; over > 0;) {
    const fills = widths.map((width, j) => sides[j] === "left" ? width : 0);
    const widest = fills.indexOf(Math.max(...fills));
    const second = Math.max(least, ...fills.toSpliced(widest, 1));
    const less = Math.min(over, Math.max(1, fills[widest]! - second));
    if (fills[widest]! - less < least) break;
    widths[widest]! -= less;
    over -= less;
  }
  return widths;
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + GAP, -GAP);
}

/** The columns of each table; the first column is in each. */
function columnGroups(widths: readonly number[], width: number): number[][] {
  const groups: number[][] = [[]];
  for (const j of widths.keys()) {
    const group = groups.at(-1)!;
    const isFull = total([...group, j].map((i) => widths[i]!)) > width;
    if (isFull && group.length > 1) groups.push([0, j]);
    else group.push(j);
  }
  return groups;
}

function groupLines(
  { names, sides, head, left, tail }: TextTable,
  group: readonly number[],
  widths: readonly number[],
): string[] {
  const rowLines = (cells: readonly string[]) => {
    const broken = group.map((j) => breakLine(cells[j] ?? "", widths[j]!));
    const height = Math.max(...broken.map((lines) => lines.length));
    return Array.from({ length: height }, (_, row) =>
      group.map((j, i) => {
        const cell = broken[i]![row] ?? "";
        const gap = " ".repeat(Math.max(0, widths[j]! - textColumns(cell)));
        return sides[j] === "right" ? gap + cell : cell + gap;
      }).join(" ".repeat(GAP)).trimEnd());
  };
  return [
    ...rowLines(names),
    group.map((j) => "-".repeat(widths[j]!)).join(" ".repeat(GAP)),
    ...head.flatMap(rowLines),
    ...left > 0 ? [`… ${left} more rows …`] : [],
    ...tail.flatMap(rowLines),
  ];
}
