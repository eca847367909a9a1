import {
  cannot,
  checkInteger,
  checkOptions,
  refuseMore,
  shapeText,
  sizeOf,
} from "../check.ts";
import { attachView } from "../display/attach_view.ts";
import { countText } from "../display/cell.ts";
import { foldRows } from "../display/fold_rows.ts";
import type { View } from "../display/view.ts";
import { emptyStored, type StoredArray } from "../formats/stored_array.ts";
import { missingPath } from "../formats/file_path.ts";
import type { RowRange } from "../formats/safetensors.ts";
import type {
  FeatureSet,
  FeatureSource,
  FeatureSpec,
  SkippedSample,
  StoredFeatures,
} from "../types.ts";
import { Checksum } from "./_column_pieces.ts";
import { badFeatures, type ColumnSpec } from "./_description.ts";
import { readManifest } from "./_folder.ts";
import { openSafetensors } from "./_open_safetensors.ts";
import { bytesOf, checkAlike, type Part } from "./part.ts";
import { checkSetColumns, setOfRows } from "./_stored_set.ts";
import { kindAt, pathOf } from "./target.ts";

const ACTION = "open features";

/** The rows of one file, with the index of the first. */
interface Shard {
  readonly start: number;
  readonly samples: number;
  readonly open: () => Part | Promise<Part>;
}

/**
 * One pass over the rows: the shard that it reads, and the checksums of its
 * rows. Several may read the same files at once.
 */
interface Pass {
  readonly checks: Checks;
  /** The open shard, other than the first of all. */
  current?: { readonly shard: Shard; readonly part: Part } | undefined;
}

class FeatureFiles implements StoredFeatures {
  readonly samples: number;
  readonly specs: readonly FeatureSpec[];
  readonly skipped: readonly SkippedSample[];
  declare readonly classNames?: readonly string[];
  declare readonly source?: FeatureSource;
  readonly #shards: readonly Shard[];
  /** Open until the features are closed. */
  readonly #first: Part;
  /** Shards that passes read. */
  readonly #opened = new Set<Part>();
  #isClosed = false;

  static {
    attachView(
      FeatureFiles.prototype as StoredFeatures,
      (self) => (self as FeatureFiles).#view(),
    );
    refuseMore(FeatureFiles.prototype, "stream(options)", "load()", "close()");
  }

  constructor(shards: readonly Shard[], first: Part) {
    const { description } = first;
    this.samples = shards.reduce((sum, { samples }) => sum + samples, 0);
    this.specs = Object.freeze([...description.specs]);
    this.skipped = Object.freeze([...description.skipped]);
    if (description.classNames !== undefined) {
      this.classNames = Object.freeze([...description.classNames]);
    }
    if (description.source !== undefined) this.source = description.source;
    this.#shards = shards;
    this.#first = first;
  }

  async *stream(
    options: { readonly batch?: number } = {},
  ): AsyncGenerator<FeatureSet> {
    checkOptions(options, "stream features", ["batch"]);
    const { batch = 256 } = options;
    checkInteger(batch, "stream features", "batch");
    const pass: Pass = { checks: new Checks() };
    try {
      for (let start = 0; start < this.samples; start += batch) {
        const end = Math.min(start + batch, this.samples);
        yield await this.#read({ start, end }, pass);
      }
    } finally {
      this.#leave(pass);
    }
  }

  async load(): Promise<FeatureSet> {
    const pass: Pass = { checks: new Checks() };
    try {
      return await this.#read({ start: 0, end: this.samples }, pass);
    } finally {
      this.#leave(pass);
    }
  }

  // deno-lint-ignore require-await
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#first.close();
    for (const part of this.#opened) part.close();
    this.#opened.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #read(rows: RowRange, pass: Pass): Promise<FeatureSet> {
    const { checks } = pass;
    const { description, head } = this.#first;
    const arrays = new Map(
      description.columns.map((column) =>
        [column.name, emptyRows(column, rows.end - rows.start)] as const
      ),
    );
    const ids: (string | number)[] = [];
    for (const shard of this.#shards) {
      const from = Math.max(rows.start, shard.start) - shard.start;
      const to = Math.min(rows.end, shard.start + shard.samples) - shard.start;
      if (from > to || (from === to && rows.start < rows.end)) continue;
      const part = await this.#open(shard, pass);
      const range = { start: from, end: to };
      for (const column of part.description.columns) {
        const array = await part.read(column.name, range);
        checks.column(part, column, array, range);
        const at = shard.start + from - rows.start;
        const { data } = arrays.get(column.name)!;
        (data as Uint8Array).set(
          array.data as Uint8Array,
          at * sizeOf(column.shape),
        );
      }
      const found = await part.ids(range);
      checks.ids(part, found, range);
      for (const id of found) ids.push(id);
    }
    return setOfRows(description, { arrays, ids }, head);
  }

  /**
   * Opens a shard. A pass has at most one open besides the first, because rows
   * are read in order.
   */
  async #open(shard: Shard, pass: Pass): Promise<Part> {
    this.#checkOpen();
    if (shard === this.#shards[0]) return this.#first;
    if (pass.current?.shard === shard) return pass.current.part;
    this.#leave(pass);
    const part = await shard.open();
    try {
      checkPart(part, shard.samples);
      checkAlike(this.#first.description, part.description, part.name);
      this.#checkOpen(); // may have been closed meanwhile
    } catch (error) {
      part.close();
      throw error;
    }
    this.#opened.add(part);
    pass.current = { shard, part };
    return part;
  }

  #checkOpen(): void {
    if (!this.#isClosed) return;
    const rule = "the files must be open";
    const hint = "call openFeatures() again";
    throw new TypeError(cannot("read features", rule, "closed", hint));
  }

  /** Closes the shard of a pass. */
  #leave(pass: Pass): void {
    const { current } = pass;
    if (current === undefined) return;
    // Closed already if the features were closed meanwhile.
    if (this.#opened.delete(current.part)) current.part.close();
    pass.current = undefined;
  }

  #view(): View {
    const { columns } = this.#first.description;
    const { rows, listed, next } = foldRows(columns.length, (i) => {
      const { name, shape, dtype } = columns[i]!;
      return [name, shapeText([this.samples, ...shape]), dtype];
    });
    const text = `${listed} of ${columns.length} columns listed: ` +
      "stored.specs names the layers.";
    return {
      title: `StoredFeatures of ${countText(this.samples, "sample")}`,
      blocks: [
        {
          kind: "table",
          columns: ["column", "shape", "dtype"].map((name) => ({
            name,
            align: "left" as const,
          })),
          rows,
        },
        ...next === undefined ? [] : [{ kind: "text", text } as const],
      ],
    };
  }
}

/** Verifies the rows of one reader, shard by shard. */
class Checks {
  readonly #columns = new Map<string, Checksum>();
  #ids: Checksum | undefined;

  column(
    part: Part,
    column: ColumnSpec,
    array: StoredArray,
    { start, end }: RowRange,
  ): void {
    if (start === 0) {
      this.#columns.set(column.name, new Checksum(part, column));
    }
    const check = this.#columns.get(column.name)!;
    check.add(bytesOf(array));
    if (end === part.description.samples) check.finish();
  }

  ids(
    part: Part,
    ids: readonly (string | number)[],
    { start, end }: RowRange,
  ): void {
    if (start === 0) this.#ids = new Checksum(part, part.description.ids);
    this.#ids!.addIds(ids);
    if (end === part.description.samples) this.#ids!.finish();
  }
}

function emptyRows({ dtype, shape }: ColumnSpec, rows: number): StoredArray {
  const data = emptyStored(dtype, rows * sizeOf(shape));
  return { data, shape: [rows, ...shape], dtype };
}

function checkPart({ name, description }: Part, samples: number): void {
  checkSetColumns(description, name);
  if (description.samples === samples) return;
  const rule = `it must hold ${samples} rows`;
  throw badFeatures(name, rule, description.samples);
}

/**
 * Opens one file, or a folder of shards.
 *
 * @param target A path or `file:` URL.
 * @returns The features; the caller closes them.
 */
export async function openFeatureFiles(
  target: string | URL,
): Promise<StoredFeatures> {
  const path = pathOf(target, ACTION);
  const shards = isFolder(path) ? shardsOf(path) : undefined;
  const first = await (shards?.[0]?.open() ?? openFeatureFile(path));
  try {
    const { samples } = first.description;
    const all = shards ?? [{
      start: 0,
      samples,
      open: () => openFeatureFile(path),
    }];
    checkPart(first, all[0]!.samples);
    return new FeatureFiles(all, first);
  } catch (error) {
    first.close();
    throw error;
  }
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (cause) {
    const isUnfinished = kindAt(path, ACTION) === undefined &&
      kindAt(`${path}.partial`, ACTION) !== undefined;
    if (!isUnfinished) throw missingPath(cause, path, ACTION);
    const rule = "the file must be there";
    const hint = "its run is not finished: call write() or mergeFeatures() " +
      "again";
    const text = cannot(ACTION, rule, path, hint);
    throw new Deno.errors.NotFound(text, { cause });
  }
}

function shardsOf(folder: string): Shard[] {
  let start = 0;
  return readManifest(folder).map(({ name, samples }) => {
    const path = `${folder}/${name}`;
    const shard = { start, samples, open: () => openFeatureFile(path) };
    start += samples;
    return shard;
  });
}

/**
 * Opens one file of features, in the format of its first bytes.
 *
 * @param path The file.
 * @returns Its rows; the caller closes them.
 * @throws {SyntaxError} If it is truncated, damaged, or not written by Sonde.
 */
export async function openFeatureFile(path: string): Promise<Part> {
  const head = new Uint8Array(4);
  using file = openAt(path);
  const length = file.readSync(head) ?? 0;
  const text = String.fromCharCode(...head.subarray(0, length));
  if (text === "PK\x03\x04") {
    const { openNpzFeatures } = await import("./_open_npz.ts");
    return await openNpzFeatures(path);
  }
  if (text === "PAR1") {
    const { openParquet } = await import("./_open_parquet.ts");
    return await openParquet(path);
  }
  return openSafetensors(path);
}

function openAt(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path);
  } catch (cause) {
    throw missingPath(cause, path, ACTION);
  }
}
