/**
 * Re-exports TF.js, so that users and this library share one copy, and names
 * the TF.js types that appear in public signatures.
 *
 * Loading TF.js takes a third of the start-up time, and native runs, which are
 * most, do not need it. Its import is therefore deferred: it is evaluated on
 * the first use of a member of `tf`, synchronously.
 *
 * @module
 */
import type * as tfjs from "@tensorflow/tfjs";
import defer * as deferred from "@tensorflow/tfjs";
import "./tfjs_engine.ts";

/**
 * The copy of TF.js that this library uses. No second import is needed.
 *
 * @category Data
 */
export const tf: typeof tfjs = deferred;

/**
 * Types of TF.js.
 *
 * @category Data
 */
export declare namespace tf {
  /** An array that lives on a backend. */
  export type Tensor = tfjs.Tensor;
  /** A tensor of rank 1. */
  export type Tensor1D = tfjs.Tensor1D;
  /** A tensor of rank 2. */
  export type Tensor2D = tfjs.Tensor2D;
  /** A tensor of rank 3. */
  export type Tensor3D = tfjs.Tensor3D;
  /** A tensor of rank 4. */
  export type Tensor4D = tfjs.Tensor4D;
  /** A tensor of rank 0. */
  export type Scalar = tfjs.Scalar;
  /** Tensors by name. */
  export type NamedTensorMap = tfjs.NamedTensorMap;
  /** Tensors in arrays and records. */
  export type TensorContainer = tfjs.TensorContainer;
  /** A model made of layers. */
  export type LayersModel = tfjs.LayersModel;
  /** A model that is a chain of layers. */
  export type Sequential = tfjs.Sequential;
  /** A model that is a graph of operations. */
  export type GraphModel = tfjs.GraphModel;
  /** A symbolic tensor in a graph of layers. */
  export type SymbolicTensor = tfjs.SymbolicTensor;
  /** Datasets. */
  export namespace data {
    /** The members of a lazy sequence of elements that this library uses. */
    export interface Dataset<T extends TensorContainer> {
      /** Number of elements; null or infinite if unknown. */
      readonly size: number;
      /** Starts reading. */
      iterator(): Promise<{ next(): Promise<IteratorResult<T>> }>;
      /** Reads all. */
      forEachAsync(each: (element: T) => void): Promise<void>;
    }
  }
  /** Layers. */
  export namespace layers {
    /** A layer of any class. */
    export type Layer = tfjs.layers.Layer;
  }
}
