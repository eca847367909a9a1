/**
 * Views as aligned text: what the console prints, and the `text/plain` of
 * every notebook output. No figure is computed for it.
 *
 * @module
 */
import { blockText, cellText, lineText } from "./cell.ts";
import type { Block, TableBlock, View } from "./view.ts";

/** Rows of a table that are written; of longer ones the middle is left out. */
export const MOST_ROWS = 1000;

/**
 * Writes a view as aligned text, without colours.
 *
 * @param view The view.
 * @returns The title, then each block after an empty line.
 */
export function viewText(view: View): string {
  return [lineText(view.title), blocksText(view.blocks)]
    .filter((part) => part !== "").join("\n\n");
}

/**
 * Writes some blocks of a view as aligned text.
 *
 * @param blocks The blocks.
 * @returns Each block, with an empty line between.
 */
export function blocksText(blocks: readonly Block[]): string {
  return blocks.map(blockLines).join("\n\n");
}

/**
 * Rows of a table as far as they are shown.
 *
 * @param table The table.
 * @returns The cells as text, and in the middle how many rows are left out.
 */
export function tableRows(
  { rows }: TableBlock,
): { readonly head: string[][]; readonly left: number; tail: string[][] } {
  const write = (row: TableBlock["rows"][number]) => row.map(cellText);
  if (rows.length <= MOST_ROWS) {
    return { head: rows.map(write), left: 0, tail: [] };
  }
  const tail = 10;
  return {
    head: rows.slice(0, MOST_ROWS - tail).map(write),
    left: rows.length - MOST_ROWS,
    tail: rows.slice(-tail).map(write),
  };
}

/**
 * How each column of a table is aligned.
 *
 * @param table The table.
 * @returns What the column says, otherwise right for numbers.
 */
export function alignments(
  { columns, rows }: TableBlock,
): ("left" | "right")[] {
  return columns.map(({ align }, j) => {
    if (align !== undefined) return align;
    const filled = rows.map((row) => row[j] ?? null)
      .filter((cell) => cell !== null);
    const isNumeric = filled.length > 0 &&
      filled.every((cell) => typeof cell === "number");
    return isNumeric ? "right" : "left";
  });
}

function blockLines(block: Block): string {
  if (block.kind === "text") return blockText(block.text);
  if (block.kind === "table") return tableText(block);
  if (block.parts !== undefined) return block.parts.map(blockLines).join("\n");
  return `[${lineText(block.title)}: ${lineText(block.summary, 400)}]`;
}

function tableText(table: TableBlock): string {
  const { head, left, tail } = tableRows(table);
  const names = table.columns.map(({ name }) => lineText(name));
  const sides = alignments(table);
  const widths = names.map((name, j) =>
    [...head, ...tail].reduce(
      (most, row) => Math.max(most, length(row[j] ?? "")),
      length(name),
    )
  );
  const line = (cells: readonly string[]) =>
    widths.map((width, j) => {
      const cell = cells[j] ?? "";
      const gap = " ".repeat(width - length(cell));
      return sides[j] === "right" ? gap + cell : cell + gap;
    }).join("  ").trimEnd();
  const lines = [
    line(names),
    widths.map((width) => "-".repeat(width)).join("  "),
    ...head.map(line),
  ];
  if (left > 0) lines.push(`… ${left} more rows …`);
  lines.push(...tail.map(line));
  if (table.title !== undefined) lines.unshift(lineText(table.title));
  return lines.join("\n");
}

function length(text: string): number {
  return [...text].length; // code points, one a column of a terminal
}
