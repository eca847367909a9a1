/**
 * Runs a worker: record batches in, record batches out.
 *
 * While a batch runs, the next one is read, if available; no batch waits for
 * one that was not sent yet. At most {@linkcode MOST_IN_FLIGHT} batches are in
 * flight, so memory is bounded, and a slow reader slows the sender down.
 *
 * @module
 */
import type { RecordBatch, Schema } from "apache-arrow";
import { cannot, quote } from "../check.ts";
import type { OpenExtractor } from "../extractor/open_extractor.ts";
import type { FeatureSet, TensorSpec } from "../types.ts";
import { type ByteReader, checkEnd } from "./_arrow_frames.ts";
import { openArrowStream } from "./_arrow_stream.ts";
import { ArrowSink, type ByteWriter } from "./_arrow_sink.ts";
import { FeatureColumns, type OutputSettings } from "./_feature_columns.ts";
import type { Fault } from "./_column_rows.ts";
import { InputReader, type InputSettings } from "./_input_columns.ts";

/** Settings of a worker, in addition to those of its extractor. */
export interface WorkerSettings extends InputSettings, OutputSettings {
  /** What to do about a bad row: stop the worker, or write null. */
  readonly onBad: "stop" | "null";
}

/** The parts of a worker. */
export interface WorkerParts {
  /** The input stream. */
  readonly reader: ByteReader;
  /** The output stream. */
  readonly writer: ByteWriter;
  /** The engine. */
  readonly extractor: OpenExtractor;
  /** The inputs of the extractor. */
  readonly specs: readonly TensorSpec[];
  /** Called after each written batch. */
  readonly onProgress?: (counts: WorkerCounts) => void;
}

/** The summary of a worker. */
export interface WorkerCounts {
  /** Number of written batches. */
  readonly batches: number;
  /** Number of their rows. */
  readonly rows: number;
  /** Number of rows that are null. */
  readonly badRows: number;
  /** The error of the first of them. */
  readonly firstBad: string | undefined;
  /** Rows with NaN or infinity in their inputs, which are computed as any. */
  readonly nonFiniteRows: number;
}

/** One running, one queued: a third would not start earlier. */
const MOST_IN_FLIGHT = 2;

/**
 * Sizes to try for inputs of any size. Both of a pair must suit the model, and
 * they are so far apart that a feature map which depends on them differs, even if
 * the network makes it 200 times smaller.
 */
const SIZES = [[16, 272], [64, 320], [224, 480]] as const;

/** A batch, with the index of its first row. */
interface Numbered {
  readonly batch: RecordBatch;
  readonly first: number;
}

/** The result of a batch. */
interface Result extends Numbered {
  readonly set: FeatureSet | undefined;
  readonly bad: ReadonlyMap<number, Fault>;
}

/**
 * Runs until the stream ends.
 *
 * @param parts Pipes and extractor.
 * @param settings Columns, lists, bad rows.
 * @returns The summary.
 * @throws {SyntaxError} If the stream is damaged, truncated, or not Arrow.
 * @throws {TypeError} If a column cannot be converted to its input, or a row is
 * bad.
 */
export async function runWorker(
  parts: WorkerParts,
  settings: WorkerSettings,
): Promise<WorkerCounts> {
  const { reader, specs, extractor } = parts;
  const { batches, schema } = await openArrowStream(reader);
  const run = new WorkerRun(parts, settings, schema);
  // The features of one row of zeros define the schema, if all sizes are known.
  const zeros = run.inputs.zeros(specs);
  if (zeros !== undefined) {
    const set = await extractor.predict({ xs: zeros }, { progress: false });
    await run.open([set]);
  }
  const failed = Promise.withResolvers<never>();
  // An error of a batch is reported immediately, although the next one is
  // awaited.
  await Promise.race([failed.promise, run.all(batches, failed.reject)]);
  await run.close();
  await checkEnd(reader);
  return run.counts;
}

class WorkerRun {
  readonly #parts: WorkerParts;
  readonly #settings: WorkerSettings;
  readonly #schema: Schema;
  /** Reads the inputs of batches. */
  readonly inputs: InputReader;
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
    this.inputs = new InputReader(schema, parts.specs, settings);
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
  async open(examples: readonly [FeatureSet, ...FeatureSet[]]): Promise<void> {
    const { columns } = this.inputs;
    const settings = this.#settings;
    this.#columns = new FeatureColumns(
      ...[this.#schema, columns, examples, settings] as const,
    );
    await this.#sink.open(this.#columns.schema);
  }

  /**
   * Writes the schema without any row, for inputs of any size: from the features
   * of zeros in two sizes.
   */
  async #openWithoutRows(): Promise<void> {
    let cause: unknown;
    for (const [small, large] of SIZES) {
      let examples: [FeatureSet, FeatureSet];
      try {
        examples = [await this.#example(small), await this.#example(large)];
      } catch (error) {
        // Some layer refuses the size, as its feature map is too small.
        cause = error;
        continue;
      }
      return await this.open(examples);
    }
    const rule = "the stream must have rows, as the model's inputs are of " +
      "any size and the schema depends on them";
    const hint = "start no worker for a partition without rows";
    const message = cannot("write Arrow stream", rule, "no rows", hint);
    throw new TypeError(message, { cause });
  }

  /** The features of one row of zeros. */
  async #example(size: number): Promise<FeatureSet> {
    const { specs, extractor } = this.#parts;
    const xs = this.inputs.zeros(specs, size);
    if (xs !== undefined) {
      return await extractor.predict({ xs }, { progress: false });
    }
    const rule = "inputs must have a number of axes";
    throw new TypeError(cannot("run zeros", rule, "any"));
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
      result.catch(() => {}); // thrown in order, after earlier batches
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
    if (this.#columns === undefined) await this.#openWithoutRows();
    await this.#sink.close();
  }

  async #run({ batch, first }: Numbered): Promise<Result> {
    if (batch.numRows === 0) {
      return { batch, first, set: undefined, bad: new Map() };
    }
    const { xs, bad } = await this.inputs.read(batch);
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
      if (set === undefined) await this.#openWithoutRows();
      else await this.open([set]);
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

  /** The error of the first bad row of a batch. */
  #badRow(
    batch: RecordBatch,
    first: number,
    bad: ReadonlyMap<number, Fault>,
  ): TypeError {
    // No spread: a batch may have more rows than a call takes arguments.
    const row = [...bad.keys()].reduce((first, next) => Math.min(first, next));
    const { id } = this.#settings;
    const value = id === undefined ? undefined : batch.getChild(id)?.get(row);
    // As a column has it, without the suffix of a bigint.
    const shown = typeof value === "bigint" ? String(value) : quote(value);
    const name = id === undefined ? "" : ` (${id} ${shown})`;
    const { rule, value: found, cause } = bad.get(row)!;
    const hint = this.#settings.onBad === "stop"
      ? "correct it, or pass --on-bad null"
      : undefined;
    const message = cannot(`read row ${first + row}${name}`, rule, found, hint);
    return new TypeError(message, cause === undefined ? undefined : { cause });
  }
}
