import { cannot, counted, shapeText, sizeOf, STATELESS } from "../check.ts";
import { rowsFrom } from "../math/row_view.ts";
import { builtInLayerOf, type GraphNode } from "../models/graph/graph.ts";
import type { FeatureArray, NdArray } from "../types.ts";
import type { Program, RunOutputs } from "./program.ts";
import type { SampleRows } from "./sample_rows.ts";

type Inputs = readonly NdArray<ArrayBufferView>[];

/**
 * The number of samples that a run must have, if it is fixed: for graphs of raw
 * operations, and for layers whose rows may depend on each other.
 *
 * @param program A program.
 * @returns The batch size; undefined if it is not fixed.
 */
export function fixedRows(
  { graph, feeds, rows }: Program,
): number | undefined {
  if (graph.runtime === undefined) return rows.batch;
  const batched = feeds.filter(({ spec }) => spec.batchAxis !== null);
  const sizes = new Set(batched.map(({ spec }) => spec.shape[0] ?? null));
  const [size] = sizes;
  return sizes.size === 1 && typeof size === "number" ? size : undefined;
}

/**
 * Rounds a batch size, so that only the last batch of a dataset is padded.
 *
 * @param size The batch size.
 * @param program A program.
 * @returns A multiple of the fixed batch size, if there is one.
 */
export function wholeBatches(size: number, program: Program): number {
  const rows = program.graph.onnx?.batch ?? fixedRows(program) ?? 1;
  return Math.ceil(size / rows) * rows;
}

/**
 * The layer of a program whose state Keras carries from batch to batch.
 *
 * @param program A program.
 * @returns The node, and the most samples that a run may have: those of one
 * batch. Undefined if there is none.
 */
export function statefulLayer(
  { feeds, schedule: { nodes } }: Pick<Program, "feeds" | "schedule">,
): { readonly node: GraphNode; readonly rows: number } | undefined {
  const node = nodes.find((one) => builtInLayerOf(one)?.keepsState);
  const sizes = feeds.map(({ spec }) => spec.shape[0] ?? Infinity);
  return node && { node, rows: Math.min(...sizes) };
}

/**
 * Checks that a run of a stateful layer has one batch: results of the next one
 * would depend on its state.
 *
 * @param program The program.
 * @param rows The number of samples from the first of the dataset.
 * @param start The number of samples in batches before.
 * @throws {RangeError} If there are more.
 */
export function checkOneBatch(
  program: Pick<Program, "feeds" | "schedule">,
  rows: number,
  start = 0,
): void {
  const stateful = statefulLayer(program);
  if (stateful === undefined) return;
  const most = stateful.rows === Infinity && start > 0 ? start : stateful.rows;
  if (rows <= most) return;
  throw new RangeError(
    cannot(
      `compute layer "${stateful.node.row.name}"`,
      `the samples must be at most the ${most} of one batch, as it is stateful: Keras starts the next batch from its last state`,
      counted(rows, "sample"),
      `pass each batch to a separate predict(), which starts from zero states, or ${STATELESS}`,
    ),
  );
}

/** Whether an input has no batch axis, and is the same for all samples. */
function isShared({ feeds }: Pick<Program, "feeds">, index: number): boolean {
  return feeds[index]?.spec.batchAxis === null;
}

/**
 * Runs samples in batches of a fixed size, one by one. A last batch that is
 * shorter is padded with copies of the last row, whose results are dropped.
 *
 * @param program The program, with the names of the features.
 * @param inputs One array for each feed, `[N, …]`.
 * @param size The batch size.
 * @param run Runs one batch; receives the index of its first row.
 * @param checkPadding Checks on a batch that rows may be repeated, before some
 * are.
 * @returns The outputs of all samples; without optional logits if they do not
 * have one row per sample.
 * @throws {TypeError} If another output does not have one row per sample, or
 * has other sizes in a later batch.
 */
export async function inFixedBatches(
  program: Pick<Program, "features" | "logits" | "feeds">,
  inputs: Inputs,
  size: number,
  run: (batch: Inputs, start: number) => Promise<RunOutputs>,
  checkPadding?: (batch: Inputs) => Promise<void>,
): Promise<RunOutputs> {
  const rows = inputs.find((_, i) => !isShared(program, i))!.shape[0]!;
  const batchAt = (start: number) =>
    inputs.map((x, i) => isShared(program, i) ? x : rowsFrom(x, start, size));
  if (rows % size > 0) await checkPadding?.(batchAt(0));
  const parts: RunOutputs[] = [];
  for (let start = 0; start < rows; start += size) {
    const batch = batchAt(start);
    parts.push(await run(batch, start));
  }
  const joined = <A extends FeatureArray | NdArray>(
    arrays: readonly A[],
    name: string,
  ) => {
    checkShapes(arrays, size, name);
    return joinedArrays(arrays, rows);
  };
  const [{ features, logits, penultimate, scale }] = parts as [RunOutputs];
  const isLeftOut = logits === undefined || program.logits?.isOptional &&
      !parts.every(({ logits }) =>
        fits(logits!.shape, [size, ...parts[0]!.logits!.shape.slice(1)])
      );
  return {
    features: features.map((_, i) =>
      joined(
        parts.map((part) => part.features[i]!),
        `layer "${program.features[i]!.name}"`,
      )
    ),
    ...(isLeftOut
      ? {}
      : { logits: joined(parts.map((part) => part.logits!), "logits") }),
    ...(penultimate && {
      penultimate: joined(parts.map((p) => p.penultimate!), "the penultimate"),
    }),
    ...(scale && {
      scale: Float32Array.from(parts.flatMap((part) => [...part.scale!]))
        .slice(0, rows),
    }),
  };
}

function fits(shape: readonly number[], wanted: readonly number[]): boolean {
  return shapeText(shape) === shapeText(wanted);
}

function checkShapes(
  arrays: readonly (FeatureArray | NdArray)[],
  size: number,
  name: string,
): void {
  const wanted = [size, ...arrays[0]!.shape.slice(1)];
  const wrong = arrays.find(({ shape }) => !fits(shape, wanted));
  if (wrong === undefined) return;
  const rule = wrong.shape[0] === size
    ? `every batch must return ${shapeText([null, ...wanted.slice(1)])}`
    : `every batch must return one row for each of its ${size} samples`;
  throw new TypeError(cannot(`take ${name}`, rule, wrong.shape));
}

/** Joins batches, without the rows that were repeated at the end. */
function joinedArrays<A extends FeatureArray | NdArray>(
  arrays: readonly A[],
  rows: number,
): A {
  const [first] = arrays as [A];
  const shape = Object.freeze([rows, ...first.shape.slice(1)]);
  const Values = first.data.constructor as Float32ArrayConstructor;
  const data = new Values(sizeOf(shape));
  let at = 0;
  for (const array of arrays) {
    const values = array.data as Float32Array;
    data.set(values.subarray(0, data.length - at), at);
    at += values.length;
  }
  const whole: A = { ...first, data, shape };
  Object.freeze(whole);
  return whole;
}

/**
 * Checks that padding rows cannot change the other rows of a batch.
 *
 * @param rows Where the samples are, in a program with a fixed batch size.
 * @param batch The batch size.
 * @param what The samples, for messages.
 * @throws {RangeError} If a layer or an operation may mix the rows.
 */
export function checkPadding(
  { uncertain }: SampleRows,
  batch: number,
  what: string,
): void {
  if (uncertain === undefined) return;
  const { name, kind } = uncertain.row;
  throw new RangeError(
    cannot(
      `run ${what}`,
      `the number of samples must be a multiple of ${batch}, which the model takes at once: ` +
        "a last batch cannot be padded, as an operation may mix the rows",
      `operation "${name}" (${kind})`,
      "leave samples out, or add some",
    ),
  );
}
