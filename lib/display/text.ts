/**
 * Views as aligned text: for the console, and the `text/plain` of notebook
 * outputs. No figures are computed.
 *
 * @module
 */
import { blockText, cellText, lineText } from "./cell.ts";
import { tableLines } from "./text_table.ts";
import type { Block, TableBlock, View } from "./view.ts";

/** Maximum number of table rows; longer tables are shortened in the middle. */
const MOST_ROWS = 1000;
/** Maximum number of columns of a table; of more, the first ones are written. */
const MOST_COLUMNS = 50;

/**
 * Writes a view as aligned text, without colours.
 *
 * @param view The view.
 * @param width Maximum width of tables in columns. @default {Infinity}
 * @returns The title, then each block after an empty line.
 */
export function viewText(view: View, width = Infinity): string {
  return [lineText(view.title), blocksText(view.blocks, width)]
    .filter((part) => part !== "").join("\n\n");
}

/**
 * Writes some blocks of a view as aligned text.
 *
 * @param blocks The blocks.
 * @param width Maximum width of tables in columns. @default {Infinity}
 * @returns Each block, with an empty line between.
 */
export function blocksText(blocks: readonly Block[], width = Infinity): string {
  return blocks.map((block) => blockLines(block, width)).join("\n\n");
}

/**
 * The shown rows of a table.
 *
 * @param table The table.
 * @returns The cells as text, with the number of omitted rows.
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
 * The alignment of each column of a table.
 *
 * @param table The table.
 * @returns The alignment of the column, otherwise right for numbers.
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

function blockLines(block: Block, width: number): string {
  if (block.kind === "text") return blockText(block.text);
  if (block.kind === "table") return tableText(block, width);
  if (block.parts !== undefined) {
    return block.parts.map((part) => blockLines(part, width)).join("\n");
  }
  return `[${lineText(block.title)}: ${lineText(block.summary, 400)}]`;
}

/**
 * A table as far as it is shown.
 *
 * @param table The table.
 * @returns The table itself, or its first columns, with a title that mentions it.
 */
export function shownColumns(table: TableBlock): TableBlock {
  const { columns, rows, title } = table;
  if (columns.length <= MOST_COLUMNS) return table;
  const note = `the first ${MOST_COLUMNS} of ${columns.length} columns`;
  return {
    kind: "table",
    title: title === undefined ? note : `${title}, ${note}`,
    columns: columns.slice(0, MOST_COLUMNS),
    rows: rows.map((row) => row.slice(0, MOST_COLUMNS)),
  };
}

function tableText(whole: TableBlock, width: number): string {
  const table = shownColumns(whole);
  const names = table.columns.map(({ name }) => lineText(name));
  const sides = alignments(table);
  const lines = tableLines({ names, sides, ...tableRows(table) }, width);
  if (table.title !== undefined) lines.unshift(lineText(table.title));
  return lines.join("\n");
}
