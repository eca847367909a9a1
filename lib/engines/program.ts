/**
 * A program: the computation, independent of the engine.
 *
 * A program names the input tensors and the requested tensors of the model's
 * graph, and the steps applied to the requested ones, over {@linkcode Ops}. An
 * engine computes the requested tensors and provides its `Ops`; the rest,
 * {@linkcode computeOutputs}, is the same for all engines.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import { cannot } from "../check.ts";
import { isOnePosition } from "../models/graph/head.ts";
import type { ModelGraph } from "../models/graph/model_graph.ts";
import { type GraphNode, type Ref, refKey } from "../models/graph/graph.ts";
import type { Ops } from "../ops/ops.ts";
import type { FeatureArray, LinearHead, NdArray } from "../types.ts";
import { type SampleRows, sampleRows } from "./sample_rows.ts";
import { type Feed, type Schedule, schedule } from "./schedule.ts";

/** The computation of one model. */
export interface Program extends ProgramParts {
  /** The nodes that run. */
  readonly schedule: Schedule;
  /**
   * The nodes that a gradient is computed through; undefined without a
   * perturbation.
   */
  readonly gradientSchedule: Schedule | undefined;
  /** Where the samples are in its tensors. */
  readonly rows: SampleRows;
}

/** The parts of a program. */
export interface ProgramParts {
  readonly graph: ModelGraph;
  readonly feeds: readonly Feed[];
  readonly features: readonly FeatureTarget[];
  /** Whether the penultimate is requested. */
  readonly wantsPenultimate: boolean;
  /** Whether it is requested after the shaping. */
  readonly isPenultimateShaped?: boolean;
  readonly logits?: LogitsTarget;
  /**
   * Whether the logits are only computed for a perturbation, and not returned.
   */
  readonly omitsLogits?: boolean;
  readonly perturbation?: Perturbation;
}

/** A requested feature. */
export interface FeatureTarget {
  readonly name: string;
  readonly ref: Ref;
  /** The built-in postprocessing steps, in order. */
  readonly builtIn: <T>(ops: Ops<T>, feature: T) => T;
  /** Whether they change no value. */
  readonly isPlain?: boolean;
  /** Custom functions, applied after them. */
  readonly custom: readonly ((feature: tf.Tensor) => tf.Tensor)[];
  readonly readAs?: "float16";
}

/** The requested logits. */
export interface LogitsTarget {
  /** The linear head, if there is one. */
  readonly head?: {
    readonly name: string;
    readonly penultimate: Ref;
    readonly weights: LinearHead;
    /**
     * Whether it is a convolution, whose feature map must have one spatial
     * position.
     */
    readonly isConvolution: boolean;
    /** Its channel axis; default: last. */
    readonly channels?: "first";
  };
  /**
   * The tensor of the logits; undefined if they are fused with the activation.
   */
  readonly direct?: Ref;
  /**
   * Whether they are optional: found by a search and not needed otherwise.
   * Features are then computed even if the logits do not have one row per
   * sample.
   */
  readonly isOptional?: boolean;
  readonly shaping?: <T>(ops: Ops<T>, penultimate: T) => ShapedValue<T>;
}

/** A shaped penultimate, and the factor of each row, if any. */
export interface ShapedValue<T> {
  readonly penultimate: T;
  readonly scale?: T;
}

/** A perturbation of the input, a step against the gradient. */
export interface Perturbation {
  readonly epsilon: number;
  readonly temperature: number;
  /** Whether the logits are those of one sigmoid, which means two classes. */
  readonly isBinary: boolean;
}

/** The results of one batch. */
export interface RunOutputs {
  readonly features: readonly FeatureArray[];
  readonly logits?: NdArray;
  readonly penultimate?: NdArray;
  /** Factors of a shaping, `[N]`. */
  readonly scale?: Float32Array;
}

/**
 * Creates a program, and finds the nodes that it runs.
 *
 * @param parts Inputs, requested tensors, and steps.
 * @returns The program.
 * @throws {TypeError} If a requested tensor needs an input that is not fed.
 */
export function makeProgram<Parts extends ProgramParts>(
  parts: Parts,
): Parts & Program {
  const { feeds, logits, perturbation } = parts;
  const wanted = wantedRefs(parts);
  const runs = schedule(feeds, wanted);
  return {
    ...parts,
    schedule: runs,
    rows: sampleRows(feeds, runs, wanted),
    gradientSchedule: perturbation === undefined || logits === undefined
      ? undefined
      : schedule(feeds, [logitsRef(unshaped(logits))]),
  };
}

/**
 * Logits without their shaping, for the gradient of a perturbation.
 *
 * @param logits The logits.
 * @returns The same logits, not shaped.
 */
export function unshaped(logits: LogitsTarget): LogitsTarget {
  const { shaping: _shaping, ...plain } = logits;
  return plain;
}

/**
 * The tensors of the graph that a program needs values for.
 *
 * @param program The program.
 * @returns Each tensor once.
 */
export function wantedRefs(program: ProgramParts): Ref[] {
  const { features, logits, wantsPenultimate, omitsLogits } = program;
  const refs = features.map(({ ref }) => ref);
  if (wantsPenultimate && logits?.head) refs.push(logits.head.penultimate);
  if (logits !== undefined && !omitsLogits) refs.push(logitsRef(logits));
  const seen = new Map(refs.map((ref) => [refKey(ref), ref]));
  return [...seen.values()];
}

/**
 * Whether logits are computed from the penultimate, by the head's weights.
 *
 * @param logits The logits.
 * @returns True if they are shaped, or fused with an activation.
 */
export function needsHead({ direct, shaping }: LogitsTarget): boolean {
  return direct === undefined || shaping !== undefined;
}

/**
 * Whether a session computes with the head's weights.
 *
 * @param program The program.
 * @returns False also if only the penultimate of the head is needed.
 */
export function usesHead(
  { logits, perturbation, omitsLogits, isPenultimateShaped }: ProgramParts,
): boolean {
  if (logits?.head === undefined) return false;
  const isComputed = !omitsLogits || isPenultimateShaped === true;
  return (isComputed && needsHead(logits)) ||
    (perturbation !== undefined && needsHead(unshaped(logits)));
}

/**
 * The tensor that the logits are computed from.
 *
 * @param logits The logits.
 * @returns The logits themselves, or the penultimate.
 */
export function logitsRef(logits: LogitsTarget): Ref {
  return needsHead(logits) ? logits.head!.penultimate : logits.direct!;
}

/** The outputs of a program, as values of an engine. */
export interface OutputValues<T> {
  readonly features: readonly T[];
  readonly logits?: T;
  readonly penultimate?: T;
  readonly scale?: T;
}

/**
 * Converts the outputs of a program.
 *
 * @param outputs The outputs.
 * @param each Converts one; receives its name, as in `"feature"`, and its index
 * among all outputs.
 * @returns The converted outputs.
 */
export function mapOutputs<T, R>(
  { features, logits, penultimate, scale }: OutputValues<T>,
  each: (value: T, name: string, index: number) => R,
): OutputValues<R> {
  let index = 0;
  const mapped = features.map((feature) => each(feature, "feature", index++));
  const others = Object.entries({ logits, penultimate, scale }).flatMap(
    ([name, value]) =>
      value === undefined ? [] : [[name, each(value, name, index++)] as const],
  );
  return { features: mapped, ...Object.fromEntries(others) };
}

/** The head's weights, as values of an engine. */
export interface HeadValues<T> {
  readonly kernel: T;
  readonly bias: T;
}

/**
 * Computes the outputs of a program from its requested tensors.
 *
 * @param ops The engine's operations.
 * @param program The program.
 * @param valueOf Returns the value of a requested tensor.
 * @param head The head's weights, if there is a head.
 * @returns The outputs, before custom postprocessing functions.
 */
export function computeOutputs<T>(
  ops: Ops<T>,
  program: ProgramParts,
  valueOf: (ref: Ref) => T,
  head: HeadValues<T> | undefined,
): OutputValues<T> {
  const { features, logits, wantsPenultimate } = program;
  const { isPenultimateShaped, omitsLogits } = program;
  const values = features.map(({ ref, builtIn }) => builtIn(ops, valueOf(ref)));
  if (logits === undefined) return { features: values };
  const isLeftOut = omitsLogits && !isPenultimateShaped ||
    isUnfit(ops, logits, valueOf);
  const made: Partial<ReturnType<typeof logitsOf<T>>> = isLeftOut
    ? {}
    : logitsOf(ops, logits, valueOf, head);
  const penultimate = !wantsPenultimate || logits.head === undefined
    ? undefined
    : isPenultimateShaped
    ? made.shaped
    : penultimateOf(ops, logits, valueOf);
  return {
    features: values,
    ...(penultimate === undefined ? {} : { penultimate }),
    ...(omitsLogits || !made.logits ? {} : { logits: made.logits }),
    ...(made.scale === undefined ? {} : { scale: made.scale }),
  };
}

/**
 * The logits of a program.
 *
 * @param ops The engine's operations.
 * @param logits Their description.
 * @param valueOf Returns the value of a requested tensor.
 * @param head The head's weights, if there is a head.
 * @returns `[N, C]`; the penultimate that they are computed from, shaped if a
 * shaping is set; and the factors of the shaping, `[N, 1]`.
 */
export function logitsOf<T>(
  ops: Ops<T>,
  logits: LogitsTarget,
  valueOf: (ref: Ref) => T,
  head: HeadValues<T> | undefined,
): { logits: T; shaped?: T; scale?: T } {
  const { shaping } = logits;
  if (!needsHead(logits)) {
    return { logits: onePosition(ops, valueOf(logits.direct!), logits) };
  }
  const plain = penultimateOf(ops, logits, valueOf);
  const shaped: ShapedValue<T> = shaping?.(ops, plain) ??
    { penultimate: plain };
  const { kernel, bias } = head!;
  const product = ops.matmul(shaped.penultimate, kernel); // [N, C]
  const { scale } = shaped;
  const made = {
    logits: ops.add(product, bias),
    shaped: shaped.penultimate,
  };
  return scale === undefined ? made : { ...made, scale };
}

/**
 * Computes the input of the head.
 *
 * @param ops The engine's operations.
 * @param logits The logits, of a head.
 * @param valueOf Returns the value of a requested tensor.
 * @returns The input; a feature map of one position as `[N, D]`.
 */
export function penultimateOf<T>(
  ops: Ops<T>,
  logits: LogitsTarget,
  valueOf: (ref: Ref) => T,
): T {
  return onePosition(ops, valueOf(logits.head!.penultimate), logits);
}

/**
 * Whether optional logits are a feature map that is not known to have one
 * spatial position.
 *
 * @param ops The engine's operations.
 * @param logits The logits.
 * @param valueOf Returns the value of a requested tensor.
 * @returns True if they must be omitted.
 */
export function isUnfit<T>(
  ops: Ops<T>,
  logits: LogitsTarget,
  valueOf: (ref: Ref) => T,
): boolean {
  if (!logits.isOptional || !logits.head?.isConvolution) return false;
  const shape = ops.shape(valueOf(logitsRef(logits)));
  return shape.length > 2 &&
    !isOnePosition(shape, logits.head.channels);
}

/**
 * Reshapes a feature map of one position to `[N, D]`; other inputs of a linear
 * layer are unchanged.
 */
function onePosition<T>(ops: Ops<T>, value: T, logits: LogitsTarget): T {
  const { head } = logits;
  const shape = ops.shape(value);
  if (shape.length <= 2) return value;
  if (isOnePosition(shape, head?.channels)) {
    return ops.merge(value, 1, shape.length - 1);
  }
  if (!head?.isConvolution) return value;
  throw new TypeError(
    cannot(
      "take logits",
      `the feature map of head "${head.name}" must have one spatial position`,
      shape,
      "select the layer by .layers([…]), and leave the logits out by .logits(false)",
    ),
  );
}

/** Names of a program's nodes, for a plan. */
export function namesOf(nodes: readonly GraphNode[]): string[] {
  return nodes.filter(({ isListed }) => isListed).map(({ row }) => row.name);
}
