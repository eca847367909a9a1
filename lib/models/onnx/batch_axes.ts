import type { OnnxValueInfo } from "../../formats/onnx_model.ts";

/** Creates an error from a violated rule and the current value. */
type Fault = (rule: string, value: string) => Error;

/**
 * Finds the batch axis of each input of an ONNX file.
 *
 * It is the first axis, with one exception. If the first size of some inputs is
 * free, an input whose first size is fixed (a state of `[layers, "n", units]`,
 * a mask, a sampling rate) has the batch on the axis with the name of a free
 * first size, `"n"`. If it has no such axis, and all its other free sizes have
 * names that inputs use for other axes, it has no batch axis: it is passed once
 * for all samples. If this does not determine the axis, the file is refused.
 */
export class BatchAxes {
  /** The fixed batch size; undefined if it is free. */
  readonly batch: number | undefined;
  readonly #axes: ReadonlyMap<OnnxValueInfo, number | null>;

  /**
   * Finds the axes.
   *
   * @param inputs The inputs of the file.
   * @param fault Creates the error if the axis cannot be determined.
   */
  constructor(inputs: readonly OnnxValueInfo[], fault: Fault) {
    const isFree = ({ shape }: OnnxValueInfo) =>
      shape === undefined || shape[0] === null;
    const hasFree = inputs.some(isFree);
    const names = new Set(
      inputs.filter(isFree).flatMap(({ sizeNames }) => sizeNames?.[0] ?? []),
    );
    const others = new Set(
      inputs.filter(isFree).flatMap(({ sizeNames }) =>
        sizeNames?.slice(1).filter((name) => name !== undefined) ?? []
      ),
    );
    const axes = inputs.map((info) => {
      if (info.shape?.length === 0) return null;
      if (!hasFree || isFree(info)) return 0;
      return axisOf(info, names, others, fault);
    });
    this.#axes = new Map(inputs.map((info, i) => [info, axes[i]!]));
    if (inputs.length > 0 && axes.every((axis) => axis === null)) {
      const rule = "some input must have a batch axis";
      throw fault(rule, describe(inputs));
    }
    const sizes = inputs.flatMap((info, i) =>
      axes[i] === 0 && !isFree(info) ? [info.shape![0]!] : []
    );
    if (new Set(sizes).size > 1) {
      const rule = "its inputs must take as many rows as each other";
      throw fault(rule, describe(inputs));
    }
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

/**
 * The batch axis of an input whose first size is fixed while others are free.
 */
function axisOf(
  info: OnnxValueInfo,
  batchNames: ReadonlySet<string>,
  otherNames: ReadonlySet<string>,
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
  const rule = `input "${name}" must tell by the names of its axes which is ` +
    `the batch${batchName === undefined ? "" : `, "${batchName}"`}`;
  throw fault(rule, sizesText(info));
}

function describe(inputs: readonly OnnxValueInfo[]): string {
  return inputs.map((info) => `${info.name} ${sizesText(info)}`).join(", ");
}

/** A shape as the file has it, as in `[2, batch, ?]`. */
function sizesText({ shape = [], sizeNames = [] }: OnnxValueInfo): string {
  const sizes = shape.map((size, axis) => size ?? sizeNames[axis] ?? "?");
  return `[${sizes.join(", ")}]`;
}
