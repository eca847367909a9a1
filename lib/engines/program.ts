/**
 * What is to be computed, before an engine is chosen.
 *
 * A program names tensors of the model's graph that go in and that are wanted,
 * and what is done with the wanted ones afterwards, over {@linkcode Ops}. An
 * engine brings values for the wanted tensors and its own `Ops`; the rest,
 * {@linkcode computeOutputs}, is the same for all.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import { cannot, shapeText } from "../check.ts";
import type { ModelGraph } from "../models/graph/model_graph.ts";
import { type GraphNode, type Ref, refKey } from "../models/graph/graph.ts";
import type { Ops } from "../ops/ops.ts";
import type { FeatureArray, LinearHead, NdArray } from "../types.ts";
import { type Feed, type Schedule, schedule } from "./schedule.ts";

/** What is to be computed of one model. */
export interface Program extends ProgramParts {
  /** The nodes that run. */
  readonly schedule: Schedule;
  /** Those that a gradient goes through; undefined without a perturbation. */
  readonly gradientSchedule: Schedule | undefined;
}

/** What a program is made of. */
export interface ProgramParts {
  readonly graph: ModelGraph;
  readonly feeds: readonly Feed[];
  readonly features: readonly FeatureTarget[];
  /** Whether the penultimate is wanted by itself. */
  readonly wantsPenultimate: boolean;
  /** Whether it is wanted after the shaping. */
  readonly isPenultimateShaped?: boolean;
  readonly logits?: LogitsTarget;
  /** Whether the logits are left out of the results: others are computed from them. */
  readonly omitsLogits?: boolean;
  readonly perturbation?: Perturbation;
}

/** A feature that is wanted. */
export interface FeatureTarget {
  readonly name: string;
  readonly ref: Ref;
  /** The given postprocessings, one after another. */
  readonly given: <T>(ops: Ops<T>, feature: T) => T;
  /** Whether they change no value, as if there are none. */
  readonly isPlain?: boolean;
  /** The caller's own, after them. */
  readonly own: readonly ((feature: tf.Tensor) => tf.Tensor)[];
  readonly readAs?: "float16";
}

/** Logits that are wanted. */
export interface LogitsTarget {
  /** The linear head, if there is one. */
  readonly head?: {
    readonly name: string;
    readonly penultimate: Ref;
    readonly weights: LinearHead;
    /** Whether it is a convolution, whose map must have one place. */
    readonly isConvolution: boolean;
    /** Where its channels stand; last, unless said. */
    readonly channels?: "first";
  };
  /** The tensor that holds the logits already; undefined if they are fused. */
  readonly direct?: Ref;
  /**
   * Whether they were found by a search and nothing else needs them: then
   * features are computed also where the logits do not give one row per sample.
   */
  readonly isOptional?: boolean;
  readonly shaping?: <T>(ops: Ops<T>, penultimate: T) => ShapedValue<T>;
}

/** A changed penultimate, and the factor of each row if there is one. */
export interface ShapedValue<T> {
  readonly penultimate: T;
  readonly scale?: T;
}

/** A step against the gradient, taken on the input. */
export interface Perturbation {
  readonly epsilon: number;
  readonly temperature: number;
  /** Whether the logits are one sigmoid's, which is two classes. */
  readonly isBinary: boolean;
}

/** What one batch gives. */
export interface RunOutputs {
  readonly features: readonly FeatureArray[];
  readonly logits?: NdArray;
  readonly penultimate?: NdArray;
  /** Factors of a shaping, `N` of them. */
  readonly scale?: Float32Array;
}

/**
 * Makes a program: finds the nodes that it runs.
 *
 * @param parts What goes in, what is wanted, and what is done with it.
 * @returns The program.
 * @throws {TypeError} If a wanted tensor needs an input that is not fed.
 */
export function makeProgram<Parts extends ProgramParts>(
  parts: Parts,
): Parts & Program {
  const { feeds, logits, perturbation } = parts;
  return {
    ...parts,
    schedule: schedule(feeds, wantedRefs(parts)),
    gradientSchedule: perturbation === undefined || logits === undefined
      ? undefined
      : schedule(feeds, [logitsRef(unshaped(logits))]),
  };
}

/**
 * Logits without their shaping, as a perturbation takes the gradient of them.
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
 * @returns True where they are shaped, or an activation is fused to them.
 */
export function needsHead({ direct, shaping }: LogitsTarget): boolean {
  return direct === undefined || shaping !== undefined;
}

/**
 * Whether a session computes with the head's weights.
 *
 * @param program The program.
 * @returns False also where the head is only looked at, as for its penultimate.
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
 * The tensor that the logits are taken from.
 *
 * @param logits The logits.
 * @returns The logits themselves, or the penultimate.
 */
export function logitsRef(logits: LogitsTarget): Ref {
  return needsHead(logits) ? logits.head!.penultimate : logits.direct!;
}

/** The outputs of a program, in an engine's own values. */
export interface OutputValues<T> {
  readonly features: readonly T[];
  readonly logits?: T;
  readonly penultimate?: T;
  readonly scale?: T;
}

/** The head's weights, as an engine holds them. */
export interface HeadValues<T> {
  readonly kernel: T;
  readonly bias: T;
}

/**
 * What a program makes of the tensors that it wanted.
 *
 * @param ops The engine's operations.
 * @param program What is to be computed.
 * @param valueOf Gives the value of a wanted tensor.
 * @param head The head's weights, where there is a head.
 * @returns The outputs; a user's own postprocessings are still to come.
 */
export function computeOutputs<T>(
  ops: Ops<T>,
  program: ProgramParts,
  valueOf: (ref: Ref) => T,
  head: HeadValues<T> | undefined,
): OutputValues<T> {
  const { features, logits, wantsPenultimate } = program;
  const { isPenultimateShaped, omitsLogits } = program;
  const values = features.map(({ ref, given }) => given(ops, valueOf(ref)));
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
 * @param logits What they are taken from.
 * @param valueOf Gives the value of a wanted tensor.
 * @param head The head's weights, where there is a head.
 * @returns `[N, C]`; the penultimate that they are computed from, shaped where
 * a shaping is set; and the factors of the shaping, `[N, 1]`.
 */
export function logitsOf<T>(
  ops: Ops<T>,
  logits: LogitsTarget,
  valueOf: (ref: Ref) => T,
  head: HeadValues<T> | undefined,
): { logits: T; shaped?: T; scale?: T } {
  const { shaping } = logits;
  if (!needsHead(logits)) {
    return { logits: onePlace(ops, valueOf(logits.direct!), logits) };
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
 * What feeds the head.
 *
 * @param ops The engine's operations.
 * @param logits The logits, of a head.
 * @param valueOf Gives the value of a wanted tensor.
 * @returns The result; a map of one place as `[N, D]`.
 */
export function penultimateOf<T>(
  ops: Ops<T>,
  logits: LogitsTarget,
  valueOf: (ref: Ref) => T,
): T {
  return onePlace(ops, valueOf(logits.head!.penultimate), logits);
}

/**
 * Whether logits that may be left out are a map that is not known to have one
 * spatial position.
 *
 * @param ops The engine's operations.
 * @param logits The logits.
 * @param valueOf Gives the value of a wanted tensor.
 * @returns Whether they cannot be taken, and need not be.
 */
export function isUnfit<T>(
  ops: Ops<T>,
  logits: LogitsTarget,
  valueOf: (ref: Ref) => T,
): boolean {
  if (!logits.isOptional || !logits.head?.isConvolution) return false;
  const shape = ops.shape(valueOf(logitsRef(logits)));
  return shape.length > 2 &&
    !positionsOf(shape, logits).every((size) => size === 1);
}

function positionsOf(
  shape: readonly (number | null)[],
  { head }: LogitsTarget,
): readonly (number | null)[] {
  return head?.channels === "first" ? shape.slice(2) : shape.slice(1, -1);
}

/**
 * A map of one place as `[N, D]`; anything else of a linear layer unchanged.
 */
function onePlace<T>(ops: Ops<T>, value: T, logits: LogitsTarget): T {
  const { head } = logits;
  const shape = ops.shape(value);
  if (shape.length <= 2) return value;
  const places = positionsOf(shape, logits);
  if (places.every((size) => size === 1)) {
    return ops.merge(value, 1, shape.length - 1);
  }
  if (!head?.isConvolution) return value;
  throw new TypeError(
    cannot(
      "take logits",
      `the map of head "${head.name}" must have one place`,
      shapeText(shape),
      "select the layer by .layers([…]), and leave the logits out by .logits(false)",
    ),
  );
}

/** Names of a program's nodes, for a plan. */
export function namesOf(nodes: readonly GraphNode[]): string[] {
  return nodes.filter(({ isListed }) => isListed).map(({ row }) => row.name);
}
