import { cannot } from "../check.ts";
import { batchAxisOf } from "../datasets/model_input.ts";
import type { Feed } from "../engines/schedule.ts";
import { NO_INDEX } from "../ops/shapes.ts";
import type { NdArray } from "../types.ts";

/** Messages of ONNX Runtime and TF.js about an index out of range. */
const PATTERNS = [
  /idx=(-?\d+) must be within the inclusive range \[-?\d+,(\d+)\]/,
  /the index value (-?\d+) is not in \[0, (\d+)\]/,
  /invalid index found, index = (-?\d+)/,
];
/** How these messages name the layer. */
const LAYERS = [/Name:'(.*)\/[^/']*'/, /Name:'([^']*)'/, /layer "([^"]*)"/];

/** A batch that failed. */
export interface FailedBatch {
  readonly feeds: readonly Feed[];
  readonly inputs: readonly NdArray<ArrayBufferView>[];
  /** Index of its first sample in the dataset. */
  readonly first: number;
}

/**
 * Rewrites a runtime's error about an index out of range, such as an unknown
 * token, so that it names the input, the value and its row.
 *
 * @param error The error that the engine threw.
 * @param batch The batch.
 * @returns A RangeError with the error as its cause; the error itself if it is
 * about something else.
 */
export function indexError(error: unknown, batch: FailedBatch): unknown {
  const text = messagesOf(error);
  const match = PATTERNS.map((pattern) => pattern.exec(text)).find((it) =>
    it !== null
  );
  if (match === undefined) return error;
  const [, value, last] = match!.map(Number) as [number, number, number?];
  const layer = LAYERS.map((named) => named.exec(text)?.[1])
    .find((name) => name !== undefined);
  const at = layer === undefined ? "" : ` of layer "${layer}"`;
  const isIndex = value !== NO_INDEX;
  const found = isIndex ? rowOf(value, batch) : undefined;
  const range = last === undefined ? "in the tensor" : `from 0 to ${last}`;
  const rule = `every index${at} must be ${range}`;
  return new RangeError(
    cannot(
      "run",
      rule,
      isIndex ? value : "none, for an unknown or a negative integer",
      found && `it is in row ${found.row} of input "${found.input}"`,
    ),
    { cause: error },
  );
}

/** The message of an error, and of what caused it. */
function messagesOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  return `${error.message}\n${messagesOf(error.cause)}`;
}

/** Finds the first sample that contains a value, and the input. */
function rowOf(
  value: number,
  { feeds, inputs, first }: FailedBatch,
): { readonly row: number; readonly input: string } | undefined {
  for (const [i, { data, shape }] of inputs.entries()) {
    const { spec } = feeds[i]!;
    if (batchAxisOf(spec) !== 0) continue;
    const values = data as unknown as ArrayLike<number | bigint>;
    const width = values.length / shape[0]!;
    for (let at = 0; at < values.length; at++) {
      if (Number(values[at]) !== value) continue;
      return { row: first + Math.floor(at / width), input: spec.name };
    }
  }
  return undefined;
}
