/**
 * A layer: the computation of Keras' class of the same name at inference,
 * defined once over {@linkcode Ops}. There is no shape function and no second
 * definition for another engine: shapes are computed by running it over
 * `ShapeOps`.
 *
 * A factory reads a layer's config and returns a layer. It must read every
 * option that changes values; an option that was not read and is not at its
 * default is an error. Custom layers use the same interface.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";

/**
 * Creates a layer from its config.
 *
 * @category Custom layers
 */
export type LayerFactory = (config: LayerConfig) => Layer;

/** Factories of layers or operations, by Keras' name. */
export type FactoryTable = Readonly<Record<string, LayerFactory>>;

/**
 * An activation function.
 *
 * @category Custom layers
 */
export type Activation = <T>(ops: Ops<T>, x: T) => T;

/**
 * The writer of a config: Keras' major version, or TF.js, with the semantics of
 * Keras 2.
 *
 * @category Custom layers
 */
export type Dialect = 2 | 3 | "tfjs";

/**
 * Reads a layer's config, and records which options were read.
 *
 * @category Custom layers
 */
export interface LayerConfig {
  /** The layer's name. */
  readonly name: string;
  /** The writer of the config. */
  readonly dialect: Dialect;
  /** A number. */
  number(key: string, fallback?: number): number;
  /** A boolean. */
  boolean(key: string, fallback?: boolean): boolean;
  /** A string. */
  string(key: string, fallback?: string): string;
  /** One of some strings. */
  oneOf<S extends string>(key: string, allowed: readonly S[], fallback?: S): S;
  /**
   * A list of `length` integers; a single number is repeated: `3` → `[3, 3]`.
   */
  ints(
    key: string,
    length: number,
    fallback?: number | readonly number[],
  ): readonly number[];
  /** An activation, serialised by name, as a function, or as a layer. */
  activation(key: string): Activation;
  /**
   * A wrapped layer, with its weights under its own names. They are stored
   * under the key: a layer that wraps `layer` lists `layer/kernel`, and passes
   * the value on as `kernel`.
   */
  layer(key: string): Layer;
  /**
   * Several wrapped layers under one key, such as the cells of stacked cells.
   */
  layerList(key: string): Layer[];
  /**
   * A built-in layer inside a custom one, by its class and options. Its weights
   * are named `key/…`; it reads them from those of the outer layer. The key is
   * the name of the attribute that holds the layer in Python, `att` of
   * `self.att`; of a layer in a `Sequential` it is `ffn/layers/dense`, and of
   * the second Dense in it `ffn/layers/dense_1`.
   */
  build(
    kind: string,
    options: Readonly<Record<string, unknown>>,
    key: string,
  ): Layer;
  /** Whether the config has an option. */
  has(key: string): boolean;
  /** The raw value of an option; it counts as read. */
  raw(key: string): unknown;
}

/**
 * One layer.
 *
 * @category Custom layers
 */
export interface Layer {
  /**
   * Names in the order in which Keras stores them: trainable ones first, each in
   * the order of their creation. A `.keras` file has the order alone, an `.h5`
   * the names. `cell/kernel` is that of a nested layer.
   */
  readonly weights: readonly string[];
  /** The channel axis of its output, if it is a feature map. */
  readonly channels?: "first" | "last";
  /** Whether each axis of its outputs is the same axis of its inputs. @default {false} */
  readonly keepsAxes?: boolean;
  /**
   * Whether it changes at most the shape, not the values, at inference.
   * @default {false}
   */
  readonly passesValues?: boolean;
  /**
   * Whether layers that are called on its inputs later find no mask on them.
   * @default {false}
   */
  readonly dropsInputMasks?: boolean;
  /**
   * Whether Keras carries its state from batch to batch, so that a run may have
   * one batch. A layer that wraps such a layer must be one too.
   * @default {false}
   */
  readonly keepsState?: boolean;
  /**
   * Whether TF.js' class of that name gives the same results for integers.
   * @default {false}
   */
  readonly takesIntegersAsTfjs?: boolean;
  /**
   * For a recurrent cell, the sizes of its state, `[N, size]` each: its call
   * gets the input and the state, and returns the output and the next state.
   * The output is the first tensor of the next state.
   */
  readonly stateSizes?: readonly number[];
  /**
   * The computation on the host, before the engine runs; the layer must then be
   * called on inputs of the model. Used by layers on strings.
   */
  readonly onHost?: HostComputation;
  /**
   * For a layer on strings that gives strings: the output for each of them. The
   * host computes it; a layer with `onHost` must read the output.
   */
  readonly onEachString?: (text: string) => string;
  /**
   * Computes the outputs from inputs `[N, …]`. Inputs and outputs that are a
   * record in Python are lists in the order of its sorted keys.
   */
  call<T>(
    ops: Ops<T>,
    inputs: readonly T[],
    weights: Readonly<Record<string, T>>,
    context: CallContext<T>,
  ): T[];
  /**
   * Masks of the outputs, `[N, T]` booleans each; default: the mask of the
   * input is passed on if every output has the input's length.
   */
  masks?<T>(
    ops: Ops<T>,
    inputs: readonly T[],
    context: CallContext<T>,
  ): (T | undefined)[];
}

/**
 * Strings or numbers on the host, from a dataset.
 *
 * @category Custom layers
 */
export interface HostValues {
  /** The values, in row-major order. */
  readonly data: readonly string[] | ArrayLike<number | bigint>;
  /** Sizes, `[N, …]`. */
  readonly shape: readonly number[];
}

/**
 * A layer that is computed on the host, from strings to numbers. Its
 * functions get one argument for each of its inputs.
 *
 * @category Custom layers
 */
export interface HostComputation {
  /** Whether it accepts numbers in addition to strings. @default {false} */
  readonly takesNumbers?: boolean;
  /** Whether it accepts several inputs. @default {false} */
  readonly takesSeveral?: boolean;
  /**
   * Whether the engine computes it, by `call`, where no input holds strings.
   * @default {false}
   */
  readonly leavesNumbers?: boolean;
  /** Whether its output is as long as the longest sample of a batch. @default {false} */
  readonly padsToLongest?: boolean;
  /** The element type of its output. */
  readonly dtype: "float32" | "int32";
  /** The output shape for the input shapes; null for unknown sizes. */
  shapeOf(...shapes: readonly (number | null)[][]): (number | null)[];
  /** Computes a batch. */
  compute(...values: HostValues[]): {
    readonly data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
    readonly shape: readonly number[];
  };
}

/**
 * The context of a call, besides its inputs.
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
  /** Masks of tensors among the keyword arguments, if they have one. */
  readonly argMasks?: Readonly<Record<string, T | undefined>>;
}
