/**
 * TF.js as our users see it: one copy for them and for us, and names for the
 * types that stand in our signatures.
 *
 * @module
 */
import * as tfjs from "@tensorflow/tfjs";

/**
 * TF.js, the copy that this library uses, so that nobody needs a second import.
 *
 * @category Data
 */
export const tf: typeof tfjs = tfjs;

/** What the backend "cpu" keeps for itself: whether its advice is still to come. */
interface AdvisingBackend {
  firstUse: boolean;
}

/**
 * Under Deno the backend "cpu" advises to install TF.js' backend for Node, which
 * does not run here, when it makes its first tensor. It is told that it has made
 * one; nothing else changes, and the console stays as it is.
 */
function declineAdvice(): void {
  const { cpu } = tfjs.engine().registry;
  if (cpu !== undefined) {
    (cpu as unknown as AdvisingBackend).firstUse = false;
    return;
  }
  const make = tfjs.findBackendFactory("cpu");
  if (make === null) return;
  const { priority } = tfjs.engine().registryFactory.cpu!;
  const quiet = () => Object.assign(make(), { firstUse: false });
  tfjs.removeBackend("cpu");
  tfjs.registerBackend("cpu", quiet, priority);
}

declineAdvice();

/**
 * Makes `tf.setBackend("wasm")` load the package that this library uses, when it
 * is first called. It never becomes the backend of those who choose none. A
 * package that the user imports takes its place without a warning.
 */
function offerWasm(): void {
  const engine = tfjs.engine();
  const { registryFactory } = engine;
  if (registryFactory.wasm !== undefined) return;
  const register = engine.registerBackend;
  const load = async () => {
    await import("@tensorflow/tfjs-backend-wasm"); // it registers itself
    return await tfjs.findBackendFactory("wasm")!();
  };
  engine.registerBackend = (name, factory, priority) => {
    if (name === "wasm" && registryFactory.wasm?.factory === load) {
      engine.registerBackend = register;
      delete registryFactory.wasm;
    }
    return register.call(engine, name, factory, priority);
  };
  tfjs.registerBackend("wasm", load, 0);
}

offerWasm();

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
  /** A place in a graph of layers. */
  export type SymbolicTensor = tfjs.SymbolicTensor;
  /** Datasets. */
  export namespace data {
    /** A lazy sequence of elements, as far as it is read here. */
    export interface Dataset<T extends TensorContainer> {
      /** Elements in all; null or infinite where that is not known. */
      readonly size: number;
      /** Begins to read. */
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
