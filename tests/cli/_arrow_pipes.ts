/**
 * Pipes in memory for commands that read and write Arrow.
 *
 * @module
 */
import {
  type RecordBatch,
  RecordBatchReader,
  RecordBatchStreamWriter,
  type Schema,
  type Table,
  tableFromIPC,
} from "apache-arrow";
import { runWorkerCommand } from "../../lib/cli/worker.ts";
import { modelPath } from "../support/keras_models.ts";

/** A model of one input, `[N, 4]`. */
export const MODEL: string = modelPath("k3_mlp.keras");

/** What a run of the command left. */
export interface WorkerRun {
  readonly code: number;
  readonly bytes: Uint8Array;
  readonly log: string;
}

/**
 * A stream of some batches.
 *
 * @param batches The batches, of one schema.
 * @param schema The schema, where there are no batches.
 * @returns Its bytes, with the marker of the end.
 */
export function streamOf(
  batches: readonly RecordBatch[],
  schema: Schema = batches[0]!.schema,
): Uint8Array {
  const writer = new RecordBatchStreamWriter({ autoDestroy: false });
  writer.reset(undefined, schema);
  for (const batch of batches) writer.write(batch);
  writer.close();
  return writer.toUint8Array(true);
}

/** A pipe that sends what it is told, when it is told. */
export class Sender {
  #parts: Uint8Array[] = [];
  #isOver = false;
  #wake = Promise.withResolvers<void>();
  /** How many bytes were read. */
  numRead = 0;

  send(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#wake.resolve();
  }

  end(): void {
    this.#isOver = true;
    this.#wake.resolve();
  }

  async read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      const part = this.#parts[0];
      if (part !== undefined) {
        const count = Math.min(part.length, into.length);
        into.set(part.subarray(0, count));
        if (count === part.length) this.#parts.shift();
        else this.#parts[0] = part.subarray(count);
        this.numRead += count;
        return count;
      }
      if (this.#isOver) return null;
      this.#wake = Promise.withResolvers<void>();
      await this.#wake.promise;
    }
  }
}

/** A pipe that keeps what it gets. */
export class Receiver {
  #parts: Uint8Array[] = [];
  #next = Promise.withResolvers<void>();

  /** Waits for the next bytes. */
  expect(): Promise<void> {
    this.#next = Promise.withResolvers<void>();
    return this.#next.promise;
  }

  write(bytes: Uint8Array): Promise<number> {
    // A pipe takes what it has room for.
    const count = Math.min(bytes.length, 65_536);
    this.#parts.push(bytes.slice(0, count));
    this.#next.resolve();
    return Promise.resolve(count);
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.#parts.flatMap((part) => [...part]));
  }
}

/**
 * Runs the command over a whole stream.
 *
 * @param bytes What is sent.
 * @param args Arguments behind the model.
 * @param model The model.
 * @returns What it left.
 */
export async function workerOver(
  bytes: Uint8Array,
  args: readonly string[] = [],
  model: string = MODEL,
): Promise<WorkerRun> {
  const stdin = new Sender();
  stdin.send(bytes);
  stdin.end();
  const stdout = new Receiver();
  let log = "";
  const pipes = { stdin, stdout, log: (text: string) => void (log += text) };
  const code = await runWorkerCommand([model, ...args], pipes);
  return { code, bytes: stdout.bytes, log };
}

/**
 * Reads what a run wrote.
 *
 * @param run The run.
 * @returns The table.
 */
export function tableOf({ bytes }: WorkerRun): Table {
  return tableFromIPC(bytes);
}

/**
 * Batches of a stream.
 *
 * @param bytes The stream.
 * @returns How many rows each has.
 */
export function batchRows(bytes: Uint8Array): number[] {
  return [...RecordBatchReader.from(bytes)].map(({ numRows }) => numRows);
}
