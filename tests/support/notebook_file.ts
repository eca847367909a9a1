/**
 * The file format of notebooks (nbformat 4.5), as far as ours use it.
 *
 * @module
 */
// deno-lint-ignore-file camelcase -- the names are the format's

/** A notebook. */
export interface Notebook {
  /** From top to bottom. */
  readonly cells: readonly Cell[];
  /** Kernel and language. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Version of the format. */
  readonly nbformat: number;
  /** The version's second part. */
  readonly nbformat_minor: number;
}

/** One cell. */
export type Cell = MarkdownCell | CodeCell;

interface AnyCell {
  /** Unique in the notebook. */
  readonly id?: string;
  /** Where tags stand. */
  readonly metadata: { readonly tags?: readonly string[] };
  /** The text, whole or in lines. */
  readonly source: string | readonly string[];
}

/** Prose. */
export interface MarkdownCell extends AnyCell {
  readonly cell_type: "markdown";
}

/** Code, with what it gave when it was last run. */
export interface CodeCell extends AnyCell {
  readonly cell_type: "code";
  /** Which cell of the run this was, from 1; null if it has not run. */
  readonly execution_count: number | null;
  readonly outputs: readonly Output[];
}

/** What a cell gave. */
export type Output = StreamOutput | DataOutput | ErrorOutput;

/** Printed text. */
export interface StreamOutput {
  readonly output_type: "stream";
  readonly name: "stdout" | "stderr";
  readonly text: string | readonly string[];
}

/** Something shown, in several forms to choose from. */
export interface DataOutput {
  readonly output_type: "display_data" | "execute_result";
  /** By MIME type; texts are whole or in lines. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly execution_count?: number | null;
}

/** What was thrown. */
export interface ErrorOutput {
  readonly output_type: "error";
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/**
 * Reads a notebook.
 *
 * @param path Its file.
 * @returns Its contents.
 */
export async function readNotebook(path: string | URL): Promise<Notebook> {
  const notebook: Notebook = JSON.parse(await Deno.readTextFile(path));
  if (notebook.nbformat !== 4 || !Array.isArray(notebook.cells)) {
    throw new SyntaxError(
      `Cannot read notebook "${path}" as "nbformat" must be 4 and "cells" a list`,
    );
  }
  return notebook;
}

/**
 * Joins a text that a notebook stores whole or as lines.
 *
 * @param text The text, or lines with their line ends.
 * @returns The whole text.
 */
export function joined(text: unknown): string {
  return Array.isArray(text) ? text.join("") : String(text);
}

/**
 * Tags of a cell.
 *
 * @param cell The cell.
 * @returns The tags, none if it has no such field.
 */
export function tagsOf(cell: Cell): readonly string[] {
  return cell.metadata.tags ?? [];
}

/**
 * Writes a notebook as Jupyter does, with texts as lists of lines, so that changes
 * are small in version control.
 *
 * @param path Its file.
 * @param notebook The notebook.
 */
export async function writeNotebook(
  path: string | URL,
  notebook: Notebook,
): Promise<void> {
  const cells = notebook.cells.map((cell) => {
    // Without a line end at its end, `deno fmt --check` refuses any source.
    const source = lines(joined(cell.source).trimEnd() + "\n");
    if (cell.cell_type === "markdown") return { ...cell, source };
    return { ...cell, source, outputs: cell.outputs.map(inLines) };
  });
  const text = JSON.stringify({ ...notebook, cells }, null, 1);
  await Deno.writeTextFile(path, text + "\n");
}

function inLines(output: Output): Output {
  if (output.output_type === "error") return output;
  if (output.output_type === "stream") {
    return { ...output, text: lines(joined(output.text)) };
  }
  const data = Object.fromEntries(
    Object.entries(output.data).map(([type, value]) => [
      type,
      type.startsWith("text/") ? lines(joined(value)) : value,
    ]),
  );
  return { ...output, data };
}

/** A text's lines, each with its line end. */
function lines(text: string): string[] {
  return text.split(/(?<=\n)/);
}
