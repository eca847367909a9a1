/**
 * A source over columns of any store.
 *
 * @module
 */
import { cannot, checkInteger, quote } from "../check.ts";
import { abortError } from "../errors.ts";
import { attachView } from "../display/attach_view.ts";
import type { View } from "../display/view.ts";
import type {
  Batch,
  DataSource,
  NdArray,
  TensorSpec,
  WantedBatches,
} from "../types.ts";
import {
  checkWritten,
  findColumn,
  type InputColumns,
  planInputs,
} from "./column_plan.ts";
import { columnView } from "./_column_view.ts";
import {
  type Block,
  type Cells,
  type ColumnStore,
  rebatch,
  wholeColumn,
} from "./_columns.ts";
import { IMAGE_SIDE } from "./_source_view.ts";
import { classesOf, indicesOfNames } from "./class_names.ts";
import { checkNoImages, ImageInput } from "./image_input.ts";
import { labelsOf } from "./labels.ts";
import { sampleRows } from "./sample_rows.ts";
import { inputNames, type TableOptions } from "./table_options.ts";

/** The parts of a source. */
export interface ColumnSourceParts {
  /** Its name, such as `table "a.csv"`. */
  readonly title: string;
  /** The action, for messages. */
  readonly action: string;
  /** Opens the columns. */
  readonly open: () => Promise<ColumnStore>;
  readonly options: TableOptions;
  /** Further contents, for the fingerprint. */
  readonly settings: unknown;
}

/** Facts about opened columns. */
interface Known {
  readonly columns: ColumnStore["columns"];
  /** Number of rows of the store. */
  readonly total: number;
  /** The selected rows; undefined for all. */
  readonly rows: Uint32Array | undefined;
  readonly length: number;
  /** Class indices of the selected rows. */
  readonly labels?: Int32Array | undefined;
}

/** The row of each id. */
type RowsOfIds = Map<string | number, number | "several">;

const HEAD = 5; // rows in a view

/** A source over columns. Length and classes are known once it is prepared. */
export class ColumnSource implements DataSource {
  declare readonly fingerprint?: () => Promise<string>;
  readonly #parts: ColumnSourceParts;
  #preparing: Promise<Known> | undefined;
  #known: Known | undefined;
  #classNames: readonly string[] | undefined;
  #head: readonly Cells[] = [];
  #rowOf: RowsOfIds | undefined;

  constructor(parts: ColumnSourceParts) {
    this.#parts = parts;
    // A function has no fingerprint.
    if (typeof parts.options.preprocess !== "function") {
      this.fingerprint = () => this.#fingerprint();
    }
  }

  /** Number of samples; undefined before it is prepared. */
  get length(): number {
    return this.#known?.length as number;
  }

  /**
   * Names of the classes; undefined before it is prepared, or if there are
   * none.
   */
  get classNames(): readonly string[] {
    return this.#classNames as readonly string[];
  }

  async prepare(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw abortError(signal, "before the first sample");
    await this.#prepared();
  }

  batches(wanted: WantedBatches): AsyncIterable<Batch> {
    const { action } = this.#parts;
    checkInteger(wanted.size, action, "size");
    checkInteger(wanted.start, action, "start", 0);
    return this.#read(wanted, undefined);
  }

  async samples(
    ids: readonly (string | number)[],
    inputs?: readonly TensorSpec[],
  ): Promise<Batch> {
    const known = await this.#prepared();
    this.#rowOf ??= await this.#idRows(known);
    const rows = Uint32Array.from(ids, (id) => {
      const row = this.#rowOf!.get(id);
      if (row !== undefined && row !== "several") return row;
      const rule = row === undefined
        ? "every id must be that of a sample"
        : "every id must be that of one sample only";
      throw new RangeError(cannot("read samples", rule, id));
    });
    const specs = inputs ?? [LOOKS];
    const wanted = { size: rows.length, start: 0, inputs: specs };
    for await (const batch of this.#read(wanted, rows, inputs === undefined)) {
      return batch;
    }
    throw new RangeError(cannot("read samples", "there must be an id", 0));
  }

  #prepared(): Promise<Known> {
    return this.#preparing ??= this.#find().catch((error) => {
      this.#preparing = undefined; // the file may exist the next time
      throw error;
    });
  }

  async #find(): Promise<Known> {
    const { action, options } = this.#parts;
    const store = await this.#parts.open();
    try {
      const { columns, count } = store;
      for (const option of ["labels", "ids"] as const) {
        const name = options[option];
        if (name === undefined) continue;
        checkWritten(findColumn(name, columns, action), option, action);
      }
      if (count === 0) {
        throw new RangeError(cannot(action, "there must be a row", 0));
      }
      const labels = await this.#labels(store);
      const facts = { count, labels, classNames: this.#classNames };
      const rows = sampleRows(facts, options, action);
      this.#head = await store.head(HEAD);
      return this.#known = {
        columns,
        total: count,
        rows,
        length: rows?.length ?? count,
        labels: rows === undefined || labels === undefined
          ? labels
          : Int32Array.from(rows, (row) => labels[row]!),
      };
    } finally {
      store.close();
    }
  }

  /** Reads class indices of all rows, and determines the classes. */
  async #labels(store: ColumnStore): Promise<Int32Array | undefined> {
    const { action, options: { labels: name, classes } } = this.#parts;
    if (name === undefined) {
      this.#classNames = classes;
      return undefined;
    }
    const column = await wholeColumn(store, name);
    if (column.kind === "strings") {
      this.#classNames = Object.freeze(
        [...classes ?? classesOf(column.values, action)],
      );
      return indicesOfNames(column.values, this.#classNames, action);
    }
    if (column.kind === "images" || column.shape.length > 0) {
      const rule = `column ${quote(name)} must hold labels: numbers or strings`;
      const { type } = findColumn(name, store.columns, action);
      throw new TypeError(cannot(action, rule, type));
    }
    const names = classes ?? store.classNames(name);
    this.#classNames = names && Object.freeze([...names]);
    return labelsOf(column.data as Float32Array, store.count, action);
  }

  async *#read(
    { size, start, inputs, signal }: WantedBatches,
    picked: Uint32Array | undefined,
    isLooks = false,
  ): AsyncGenerator<Batch> {
    const known = await this.#prepared();
    const { action, options } = this.#parts;
    const others = this.#others();
    const plan = isLooks ? this.#looks(known) : planInputs(inputs, {
      columns: known.columns,
      inputs: options.inputs,
      others,
      action,
    });
    const image = this.#imageInput(plan, isLooks);
    if (image === undefined && !isLooks) checkNoImages(options, action);
    const names = [
      ...new Set([...plan.flatMap(({ columns }) => columns), ...others]),
    ];
    const rows = picked ?? known.rows;
    const facts = { action, options, classNames: this.#classNames };
    const store = await this.#parts.open();
    const { findColumnSize, imageBatch, numberBatch } = await import(
      "./_column_batches.ts"
    );
    const { readAhead } = await import("./read_ahead.ts");
    try {
      const blocks = rebatch(store.read(names, start, rows), size);
      const numbered = numberedBlocks(blocks, { start, rows }, (at) => {
        if (!signal?.aborted) return;
        throw abortError(signal, `after ${at} of ${known.length} samples`);
      });
      if (image === undefined) {
        for await (const { block, numbers } of numbered) {
          yield numberBatch(block, numbers, plan, facts);
        }
        return;
      }
      const column = plan[0]!.columns[0]!;
      if (!image.hasSize) {
        await findColumnSize(store, known.rows, column, image, facts);
      }
      yield* readAhead(
        numbered,
        ({ block, numbers }) =>
          imageBatch(block, numbers, column, image, facts, isLooks),
      );
    } finally {
      store.close();
    }
  }

  /** The columns of labels and ids. */
  #others(): string[] {
    const { labels, ids } = this.#parts.options;
    return [labels, ids].filter((name) => name !== undefined);
  }

  /**
   * The only column of images, for display, otherwise the inputs of a model.
   */
  #looks({ columns }: Known): readonly InputColumns[] {
    const { action, options: { inputs } } = this.#parts;
    const named = inputNames(inputs);
    const images = columns.filter(({ name, kind }) =>
      kind === "images" && (named?.includes(name) ?? true)
    );
    if (images.length === 1) {
      return [{ spec: LOOKS, columns: [images[0]!.name], isImage: true }];
    }
    const others = this.#others();
    return planInputs([LOOKS], { columns, inputs: named, others, action });
  }

  #imageInput(
    plan: readonly InputColumns[],
    isLooks: boolean,
  ): ImageInput | undefined {
    const { action, options } = this.#parts;
    const images = plan.filter(({ isImage }) => isImage);
    if (images.length === 0) return undefined;
    if (plan.length > 1) {
      const rule = "a model must have one input to take images";
      throw new TypeError(
        cannot(action, rule, plan.map(({ spec }) => spec.name)),
      );
    }
    const { orient = false } = options;
    return isLooks
      ? new ImageInput(LOOKS, {
        size: [IMAGE_SIDE, IMAGE_SIDE],
        antialias: true,
        fit: "pad",
        orient,
      }, action)
      : new ImageInput(images[0]!.spec, options, action);
  }

  async #idRows({ rows, total }: Known): Promise<RowsOfIds> {
    const { action, options: { ids: name } } = this.#parts;
    const all = rows ?? Array.from({ length: total }, (_, i) => i);
    if (name === undefined) {
      return new Map(Array.from(all, (row) => [row, row]));
    }
    const store = await this.#parts.open();
    const { idValues } = await import("./_column_batches.ts");
    try {
      const ids = idValues(await wholeColumn(store, name), name, action);
      const found: RowsOfIds = new Map();
      for (const row of all) {
        const id = ids[row]!;
        found.set(id, found.has(id) ? "several" : row);
      }
      return found;
    } finally {
      store.close();
    }
  }

  async #fingerprint(): Promise<string> {
    const { columns, length, rows } = await this.#prepared();
    const { options, settings } = this.#parts;
    const { createHash } = await import("node:crypto");
    const hash = createHash("sha256");
    const facts = [
      Object.entries(options).filter(([, value]) => value !== undefined)
        .sort(),
      settings,
      this.#classNames ?? null,
      length,
      columns,
    ];
    hash.update(JSON.stringify(facts));
    const inputs = inputNames(options.inputs);
    const named = inputs ??
      columns.filter(({ kind }) => kind !== "other").map(({ name }) => name);
    const names = [...new Set([...named, ...this.#others()])].sort();
    for (const name of names) findColumn(name, columns, this.#parts.action);
    const { hashColumns, hashReadable } = await import("./_column_hash.ts");
    const hashed = { open: this.#parts.open, names, rows };
    const hashes = inputs === undefined
      ? await hashReadable(hashed)
      : await hashColumns(hashed);
    return hash.update(JSON.stringify(hashes)).digest("hex");
  }

  static {
    attachView(this.prototype, (self) => self.#view());
  }

  #view(): View {
    const { title } = this.#parts;
    const known = this.#known;
    if (known === undefined) {
      const text = "not read yet: await source.prepare(), or show(source)";
      return { title, blocks: [{ kind: "text", text }] };
    }
    return columnView({
      ...known,
      title,
      labels: known.labels,
      classNames: this.#classNames,
      head: this.#head,
      numbers: (count) => numbersOf(0, count, known.rows),
      images: async (rows) => {
        const wanted = { size: rows.length, start: 0, inputs: [LOOKS] };
        const picked = Uint32Array.from(rows);
        for await (const batch of this.#read(wanted, picked, true)) {
          return (batch as { xs: NdArray }).xs;
        }
        throw new RangeError(cannot("show a table", "there must be a row", 0));
      },
    });
  }
}

const LOOKS: TensorSpec = { name: "images", shape: [], dtype: "float32" };

/** Blocks with the indices of their rows in the store. */
async function* numberedBlocks(
  blocks: AsyncIterable<Block>,
  { start, rows }: Pick<WantedBatches, "start"> & Pick<Known, "rows">,
  checkAborted: (numSamples: number) => void,
): AsyncGenerator<{ block: Block; numbers: number[] }> {
  let first = start;
  for await (const block of blocks) {
    checkAborted(first);
    yield { block, numbers: numbersOf(first, block.rows, rows) };
    first += block.rows;
  }
}

/** Row indices in the store, from selected row `first` on. */
function numbersOf(
  first: number,
  count: number,
  rows: Uint32Array | undefined,
): number[] {
  return Array.from(
    { length: count },
    (_, i) => rows?.[first + i] ?? first + i,
  );
}
