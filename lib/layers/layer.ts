/**
 * A layer: what Keras' class of the same name computes at inference, said once
 * over {@linkcode Ops}. No shape function and no second form for another
 * engine: shapes come from running it over `ShapeOps`.
 *
 * A factory reads a layer's config and gives a layer. It reads every option
 * that changes a value; an option that nobody read and that is not its default
 * is an error that names it. Custom layers are the same thing.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";

/**
 * Makes a layer of its config.
 *
 * @category Custom layers
 */
export type LayerFactory = (config: LayerConfig) => Layer;

/**
 * An activation, alone.
 *
 * @category Custom layers
 */
export type Activation = <T>(ops: Ops<T>, x: T) => T;

/**
 * Who wrote a config: Keras' major version, or TF.js, whose meaning is Keras 2's.
 *
 * @category Custom layers
 */
export type Dialect = 2 | 3 | "tfjs";

/**
 * Reads a layer's config, and remembers what was read.
 *
 * @category Custom layers
 */
export interface LayerConfig {
  /** The layer's name. */
  readonly name: string;
  /** Who wrote it. */
  readonly dialect: Dialect;
  /** A number. */
  number(key: string, fallback?: number): number;
  /** A boolean. */
  boolean(key: string, fallback?: boolean): boolean;
  /** A string. */
  string(key: string, fallback?: string): string;
  /** One of some strings. */
  oneOf<S extends string>(key: string, allowed: readonly S[], fallback?: S): S;
  /** Whole numbers, `length` of them; one number stands for all: `3` → `[3, 3]`. */
  ints(
    key: string,
    length: number,
    fallback?: number | readonly number[],
  ): readonly number[];
  /** An activation by name, by function, or as a layer. */
  activation(key: string): Activation;
  /** A wrapped layer; its weights are named `key/kernel`. */
  layer(key: string): Layer;
  /** Several wrapped layers under one key, as the cells of stacked cells. */
  layerList(key: string): Layer[];
  /**
   * A known layer inside a custom one, by its class and options. Its weights
   * are named `key/…`; it takes them from those of the whole layer.
   */
  build(
    kind: string,
    options: Readonly<Record<string, unknown>>,
    key: string,
  ): Layer;
  /** Whether an option stands in the config. */
  has(key: string): boolean;
  /** Anything else; counts as read. */
  raw(key: string): unknown;
}

/**
 * What one layer computes.
 *
 * @category Custom layers
 */
export interface Layer {
  /** Names in the order in which Keras stores them; `cell/kernel` for those of a part. */
  readonly weights: readonly string[];
  /** Which axis of its output holds the channels, if it is a feature map. */
  readonly channels?: "first" | "last";
  /** Whether each axis of its outputs is the same axis of its inputs. @default {false} */
  readonly keepsAxes?: boolean;
  /** Whether it changes no value at inference, at most the shape. @default {false} */
  readonly passesValues?: boolean;
  /** Whether a layer called on its inputs after it finds no mask on them. @default {false} */
  readonly dropsInputMasks?: boolean;
  /** Whether TF.js' class of that name does the same with integers. @default {false} */
  readonly takesIntegersAsTfjs?: boolean;
  /**
   * How it is computed on the host, before an engine gets anything; then it must
   * be called on an input of the model. Layers on strings have it.
   */
  readonly onHost?: HostComputation;
  /** Computes the outputs of inputs `[N, …]`. */
  call<T>(
    ops: Ops<T>,
    inputs: readonly T[],
    weights: Readonly<Record<string, T>>,
    context: CallContext<T>,
  ): T[];
  /**
   * Masks of the outputs, `[N, T]` booleans each; without it, a mask goes on
   * only if every output has its input's length.
   */
  masks?<T>(
    ops: Ops<T>,
    inputs: readonly T[],
    context: CallContext<T>,
  ): (T | undefined)[];
}

/**
 * Strings or numbers on the host, as a dataset gives them.
 *
 * @category Custom layers
 */
export interface HostValues {
  /** The values, in the order of their axes. */
  readonly data: readonly string[] | ArrayLike<number | bigint>;
  /** Sizes, `[N, …]`. */
  readonly shape: readonly number[];
}

/**
 * A layer that is computed on the host: texts to numbers.
 *
 * @category Custom layers
 */
export interface HostComputation {
  /** Whether it takes numbers too, and not strings alone. @default {false} */
  readonly takesNumbers?: boolean;
  /** Whether what it gives is as long as the longest sample of a batch. @default {false} */
  readonly padsToLongest?: boolean;
  /** The element type of what it gives. */
  readonly dtype: "float32" | "int32";
  /** Sizes of what it gives for an input of some sizes, null for unknown. */
  shapeOf(shape: readonly (number | null)[]): (number | null)[];
  /** Computes a batch. */
  compute(values: HostValues): {
    readonly data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
    readonly shape: readonly number[];
  };
}

/**
 * What a call is told besides its inputs.
 *
 * @category Custom layers
 */
export interface CallContext<T> {
  /** Masks of the inputs. */
  readonly masks: readonly (T | undefined)[];
  /** Keyword arguments: `initial_state`, `use_causal_mask`, … */
  readonly args: Readonly<
    Record<string, T | number | boolean | string | undefined>
  >;
  /** Masks of tensors among the keyword arguments, where they have one. */
  readonly argMasks?: Readonly<Record<string, T | undefined>>;
}
