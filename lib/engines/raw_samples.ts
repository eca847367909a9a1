/**
 * Where the samples are after an operation of an ONNX file or of a TF.js graph.
 *
 * The rule of an operator is written over {@linkcode Ops} and the functions of
 * `lib/ops/samples.ts`: it gives the sizes of the outputs, and their samples.
 * After an operation without a rule, nothing is known.
 *
 * @module
 */
import type { Ops, OpsType } from "../ops/ops.ts";
import type { SampleValue } from "../ops/sample_ops.ts";
import { isLocated, type Operand } from "../ops/samples.ts";
import type { ShapeValue } from "../ops/shape_ops.ts";
import type { Shape } from "../ops/shapes.ts";

/** A size in a shape: null if unknown, "samples" if it depends on their number. */
export type Size = number | null | "samples";

export type Sizes = readonly Size[] | undefined;

/** A tensor of a raw operation. */
export interface RawValue extends SampleValue {
  /** The values of a short tensor of integers, such as a shape or axes. */
  readonly values?: Sizes;
  /** Whether the number of its axes is not known. */
  readonly isUnranked?: boolean;
}

/** A tensor of which samples and rank are known. */
export type Known = ShapeValue & Operand & Pick<RawValue, "values">;

/** An operation, with the facts about its inputs. */
export interface RawOperation {
  readonly kind: string;
  /** Its inputs; undefined for omitted ones. */
  readonly inputs: readonly (RawValue | undefined)[];
  readonly attribute: (name: string) => unknown;
  /** A number in an attribute. */
  readonly number: (name: string, fallback: number) => number;
  /** The integers in an attribute, or in an input; undefined if not all are known. */
  readonly integers: (
    name: string,
    input: number,
  ) => readonly number[] | undefined;
  /** Its opset; 0 in TF.js graphs. */
  readonly version: number;
  /** Number of its outputs. */
  readonly numOutputs: number;
  readonly ops: Ops<SampleValue>;
  /** Number of samples, if it is fixed. */
  readonly batch: number | undefined;
  /** Sizes of its first output, as far as they are known without a rule. */
  readonly sizes: Shape | undefined;
  /** Its element type, if it is known without a rule. */
  readonly dtype: OpsType | undefined;
}

/** The outputs; undefined if they are not known. */
export type Outputs = RawValue | readonly RawValue[] | undefined;
/** Over the first input; the others are the same for all samples. */
export type SingleRule = (x: Known, operation: RawOperation) => Outputs;
/** Over all inputs. */
export type JointRule = (
  inputs: readonly Known[],
  operation: RawOperation,
) => Outputs;

/** How the operators of a format treat samples. */
export interface RawRules {
  readonly single: Readonly<Record<string, SingleRule>>;
  readonly joint: Readonly<Record<string, JointRule>>;
}

/** Operators whose results differ from run to run. */
const RANDOM = /^(Random|Bernoulli|Multinomial|TruncatedNormal)/;

/**
 * The outputs of an operation.
 *
 * @param rules How operators treat samples.
 * @param operation The operation.
 * @returns Its outputs; none if they are not known.
 */
export function rawOutputs(
  rules: RawRules,
  operation: RawOperation,
): readonly RawValue[] {
  const { kind, inputs, sizes, dtype } = operation;
  if (kind === "Shape" || kind === "Size") return [measured(operation)];
  const present = inputs.filter((input) => input !== undefined);
  const isKnown = present.every(({ samples }) =>
    samples === null || isLocated(samples)
  );
  if (!isKnown || RANDOM.test(kind)) return [];
  const [first, ...others] = [ruled(rules, operation) ?? []].flat();
  if (first !== undefined) {
    const shape = refined(first.shape, sizes);
    return [{ ...first, shape, dtype: dtype ?? first.dtype }, ...others];
  }
  if (present.some(({ samples }) => samples !== null)) return [];
  const isUnranked = sizes === undefined;
  const shape = sizes ?? [];
  return [{ shape, dtype: dtype ?? "float32", samples: null, isUnranked }];
}

/** The sizes of a tensor, which may be all that is known of it. */
function measured(
  { kind, inputs: [x], attribute, batch }: RawOperation,
): RawValue {
  const { shape = [], samples, isUnranked = x === undefined } = x ?? {};
  const isKnown = samples === null || isLocated(samples);
  const axis = isLocated(samples) && batch === undefined ? samples.axis : -1;
  const all = shape.map((size, i): Size => i === axis ? "samples" : size);
  const end = attribute("end");
  const sizes = all.slice(
    Number(attribute("start") ?? 0),
    end === undefined ? undefined : Number(end),
  );
  const values = !isKnown || isUnranked
    ? undefined
    : kind === "Shape"
    ? sizes
    : [axis < 0 ? null : "samples" as const];
  const rank = kind === "Shape" ? [values?.length ?? null] : [];
  return { shape: rank, dtype: "int32", samples: null, values };
}

function ruled({ single, joint }: RawRules, operation: RawOperation): Outputs {
  const { kind, inputs } = operation;
  const [x, ...others] = inputs;
  const isJoint = Object.hasOwn(joint, kind);
  const ranked = isJoint ? inputs.filter((one) => one !== undefined) : [x];
  if (ranked.some((one) => one === undefined || one.isUnranked)) return;
  try {
    if (isJoint) return joint[kind]!(ranked as Known[], operation);
    if (!Object.hasOwn(single, kind)) return undefined;
    const outputs = single[kind]!(x as Known, operation);
    const areConstants = others.every((one) => !one?.samples);
    // What computes over samples does so whatever the other inputs are.
    const [first] = [outputs].flat();
    return areConstants || first?.samples === "mixed" ? outputs : undefined;
  } catch (error) {
    // Sizes or axes that do not fit, which the engine reports.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** Sizes of a rule, or those that are known without it. */
function refined(shape: Shape, known: Shape | undefined): Shape {
  return known?.length === shape.length
    ? shape.map((size, i) => size ?? known[i]!)
    : shape;
}
