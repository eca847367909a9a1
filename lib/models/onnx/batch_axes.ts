import type { OnnxValueInfo } from "../../formats/onnx_model.ts";
import { fixedBatch } from "../graph/fixed_batch.ts";

/** Creates an error from a violated rule and the current value. */
type Fault = (rule: string, value: string) => Error;

const ADVICE =
  'name the batch axis of the inputs in Python: model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"';

/** Names of axes that are the batch for certain. */
const BATCH = /(^|[^a-z])batch(size)?([^a-z]|$)/i;

/**
 * Finds the batch axis of each input of an ONNX file.
 *
 * It is the first axis, unless the names of the axes show another:
 *
 * - A name such as `"batch"` is the batch on whichever axis it is, as in
 *   `["time", "batch", 3]`, the layout of recurrent layers in PyTorch.
 * - If the names of the first axes are in no output, and every output begins
 *   with the name of another axis, that one is the batch: a classifier of
 *   sequences takes `["t", "n", 3]` and returns `["n", 2]`.
 * - If the first size of some inputs is free, an input whose first size is fixed
 *   (a state of `[layers, "n", units]`, a mask, a sampling rate) has the batch on
 *   the axis with the name of theirs, `"n"`. If it has no such axis, and all its
 *   other free sizes have names that inputs use for other axes, it has no batch
 *   axis: it is passed once for all samples.
 * - If all first sizes are fixed and differ, {@linkcode fixedBatch} decides.
 *   Inputs of another first size have no batch axis.
 *
 * If this does not determine the axis, the file is refused.
 */
export class BatchAxes {
  /** The fixed batch size; undefined if it is free. */
  readonly batch: number | undefined;
  readonly #axes: ReadonlyMap<OnnxValueInfo, number | null>;

  /**
   * Finds the axes.
   *
   * @param inputs The inputs of the file.
   * @param outputs Its outputs.
   * @param fault Creates the error if the axis cannot be determined.
   */
  constructor(
    inputs: readonly OnnxValueInfo[],
    outputs: readonly OnnxValueInfo[],
    fault: Fault,
  ) {
    const isBatch = batchName(inputs, outputs);
    const leads = new Map(
      inputs.map((info) => [info, leadingAxis(info, isBatch)]),
    );
    const leading = inputs.filter((info) => leads.get(info) !== undefined);
    const names = new Set(
      leading.flatMap((info) => info.sizeNames?.[leads.get(info)!] ?? []),
    );
    const others = new Set(
      leading.flatMap(({ sizeNames = [] }) => sizeNames)
        .filter((name) => name !== undefined && !names.has(name)),
    );
    const fixed = leading.length === 0
      ? fixedBatch(shapesOf(inputs), shapesOf(outputs))
      : undefined;
    if (Number.isNaN(fixed)) {
      const rule = "its inputs must have the same number of rows";
      throw fault(rule, `${describe(inputs)}; ${ADVICE}`);
    }
    const axes = inputs.map((info) => {
      if (info.shape?.length === 0) return null;
      if (leading.length === 0) return info.shape?.[0] === fixed ? 0 : null;
      return leads.get(info) ?? axisOf(info, names, others, fault);
    });
    this.#axes = new Map(inputs.map((info, i) => [info, axes[i]!]));
    if (inputs.length > 0 && axes.every((axis) => axis === null)) {
      const rule = "some input must have a batch axis";
      throw fault(rule, describe(inputs));
    }
    const sizes = inputs.flatMap(({ shape }, i) =>
      axes[i] === 0 ? shape?.[0] ?? [] : []
    );
    this.batch = sizes[0];
  }

  /**
   * The batch axis of an input.
   *
   * @param info One of the inputs.
   * @returns The axis; null if it has none.
   */
  of(info: OnnxValueInfo): number | null {
    return this.#axes.get(info)!;
  }
}

/** Whether an axis of this name is the batch; undefined if the first axes are. */
function batchName(
  inputs: readonly OnnxValueInfo[],
  outputs: readonly OnnxValueInfo[],
): ((name: string | undefined) => boolean) | undefined {
  const all = namesOf(inputs);
  const firsts = inputs.flatMap(({ shape, sizeNames }) =>
    shape?.[0] === null ? [sizeNames?.[0]] : []
  );
  const isNamed = (name: string | undefined) => BATCH.test(name ?? "");
  if (all.some(isNamed)) return firsts.some(isNamed) ? undefined : isNamed;
  const kept = namesOf(outputs);
  const rows = outputs.map(({ sizeNames }) => sizeNames?.[0]);
  const isReduced = firsts.length > 0 &&
    firsts.every((name) => name !== undefined && !kept.includes(name));
  const [row] = rows;
  const isOther = row !== undefined && all.includes(row) &&
    rows.every((name) => name === row);
  return isReduced && isOther ? (name) => name === row : undefined;
}

function shapesOf(infos: readonly OnnxValueInfo[]) {
  return infos.map(({ shape }) => shape);
}

function namesOf(infos: readonly OnnxValueInfo[]): string[] {
  return infos.flatMap(({ sizeNames = [] }) => sizeNames)
    .filter((name) => name !== undefined);
}

/** The axis of the batch by the input alone; undefined if unknown. */
function leadingAxis(
  { shape, sizeNames = [] }: OnnxValueInfo,
  isBatch: ((name: string | undefined) => boolean) | undefined,
): number | undefined {
  if (shape === undefined) return 0;
  const axesOf = (isBatch: (name: string | undefined) => boolean) =>
    sizeNames.flatMap((name, axis) => isBatch(name) ? [axis] : []);
  if (isBatch === undefined) {
    // Other inputs begin with the batch; this one may have time steps first.
    const [axis = 0] = axesOf((name) => BATCH.test(name ?? ""));
    return shape[0] === null ? axis : undefined;
  }
  const found = axesOf(isBatch);
  return found.length === 1 ? found[0] : undefined;
}

/**
 * The batch axis of an input that has no name for it at first sight, while others
 * have: the axis with their name.
 */
function axisOf(
  info: OnnxValueInfo,
  batchNames: ReadonlySet<string>,
  otherNames: ReadonlySet<string | undefined>,
  fault: Fault,
): number | null {
  const { name, shape = [], sizeNames = [] } = info;
  const isBatch = (axis: number) => batchNames.has(sizeNames[axis] ?? "");
  const free = shape.flatMap((size, axis) => size === null ? [axis] : []);
  const found = free.filter(isBatch);
  if (found.length === 1) return found[0]!;
  const isTold = found.length === 0 &&
    free.every((axis) => otherNames.has(sizeNames[axis] ?? ""));
  if (isTold) return null;
  const [batchName] = batchNames;
  const rule = `input "${name}" must name its batch axis` +
    (batchName === undefined ? "" : `, "${batchName}"`);
  throw fault(rule, `${sizesText(info)}; ${ADVICE}`);
}

function describe(inputs: readonly OnnxValueInfo[]): string {
  return inputs.map((info) => `${info.name} ${sizesText(info)}`).join(", ");
}

/** A shape as the file has it, as in `[2, batch, ?]`. */
function sizesText({ shape = [], sizeNames = [] }: OnnxValueInfo): string {
  const sizes = shape.map((size, axis) => size ?? sizeNames[axis] ?? "?");
  return `[${sizes.join(", ")}]`;
}
