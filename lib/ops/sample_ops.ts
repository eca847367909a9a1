import { einsumLetters } from "./einsum_letters.ts";
import type { ConvOptions, Ops, PoolingOptions, ScanStep } from "./ops.ts";
import {
  aligned,
  alike,
  along,
  common,
  isLocated,
  isPlain,
  joined,
  multiplied,
  type Operand,
  type Outcome,
  permuted,
  productLetters,
  reduced,
  reshaped,
  shifted,
  sliced,
} from "./samples.ts";
import { ShapeOps, type ShapeValue } from "./shape_ops.ts";
import { axesOf, axisOf, countOf } from "./shapes.ts";

/** Shape, element type, and the samples of a value. */
export interface SampleValue extends ShapeValue {
  /** The axis of the samples. */
  readonly samples: Outcome;
}

type Value = ShapeValue & Operand;
type Computed = Exclude<
  keyof Ops<Value>,
  "shape" | "dtype" | "constant" | "scan" | "recurrence"
>;
type Rule<K extends Computed> = (
  ...args: Parameters<Ops<Value>[K]>
) => Outcome;
type Rules<K extends Computed> = { readonly [Name in K]: Rule<Name> };

const same = ({ samples }: Value): Outcome => samples;
const broadcast = (...values: readonly Value[]): Outcome => aligned(values);
const alongOne = (x: Value, axis: number): Outcome => along(x, axis);
const alongLast = (x: Value): Outcome => along(x, -1);
const overAxes: Rule<"sum"> = (x, { axis, keepdims } = {}) =>
  reduced(x, axesOf(axis, x.shape.length), keepdims);

/** Over windows of the axes between the first and the last. */
function windowed(
  { samples, shape }: Value,
  size: (axis: number) => number | null,
): Outcome {
  if (samples === null || samples.axis === 0) return samples;
  if (samples.axis === shape.length - 1) return samples;
  return size(samples.axis - 1) === 1 ? undefined : "mixed";
}

const convolved = (x: Value, kernel: Value, _options?: ConvOptions) => {
  if (kernel.samples !== null) return undefined;
  const isDepth = x.samples?.axis === x.shape.length - 1;
  return isDepth ? "mixed" : windowed(x, (axis) => kernel.shape[axis]!);
};
const pooled = (x: Value, { size }: PoolingOptions) =>
  windowed(x, (axis) => size[axis]!);

/** The sample axis of the output, for each operation. */
const RULES: Rules<Exclude<Computed, "reshape" | "unmerge">> = {
  ...each(
    ["cast", "logicalNot", "exp", "log", "log1p", "expm1", "sqrt", "abs"],
    same,
  ),
  ...each(
    ["sign", "negative", "floor", "ceil", "round", "sin", "cos", "atan"],
    same,
  ),
  ...each(
    ["tanh", "sigmoid", "silu", "erf", "isNaN", "float", "oneHot"],
    same,
  ),
  ...each(
    ["add", "subtract", "multiply", "divide", "floorDivide", "mod", "power"],
    broadcast,
  ),
  ...each(
    ["maximum", "minimum", "greater", "greaterEqual", "equal"],
    broadcast,
  ),
  ...each(["logicalAnd", "logicalOr", "where", "broadcastLike"], broadcast),
  ...each(["sum", "mean", "max", "min", "prod", "any", "all"], overAxes),
  ...each(["softmax", "cumsum"], alongOne),
  ...each(["topK", "topKIndices"], alongLast),
  ...each(["conv", "convTranspose"], convolved),
  ...each(["maxPool", "averagePool"], pooled),
  argmax: (x, axis) => reduced(x, [axis]),
  takeLast: (x) => along(x, -1),
  flip: (x, axes) => along(x, ...axes),
  resize: (x) => windowed(x, () => null),
  sizes: () => null,
  merge: ({ samples, shape }, from, to) => {
    if (samples === null) return null;
    const [first, last] = axesOf([from, to], shape.length) as [number, number];
    const { axis, before = 1, after = 1 } = samples;
    if (axis < first) return samples;
    if (axis > last) return shifted(samples, first - last);
    return {
      ...samples,
      axis: first,
      before: countOf([...shape.slice(first, axis), before]),
      after: countOf([after, ...shape.slice(axis + 1, last + 1)]),
    };
  },
  expandDims: ({ samples, shape }, axis) =>
    inserted(samples, axisOf(axis, shape.length + 1)),
  squeeze: (x, axis) => {
    const after = reduced(x, [axis]);
    return after === "mixed" ? undefined : after; // a batch of one sample
  },
  transpose: ({ samples, shape }, axes) =>
    permuted(samples, axesOf(axes, shape.length)),
  concatenate: joined,
  stack: (values, axis) =>
    inserted(alike(values), axisOf(axis, values[0]!.shape.length + 1)),
  slice: sliced,
  pad: (x, widths) =>
    along(
      x,
      ...[...widths.keys()].filter((i) => widths[i]!.some((n) => n !== 0)),
    ),
  repeat: ({ samples, shape }, times, axis) => {
    if (samples?.axis !== axisOf(axis, shape.length)) return samples;
    return { ...samples, after: countOf([samples.after ?? 1, times]) };
  },
  take: (x, indices, axis) => {
    const at = axisOf(axis, x.shape.length);
    if (x.samples !== null && indices.samples !== null) return "mixed";
    if (x.samples === null) {
      return indices.samples && shifted(indices.samples, at);
    }
    const { axis: sample } = x.samples;
    // Perhaps some rows of each sample.
    if (sample === at) return isPlain(x.samples) ? "mixed" : undefined;
    return sample < at
      ? x.samples
      : shifted(x.samples, indices.shape.length - 1);
  },
  takeAlongAxis: (x, indices, axis) => {
    const found = alike([x, indices]);
    return isLocated(found) ? along({ ...x, samples: found }, axis) : found;
  },
  matmul: (a, b) =>
    multiplied([a, b], ...productLetters(a.shape.length, b.shape.length)),
  einsum: (equation, ...operands) => {
    const [a, b] = operands.map(({ shape }) => shape.length);
    const letters = einsumLetters(equation, a!, b!);
    return multiplied(operands, [letters.a, letters.b], letters.result);
  },
};

function inserted(samples: Outcome, at: number): Outcome {
  return isLocated(samples) && samples.axis >= at
    ? shifted(samples, 1)
    : samples;
}

function each<K extends Computed, R>(names: readonly K[], rule: R) {
  return Object.fromEntries(names.map((name) => [name, rule])) as {
    readonly [Name in K]: R;
  };
}

/** New sizes for the same values. */
function reshapes(batch: number | undefined): Rules<"reshape" | "unmerge"> {
  return {
    reshape: (x, sizes) => reshaped(x, sizes, batch),
    unmerge({ samples, shape }, axis, sizes) {
      if (samples === null) return null;
      const at = axisOf(axis, shape.length);
      if (samples.axis !== at) {
        return shifted(samples, samples.axis < at ? 0 : sizes.length - 1);
      }
      const line = { shape: [null], samples: { ...samples, axis: 0 } };
      const found = reshaped(line, sizes, batch);
      return isLocated(found) ? shifted(found, at) : found;
    },
  };
}

/**
 * Operations on shapes, element types and the axis of the samples.
 *
 * A computation over them shows where the samples are in its result, and
 * whether it computes over them, whatever layer or operation it belongs to.
 *
 * @param batch Number of samples, if it is fixed.
 * @returns The operations.
 */
export function sampleOps(batch?: number): Ops<SampleValue> {
  const shapes = new ShapeOps();
  const rules: Rules<Computed> = { ...RULES, ...reshapes(batch) };
  const computed = Object.keys(rules).map((name) => {
    const key = name as "add";
    return [name, (...args: [SampleValue, SampleValue]): SampleValue => {
      const operands = args.flat().filter(isValue);
      const samples = firstUnknown(operands) ??
        rules[key](...args as [Value, Value]);
      const result = shapes[key](...args);
      return {
        ...result,
        samples: samples === "unknown" ? undefined : samples,
      };
    }];
  });
  return {
    ...Object.fromEntries(computed) as Pick<Ops<SampleValue>, Computed>,
    shape: ({ shape }) => shape,
    dtype: ({ dtype }) => dtype,
    constant: (value) => ({ ...shapes.constant(value), samples: null }),
    scan: (step, initial, inputs) => scanned(shapes, step, initial, inputs),
  };
}

function isValue(value: unknown): value is SampleValue {
  return typeof value === "object" && value !== null && "samples" in value;
}

/** Mixed or unknown samples stay so. */
function firstUnknown(
  operands: readonly SampleValue[],
): "mixed" | "unknown" | undefined {
  const found = operands.map(({ samples }) => samples);
  if (found.includes("mixed")) return "mixed";
  return found.includes(undefined) ? "unknown" : undefined;
}

/** Runs a step until the samples of its state stay where they are. */
function scanned(
  shapes: ShapeOps,
  step: Parameters<Ops<SampleValue>["scan"]>[0],
  initial: readonly SampleValue[],
  inputs: readonly SampleValue[],
): ScanStep<SampleValue> {
  const steps = inputs.map((x): SampleValue => ({
    ...x,
    shape: x.shape.toSpliced(1, 1),
    samples: ofStep(x.samples, initial.length > 0),
  }));
  let before = initial;
  while (true) {
    let made: ScanStep<SampleValue> | undefined;
    const { outputs } = shapes.scan(
      (state) => made = step(state as SampleValue[], steps),
      before,
      inputs,
    );
    const { state: after, outputs: ofSteps } = made!;
    const state = after.map((x, i) => ({
      ...x,
      samples: ofState(before[i]!.samples, x.samples),
    }));
    const isSame = state.every(({ samples }, i) =>
      samples === before[i]!.samples
    );
    if (isSame) {
      return {
        state,
        outputs: outputs.map((x, i) => ({
          ...x,
          samples: inserted(ofSteps[i]!.samples, 1),
        })),
      };
    }
    before = state;
  }
}

/** The samples of one time step. Over samples, a state is carried along. */
function ofStep(samples: Outcome, hasState: boolean): Outcome {
  if (!isLocated(samples) || samples.axis === 0) return samples;
  if (samples.axis > 1) return shifted(samples, -1);
  return hasState ? "mixed" : undefined;
}

/** The samples of a state, before and after a step. */
function ofState(before: Outcome, after: Outcome): Outcome {
  if (before === "mixed" || after === "mixed") return "mixed";
  if (before === undefined || after === undefined) return undefined;
  if (before === null) return after;
  if (after === null) return before;
  return common([before, after]);
}
