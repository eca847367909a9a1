/**
 * A source over columns, whatever holds them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { cannot, checkInteger, checkOptions, quote } from "../check.ts";
import { abortError } from "../errors.ts";
import { attachView } from "../display/attach_view.ts";
import { countText, numberText } from "../display/cell.ts";
import type { Block as ViewBlock, View } from "../display/view.ts";
import type {
  Batch,
  DataSource,
  NdArray,
  TensorSpec,
  WantedBatches,
} from "../types.ts";
import {
  findColumn,
  inputArray,
  type InputColumns,
  type NamedInputs,
  planInputs,
} from "./_column_plan.ts";
import {
  type Block,
  type Cells,
  type Column,
  type ColumnStore,
  type ImageColumn,
  rebatch,
  wholeColumn,
} from "./_columns.ts";
import { type ImageBatchOptions, openBatch } from "./_image_batches.ts";
import {
  IMAGE_SIDE,
  imagesBlock,
  MOST_IMAGES,
  sourceView,
} from "./_source_view.ts";
import { checkClassNames, classesOf, indicesOfNames } from "./class_names.ts";
import {
  checkImageOptions,
  IMAGE_OPTIONS,
  ImageInput,
  type ImageOptions,
} from "./image_input.ts";
import { labelsOf } from "./labels.ts";
import { readAhead } from "./read_ahead.ts";
import {
  checkSampleOptions,
  SAMPLE_OPTIONS,
  type SampleOptions,
  sampleRows,
} from "./sample_rows.ts";

/**
 * Settings of sources with named columns or arrays.
 *
 * @category Data
 */
export interface TableOptions extends ImageOptions, SampleOptions {
  /**
   * Columns that the model takes: one, or several of single numbers, which
   * become one input side by side; of a model with several inputs, those of
   * each by its name. A column of lists that has as many values as the input is
   * brought to its shape.
   *
   * @default {columns named as the inputs; otherwise the only images, or all numbers}
   */
  readonly inputs?: NamedInputs;
  /** Column of the labels: class indices or names of classes. @default {none} */
  readonly labels?: string;
  /** Column of the ids: texts, or whole numbers. @default {row numbers from 0} */
  readonly ids?: string;
  /** Names of the classes, by label. @default {those that the file knows, or the texts of the labels, sorted} */
  readonly classes?: readonly string[];
}

/** Names of {@linkcode TableOptions}. */
export const TABLE_OPTIONS = [
  ...["inputs", "labels", "ids", "classes"],
  ...IMAGE_OPTIONS,
  ...SAMPLE_OPTIONS,
];

/**
 * Checks the settings.
 *
 * @param options What came.
 * @param action What was to be done.
 * @param more Names of further options.
 * @throws {TypeError} If an option is unknown or of another type.
 * @throws {RangeError} If a value is out of range.
 */
export function checkTableOptions(
  options: TableOptions,
  action: string,
  more: readonly string[] = [],
): void {
  checkOptions(options, action, [...TABLE_OPTIONS, ...more]);
  checkImageOptions(options, action);
  checkSampleOptions(options, action);
  for (const name of ["labels", "ids"] as const) {
    const value = options[name];
    if (value === undefined || typeof value === "string") continue;
    const rule = `"${name}" must be the name of a column`;
    throw new TypeError(cannot(action, rule, value));
  }
  const { inputs, classes } = options;
  if (classes !== undefined) checkClassNames(classes, action);
  const isNames = (value: unknown) =>
    typeof value === "string" ||
    Array.isArray(value) && value.length > 0 &&
      value.every((name) => typeof name === "string");
  const isNamed = inputs === undefined || isNames(inputs) ||
    typeof inputs === "object" && inputs !== null && !Array.isArray(inputs) &&
      Object.values(inputs).every(isNames);
  if (isNamed) return;
  const rule = '"inputs" must be a column, an array of columns, or a record ' +
    "of them by input";
  throw new TypeError(cannot(action, rule, inputs));
}

/** What a source is made of. */
export interface ColumnSourceParts {
  /** How it names itself, as in `table "a.csv"`. */
  readonly title: string;
  /** What was to be done, for messages. */
  readonly action: string;
  /** Opens the columns. */
  readonly open: () => Promise<ColumnStore>;
  readonly options: TableOptions;
  /** What else makes the contents, for the fingerprint. */
  readonly settings: unknown;
}

/** What is known once the columns were opened. */
interface Known {
  readonly columns: ColumnStore["columns"];
  /** Rows of the store. */
  readonly total: number;
  /** Rows that come; undefined for all. */
  readonly rows: Uint32Array | undefined;
  readonly length: number;
  /** Class indices of the rows that come. */
  readonly labels?: Int32Array | undefined;
}

const HEAD = 5; // rows that a view shows

/** A source over columns. Length and classes are known once it is prepared. */
export class ColumnSource implements DataSource {
  declare readonly fingerprint?: () => Promise<string>;
  readonly #parts: ColumnSourceParts;
  #preparing: Promise<Known> | undefined;
  #known: Known | undefined;
  #classNames: readonly string[] | undefined;
  #head: readonly Cells[] = [];
  #rowOf: Map<string | number, number> | undefined;

  constructor(parts: ColumnSourceParts) {
    this.#parts = parts;
    // A function has no contents to go by.
    if (typeof parts.options.preprocess !== "function") {
      this.fingerprint = () => this.#fingerprint();
    }
  }

  /** Samples that come; undefined before it is prepared. */
  get length(): number {
    return this.#known?.length as number;
  }

  /** Names of the classes; undefined before it is prepared, or without any. */
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
      if (row !== undefined) return row;
      const rule = "every id must be that of a sample";
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
      this.#preparing = undefined; // the file may be there the next time
      throw error;
    });
  }

  async #find(): Promise<Known> {
    const { action, options } = this.#parts;
    const store = await this.#parts.open();
    try {
      const { columns, count } = store;
      for (const name of [options.labels, options.ids]) {
        if (name !== undefined) findColumn(name, columns, action);
      }
      if (count === 0) {
        throw new RangeError(cannot(action, "there must be a row", 0));
      }
      const labels = await this.#labels(store);
      const classNames = this.#classNames;
      const facts = { count, labels, classNames };
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

  /** Class indices of all rows; names the classes on the way. */
  async #labels(store: ColumnStore): Promise<Int32Array | undefined> {
    const { action, options: { labels: name, classes } } = this.#parts;
    if (name === undefined) {
      this.#classNames = classes;
      return undefined;
    }
    const column = await wholeColumn(store, name);
    if (column.kind === "texts") {
      this.#classNames = Object.freeze(
        [...classes ?? classesOf(column.values, action)],
      );
      return indicesOfNames(column.values, this.#classNames, action);
    }
    if (column.kind === "images" || column.shape.length > 0) {
      const rule = `column ${quote(name)} must hold labels: numbers or texts`;
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
    const { labels: label, ids } = options;
    const others = [label, ids].filter((name) => name !== undefined);
    const plan = isLooks ? this.#looks(known) : planInputs(inputs, {
      columns: known.columns,
      inputs: options.inputs,
      others,
      action,
    });
    const image = this.#imageInput(plan, isLooks);
    const names = [
      ...new Set([...plan.flatMap(({ columns }) => columns), ...others]),
    ];
    const rows = picked ?? known.rows;
    const store = await this.#parts.open();
    try {
      let at = start;
      const numbered = async function* () {
        for await (
          const block of rebatch(store.read(names, start, rows), size)
        ) {
          if (signal?.aborted) {
            throw abortError(signal, `after ${at} of ${known.length} samples`);
          }
          const first = at;
          at += block.rows;
          yield { block, numbers: numbersOf(first, block.rows, rows) };
        }
      };
      if (image === undefined) {
        for await (const { block, numbers } of numbered()) {
          yield this.#batch(block, numbers, plan);
        }
        return;
      }
      if (!image.hasSize) await this.#firstSize(store, image, plan, known.rows);
      yield* readAhead(
        numbered(),
        ({ block, numbers }) => this.#openImages(block, numbers, plan, image),
      );
    } finally {
      store.close();
    }
  }

  /** The only column of images, to look at. */
  #looks(known: Known): readonly InputColumns[] {
    const { inputs } = this.#parts.options;
    const named = inputs === undefined
      ? []
      : Object.values({ ...[inputs].flat() as object }).flat();
    const images = known.columns.filter(({ name, kind }) =>
      kind === "images" && (named.length === 0 || named.includes(name))
    );
    if (images.length === 1) {
      return [{ spec: LOOKS, columns: [images[0]!.name], isImage: true }];
    }
    const rule = "there must be one column of images to look at";
    const names = images.map(({ name }) => name);
    throw new TypeError(cannot("read samples", rule, names));
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

  async #firstSize(
    store: ColumnStore,
    image: ImageInput,
    [plan]: readonly InputColumns[],
    rows: Uint32Array | undefined,
  ): Promise<void> {
    const name = plan!.columns[0]!;
    for await (const block of store.read([name], 0, rows?.slice(0, 1))) {
      const column = block.columns.get(name) as ImageColumn;
      await image.sizeOf(column.values[0]!, column.names[0] ?? "row 0");
      return;
    }
  }

  #batch(
    block: Block,
    numbers: readonly number[],
    plan: readonly InputColumns[],
  ): Batch {
    const { action } = this.#parts;
    const arrays = plan.map((input) => inputArray(block, input, action));
    const xs = plan.length === 1
      ? arrays[0]!
      : Object.fromEntries(plan.map(({ spec }, i) => [spec.name, arrays[i]!]));
    const ys = this.#labelsIn(block);
    const ids = this.#idsIn(block, numbers);
    return { xs, ids, ...(ys === undefined ? {} : { ys }) };
  }

  #openImages(
    block: Block,
    numbers: readonly number[],
    [plan]: readonly InputColumns[],
    input: ImageInput,
  ) {
    const { values, names } = block.columns.get(
      plan!.columns[0]!,
    ) as ImageColumn;
    const images = {
      length: block.rows,
      id: (row: number) => names[row] ?? `row ${numbers[row]}`,
      ids: this.#idsIn(block, numbers),
      labels: this.#labelsIn(block),
      read: (row: number) => Promise.resolve(values[row]!),
    };
    const options: Pick<ImageBatchOptions, "input" | "skips" | "action"> = {
      input,
      skips: this.#parts.options.onBad === "skip",
      action: this.#parts.action,
    };
    return openBatch(images, 0, block.rows, options);
  }

  /** Class indices of a block, as they were found for all. */
  #labelsIn(block: Block): Int32Array | undefined {
    const { action, options: { labels: name } } = this.#parts;
    if (name === undefined) return undefined;
    const column = block.columns.get(name)!;
    return column.kind === "texts"
      ? indicesOfNames(column.values, this.#classNames!, action)
      : labelsOf((column as { data: Float32Array }).data, block.rows, action);
  }

  #idsIn(
    block: Block,
    numbers: readonly number[],
  ): readonly (string | number)[] {
    const { action, options: { ids: name } } = this.#parts;
    if (name === undefined) return numbers;
    const column = block.columns.get(name)!;
    return idValues(column, name, action);
  }

  async #idRows({ rows, total }: Known): Promise<Map<string | number, number>> {
    const { action, options: { ids: name } } = this.#parts;
    const all = rows ?? Array.from({ length: total }, (_, i) => i);
    if (name === undefined) {
      return new Map(Array.from(all, (row) => [row, row]));
    }
    const store = await this.#parts.open();
    try {
      const ids = idValues(await wholeColumn(store, name), name, action);
      return new Map(Array.from(all, (row) => [ids[row]!, row]));
    } finally {
      store.close();
    }
  }

  async #fingerprint(): Promise<string> {
    const { rows, columns, length } = await this.#prepared();
    const { options, settings } = this.#parts;
    const hash = createHash("sha256");
    const facts = [
      options,
      settings,
      this.#classNames ?? null,
      length,
      columns,
    ];
    hash.update(JSON.stringify(facts));
    const named = options.inputs === undefined
      ? columns.filter(({ kind }) => kind !== "other").map(({ name }) => name)
      : [options.inputs].flat().flatMap((one) =>
        typeof one === "string" ? [one] : Object.values(one).flat()
      );
    const others = [options.labels, options.ids]
      .filter((name) => name !== undefined);
    const names = [...new Set([...named, ...others])].sort();
    const store = await this.#parts.open();
    try {
      for await (const block of rebatch(store.read(names, 0, rows), 1024)) {
        for (const name of names) hashColumn(hash, block.columns.get(name)!);
      }
    } finally {
      store.close();
    }
    return hash.digest("hex");
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
    const { columns, total, length, labels } = known;
    const of = total === length ? "" : ` of ${numberText(total)}`;
    const head: ViewBlock = {
      kind: "table",
      title: `first ${countText(this.#head.length, "row")} of the table`,
      columns: columns.map(({ name }) => ({ name })),
      rows: this.#head,
    };
    const images = columns.filter(({ kind }) => kind === "images");
    return sourceView({
      title: `${title}: ${countText(length, "row")}${of}, ` +
        countText(columns.length, "column"),
      notes: [],
      labels,
      classNames: this.#classNames,
      blocks: images.length === 1 ? [head, this.#imageFigure(known)] : [head],
    });
  }

  #imageFigure({ length, rows, labels }: Known): ViewBlock {
    const count = Math.min(length, MOST_IMAGES);
    const numbers = numbersOf(0, count, rows);
    const captions = numbers.map((row, i) =>
      labels === undefined
        ? `row ${row}`
        : this.#classNames?.[labels[i]!] ?? String(labels[i])
    );
    return imagesBlock(count, async () => {
      const wanted = { size: count, start: 0, inputs: [LOOKS] };
      const picked = Uint32Array.from(numbers);
      for await (const batch of this.#read(wanted, picked, true)) {
        const { xs } = batch as { xs: NdArray };
        return { images: xs, captions };
      }
      throw new RangeError(cannot("show a table", "there must be a row", 0));
    });
  }
}

const LOOKS: TensorSpec = { name: "images", shape: [], dtype: "float32" };

/** Row numbers in the store, of rows from `first` on. */
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

function idValues(
  column: Column,
  name: string,
  action: string,
): readonly (string | number)[] {
  if (column.kind === "texts") return column.values;
  if (column.kind === "images" || column.shape.length > 0) {
    const rule = `column ${quote(name)} must hold ids: texts or whole numbers`;
    throw new TypeError(cannot(action, rule, column.kind));
  }
  const values = column.data as ArrayLike<number | bigint>;
  return Array.from(values, (value) => {
    const id = Number(value);
    if (Number.isSafeInteger(id)) return id;
    const rule =
      `ids in column ${quote(name)} must be whole numbers that are ` +
      "exact in float64";
    throw new RangeError(cannot(action, rule, value));
  });
}

function hashColumn(hash: ReturnType<typeof createHash>, column: Column): void {
  if (column.kind === "numbers") {
    const { buffer, byteOffset, byteLength } = column.data;
    hash.update(JSON.stringify([column.dtype, column.shape, byteLength]));
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  } else if (column.kind === "texts") {
    hash.update(JSON.stringify(column.values));
  } else {
    for (const bytes of column.values) {
      hash.update(JSON.stringify(bytes.length)).update(bytes);
    }
  }
}
