/**
 * Executes notebooks on the real Deno kernel, without Python.
 *
 * A run fails on an error output, a syntax error, a kernel that ends, a cell that
 * takes too long, and a cell without the output that its tags announce. Tags:
 * `expects-figure` (an image or HTML) and `expects-output` (any output).
 *
 * @module
 */
// deno-lint-ignore-file camelcase -- the names are the format's
import { Kernel, type KernelMessage } from "./kernel.ts";
import {
  type Cell,
  type CodeCell,
  type DataOutput,
  joined,
  type Notebook,
  type Output,
  readNotebook,
  type StreamOutput,
  tagsOf,
} from "./notebook_file.ts";

/** Settings of {@linkcode runNotebook}. */
export interface RunNotebookOptions {
  /** How long a cell may run, in ms. @default {120000} */
  readonly timeoutMs?: number;
  /**
   * The renderer for the notebook's set-up cell, instead of its own; default: the
   * cells run as they are.
   */
  readonly renderer?: "html" | "png";
  /** Called with each cell, before it runs. */
  readonly onCell?: (cell: Cell) => void;
}

/** What a run gave. */
export interface NotebookRun {
  /** The notebook as it ran, with its new outputs. */
  readonly notebook: Notebook;
}

/** A cell that did not do what it should. */
export class NotebookError extends Error {
  /** The error's class, for programs that go by name. */
  override readonly name = "NotebookError";
  /** Which cell, from 0, prose counted. */
  readonly cell: number;

  /**
   * Creates the error and formats its message.
   *
   * @param path The notebook.
   * @param cell Index of the cell, from 0.
   * @param reason The fault.
   * @param options The underlying error.
   */
  constructor(
    path: string,
    cell: number,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`Cannot run cell ${cell} of "${path}": ${reason}`, options);
    this.cell = cell;
  }
}

/**
 * Runs all cells of a notebook in order, in a new kernel.
 *
 * The file is not changed. The kernel's working directory is the notebook's
 * folder, as in JupyterLab. It is terminated in any case.
 *
 * @param path The notebook's file.
 * @param options Time limit and renderer.
 * @returns The notebook with its outputs.
 * @throws {NotebookError} At the first cell that fails.
 */
export async function runNotebook(
  path: string,
  options: RunNotebookOptions = {},
): Promise<NotebookRun> {
  const { renderer, timeoutMs = 120_000, onCell } = options;
  let notebook = await readNotebook(path);
  if (renderer !== undefined) notebook = withRenderer(notebook, renderer);
  const folder = (await Deno.realPath(path)).replace(/[^/\\]*$/, "");
  const outputs = new OutputCollector();
  const cells: Cell[] = [];
  await using kernel = await Kernel.start(folder);
  for (const [index, cell] of notebook.cells.entries()) {
    onCell?.(cell);
    if (cell.cell_type !== "code" || joined(cell.source).trim() === "") {
      cells.push(cell);
      continue;
    }
    const collected = outputs.startCell();
    const count = await runCell(kernel, path, index, cell, outputs, timeoutMs);
    cells.push({ ...cell, outputs: collected, execution_count: count });
  }
  // All outputs are complete only now: a later cell may update an earlier one.
  for (const [index, cell] of cells.entries()) {
    const missing = missingOutput(cell);
    if (missing !== undefined) throw new NotebookError(path, index, missing);
  }
  return { notebook: { ...notebook, cells } };
}

async function runCell(
  kernel: Kernel,
  path: string,
  index: number,
  cell: CodeCell,
  outputs: OutputCollector,
  timeoutMs: number,
): Promise<number | null> {
  let messages: KernelMessage[];
  try {
    messages = await kernel.execute(joined(cell.source), { timeoutMs });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new NotebookError(path, index, reason, { cause });
  }
  let count: number | null = null;
  for (const { type, content } of messages) {
    outputs.add(type, content);
    if (type === "execute_reply") {
      count = Number(content["execution_count"] ?? 0) || null;
    }
  }
  // A syntax error is in the reply only, a failing display in the outputs only.
  const error = messages.find(({ type }) => type === "error") ??
    messages.find(({ type, content }) =>
      type === "execute_reply" && content["status"] === "error"
    );
  if (error !== undefined) {
    const { ename, evalue, traceback } = error.content;
    const trace = Array.isArray(traceback) ? traceback.join("\n") : "";
    throw new NotebookError(path, index, `${ename}: ${evalue}\n${trace}`);
  }
  return count;
}

/** What a cell's tags promise and its outputs do not hold; undefined if nothing. */
function missingOutput(cell: Cell): string | undefined {
  if (cell.cell_type !== "code") return undefined;
  const tags = tagsOf(cell);
  if (tags.includes("expects-output") && cell.outputs.length === 0) {
    return `it is tagged "expects-output", and shows nothing`;
  }
  const hasFigure = cell.outputs.some((output) =>
    "data" in output && ("image/png" in output.data ||
      "text/html" in output.data)
  );
  if (tags.includes("expects-figure") && !hasFigure) {
    return `it is tagged "expects-figure", and shows no picture and no HTML`;
  }
  return undefined;
}

/** The notebook with another renderer in its set-up cell. */
function withRenderer(notebook: Notebook, renderer: string): Notebook {
  let found = false;
  const cells = notebook.cells.map((cell) => {
    if (cell.cell_type !== "code" || !tagsOf(cell).includes("setup")) {
      return cell;
    }
    const source = joined(cell.source)
      .replace(/(?<=\brenderer: )"\w+"/, () => {
        found = true;
        return JSON.stringify(renderer);
      });
    return { ...cell, source };
  });
  if (found) return { ...notebook, cells };
  throw new Error(
    `Cannot set renderer as a cell tagged "setup" must say which one: it is not there`,
  );
}

/** An output that may be updated, and the cell's list that it is in. */
interface Shown {
  readonly outputs: Output[];
  output: Output;
}

/**
 * Outputs as a notebook stores them: text is merged, earlier outputs are updated
 * by their display id and cleared on request.
 */
class OutputCollector {
  #outputs: Output[] = [];
  #clearLater = false;
  readonly #shown = new Map<string, Shown[]>();

  /** Begins a cell, and gives the list that its outputs will be in. */
  startCell(): readonly Output[] {
    this.#outputs = [];
    this.#clearLater = false;
    return this.#outputs;
  }

  /** Takes one message of the kernel. */
  add(type: string, content: KernelMessage["content"]): void {
    if (type === "clear_output") {
      if (content["wait"] === true) this.#clearLater = true;
      else this.#outputs.length = 0;
    } else if (type === "update_display_data") {
      this.#update(content);
    } else if (type === "stream") {
      this.#addText(content);
    } else if (type === "display_data" || type === "execute_result") {
      this.#addData(type, content);
    }
  }

  #push(output: Output): void {
    if (this.#clearLater) this.#outputs.length = 0;
    this.#clearLater = false;
    this.#outputs.push(output);
  }

  #addText(content: KernelMessage["content"]): void {
    const name = content["name"] === "stderr" ? "stderr" : "stdout";
    const text = String(content["text"]);
    const last = this.#outputs.at(-1);
    const isMore = !this.#clearLater && last?.output_type === "stream" &&
      last.name === name;
    const output: StreamOutput = { output_type: "stream", name, text };
    if (!isMore) return this.#push(output);
    const whole = joined(last.text) + text;
    this.#outputs[this.#outputs.length - 1] = { ...output, text: whole };
  }

  #addData(
    type: DataOutput["output_type"],
    content: KernelMessage["content"],
  ): void {
    const output: DataOutput = {
      output_type: type,
      data: asRecord(content["data"]),
      metadata: asRecord(content["metadata"]),
    };
    const count = Number(content["execution_count"]);
    this.#push(
      type === "execute_result"
        ? { ...output, execution_count: count }
        : output,
    );
    const id = displayId(content);
    if (id === undefined) return;
    const shown = { outputs: this.#outputs, output: this.#outputs.at(-1)! };
    this.#shown.set(id, [...this.#shown.get(id) ?? [], shown]);
  }

  #update(content: KernelMessage["content"]): void {
    for (const shown of this.#shown.get(displayId(content) ?? "") ?? []) {
      const index = shown.outputs.indexOf(shown.output);
      if (index < 0) continue; // cleared since
      shown.output = {
        ...shown.output as DataOutput,
        data: asRecord(content["data"]),
        metadata: asRecord(content["metadata"]),
      };
      shown.outputs[index] = shown.output;
    }
  }
}

function displayId(content: KernelMessage["content"]): string | undefined {
  const id = asRecord(content["transient"])["display_id"];
  return typeof id === "string" ? id : undefined;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null
    ? value as Record<string, unknown>
    : {};
}
