/**
 * Reads tables of Markdown files.
 *
 * @module
 */

/** A row of a table. */
export interface MarkdownRow {
  /** Cells, trimmed. */
  readonly cells: readonly string[];
  /** The heading that the table is under. */
  readonly section: string;
}

/**
 * The rows of all tables of a text, without headers and rules.
 *
 * @param text The text.
 * @returns The rows.
 */
export function markdownRows(text: string): MarkdownRow[] {
  const rows: MarkdownRow[] = [];
  let section = "";
  let isBody = false;
  for (const line of text.split("\n")) {
    section = /^#+ (.*)/.exec(line)?.[1] ?? section;
    if (!line.startsWith("|")) isBody = false;
    else if (/^\|[-| ]+\|$/.test(line)) isBody = true;
    else if (isBody) {
      const cells = line.slice(1, line.lastIndexOf("|")).split("|");
      rows.push({ cells: cells.map((cell) => cell.trim()), section });
    }
  }
  return rows;
}

/**
 * The code spans of a cell.
 *
 * @param cell The cell.
 * @returns Their contents.
 */
export function codesOf(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);
}
