/**
 * Record batches in, record batches out.
 *
 * While a batch runs, the next one is read, if it is there; no batch waits for
 * one that was not sent yet. At most {@linkcode MOST_IN_FLIGHT} batches are
 * between the two pipes, so memory is bounded, and a reader that is slow slows
 * the sender down.
 *
 * @module
 */
import type { RecordBatch, Schema } from "apache-arrow";
import { cannot, quote } from "../check.ts";
import type { OpenExtractor } from "../extractor/open_extractor.ts";
import type { FeatureSet, NdArray, TensorSpec } from "../types.ts";
import { type ByteReader, checkEnd } from "./_arrow_frames.ts";
import { openArrowStream } from "./_arrow_stream.ts";
import { ArrowSink, type ByteWriter } from "./_arrow_sink.ts";
import { FeatureColumns, type OutputSettings } from "./_feature_columns.ts";
import type { Fault } from "./_column_rows.ts";
import { InputReader, type InputSettings } from "./_input_columns.ts";

/** Settings of a worker, beside those of its extractor. */
export interface WorkerSettings extends InputSettings, OutputSettings {
  /** What a bad row does: stops the worker, or becomes null. */
  readonly onBad: "stop" | "null";
}

/** What a worker works with. */
export interface WorkerParts {
  /** Where the stream comes from. */
  readonly reader: ByteReader;
  /** Where the stream goes. */
  readonly writer: ByteWriter;
  /** What computes. */
  readonly extractor: OpenExtractor;
  /** What it takes. */
  readonly specs: readonly TensorSpec[];
  /** Called after each batch that was written. */
  readonly onProgress?: (counts: WorkerCounts) => void;
}

/** What a worker did. */
export interface WorkerCounts {
  /** Batches that were written. */
  readonly batches: number;
  /** Their rows. */
  readonly rows: number;
  /** Rows among them that are null. */
  readonly badRows: number;
  /** What is wrong with the first of them. */
  readonly firstBad: string | undefined;
  /** Rows with NaN or infinity in their inputs, which are computed as any. */
  readonly nonFiniteRows: number;
}

/** One runs, one waits: a third would not be begun any sooner. */
const MOST_IN_FLIGHT = 2;

/** A batch, with the number of its first row. */
interface Numbered {
  readonly batch: RecordBatch;
  readonly first: number;
}

/** What came of a batch. */
interface Result extends Numbered {
  readonly set: FeatureSet | undefined;
  readonly bad: ReadonlyMap<number, Fault>;
}

/**
 * Runs until the stream ends.
 *
 * @param parts Pipes and extractor.
 * @param settings Columns, lists, bad rows.
 * @returns What was done.
 * @throws {SyntaxError} If the stream is damaged, cut, or none of Arrow.
 * @throws {TypeError} If a column cannot become its input, or a row is bad.
 */
export async function runWorker(
  parts: WorkerParts,
  settings: WorkerSettings,
): Promise<WorkerCounts> {
  const { reader, specs, extractor } = parts;
  const probe = await probed(extractor, specs);
  const { batches, schema } = await openArrowStream(reader);
  const run = new WorkerRun(parts, settings, schema);
  if (probe !== undefined) await run.open(probe);
  const failed = Promise.withResolvers<never>();
  // What is wrong with a batch is told at once, though the next is waited for.
  await Promise.race([failed.promise, run.all(batches, failed.reject)]);
  await run.close();
  await checkEnd(reader);
  return run.counts;
}

/** A set of one row of zeros, where all sizes are known: what the features are. */
async function probed(
  extractor: OpenExtractor,
  specs: readonly TensorSpec[],
): Promise<FeatureSet | undefined> {
  const isKnown = specs.every(({ shape, dtype }) =>
    dtype !== "string" && shape.length > 0 &&
    shape.slice(1).every((size) => size !== null)
  );
  if (!isKnown) return undefined;
  const xs: Record<string, NdArray<ArrayBufferView>> = {};
  for (const { name, shape } of specs) {
    const sizes = [1, ...shape.slice(1) as number[]];
    const length = sizes.reduce((product, size) => product * size, 1);
    xs[name] = { data: new Uint8Array(length), shape: sizes, dtype: "uint8" };
  }
  return await extractor.predict({ xs }, { progress: false });
}

class WorkerRun {
  readonly #parts: WorkerParts;
  readonly #settings: WorkerSettings;
  readonly #schema: Schema;
  readonly #inputs: InputReader;
  readonly #sink: ArrowSink;
  #columns: FeatureColumns | undefined;
  #counts: WorkerCounts = {
    ...{ batches: 0, rows: 0, badRows: 0, firstBad: undefined },
    nonFiniteRows: 0,
  };

  constructor(parts: WorkerParts, settings: WorkerSettings, schema: Schema) {
    this.#parts = parts;
    this.#settings = settings;
    this.#schema = schema;
    this.#inputs = new InputReader(schema, parts.specs, settings);
    this.#sink = new ArrowSink(parts.writer);
    const { id } = settings;
    if (id === undefined) return;
    if (schema.fields.some(({ name }) => name === id)) return;
    const names = schema.fields.map(({ name }) => quote(name)).join(", ");
    const rule = "the column of --id must be there";
    throw new RangeError(
      cannot("read Arrow stream", rule, id, `columns are ${names}`),
    );
  }

  get counts(): WorkerCounts {
    return this.#counts;
  }

  /** Writes the schema. */
  async open(first: FeatureSet): Promise<void> {
    const { columns } = this.#inputs;
    const settings = this.#settings;
    this.#columns = new FeatureColumns(this.#schema, columns, first, settings);
    await this.#sink.open(this.#columns.schema);
  }

  /** Reads, runs and writes all batches, in order. */
  async all(
    batches: AsyncIterable<RecordBatch>,
    onFailure: (error: unknown) => void,
  ): Promise<void> {
    const window: Promise<void>[] = [];
    let last: Promise<void> = Promise.resolve();
    let first = 0;
    for await (const batch of batches) {
      const result = this.#run({ batch, first });
      result.catch(() => {}); // thrown where it is due: after those before it
      const written = last.then(async () => this.#write(await result));
      written.catch(onFailure);
      last = written;
      window.push(written);
      first += batch.numRows;
      if (window.length >= MOST_IN_FLIGHT) await window.shift();
    }
    await last;
  }

  async close(): Promise<void> {
    if (this.#columns === undefined) {
      const rule = "the stream must have rows, as the model's inputs are of " +
        "any size and the schema depends on them";
      const hint = "start no worker for a partition without rows";
      throw new TypeError(
        cannot("write Arrow stream", rule, "no rows", hint),
      );
    }
    await this.#sink.close();
  }

  async #run({ batch, first }: Numbered): Promise<Result> {
    if (batch.numRows === 0) {
      return { batch, first, set: undefined, bad: new Map() };
    }
    const { xs, bad } = await this.#inputs.read(batch);
    if (bad.size > 0 && this.#settings.onBad === "stop") {
      throw this.#badRow(batch, first, bad);
    }
    if (xs === undefined) return { batch, first, set: undefined, bad };
    const options = { progress: false };
    const set = await this.#parts.extractor.predict({ xs }, options);
    return { batch, first, set, bad };
  }

  async #write({ batch, first, set, bad }: Result): Promise<void> {
    if (this.#columns === undefined) {
      if (set === undefined) throw this.#withoutSizes(batch, first, bad);
      await this.open(set);
    }
    const rows = new Set(bad.keys());
    await this.#sink.write(this.#columns!.batch(batch, set, rows));
    const { batches, rows: before, badRows, firstBad } = this.#counts;
    const { nonFiniteRows } = this.#counts;
    this.#counts = {
      batches: batches + 1,
      rows: before + batch.numRows,
      badRows: badRows + bad.size,
      nonFiniteRows: nonFiniteRows + (set?.nonFinite.length ?? 0),
      firstBad: firstBad ??
        (bad.size === 0 ? undefined : this.#badRow(batch, first, bad).message),
    };
    this.#parts.onProgress?.(this.#counts);
  }

  #withoutSizes(
    batch: RecordBatch,
    first: number,
    bad: ReadonlyMap<number, Fault>,
  ): TypeError {
    if (bad.size > 0) return this.#badRow(batch, first, bad);
    const rule = "the first batch must have rows, as the model's inputs are " +
      "of any size";
    return new TypeError(cannot("write Arrow stream", rule, "no rows"));
  }

  /** What is wrong with the first bad row of a batch. */
  #badRow(
    batch: RecordBatch,
    first: number,
    bad: ReadonlyMap<number, Fault>,
  ): TypeError {
    // No spread: a batch may have more rows than a call takes arguments.
    const row = [...bad.keys()].reduce((first, next) => Math.min(first, next));
    const { id } = this.#settings;
    const name = id === undefined
      ? ""
      : ` (${id} ${quote(batch.getChild(id)?.get(row))})`;
    const { rule, value, cause } = bad.get(row)!;
    const hint = this.#settings.onBad === "stop"
      ? "mend it, or pass --on-bad null"
      : undefined;
    const message = cannot(`read row ${first + row}${name}`, rule, value, hint);
    return new TypeError(message, cause === undefined ? undefined : { cause });
  }
}
