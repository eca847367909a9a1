/**
 * Re-exports TF.js, so that users and this library share one copy, and names
 * the TF.js types that appear in public signatures.
 *
 * @module
 */
import * as tfjs from "@tensorflow/tfjs";

/**
 * The copy of TF.js that this library uses. No second import is needed.
 *
 * @category Data
 */
export const tf: typeof tfjs = tfjs;

/**
 * Internal state of the backend "cpu": whether it has yet to print its advice.
 */
interface AdvisingBackend {
  firstUse: boolean;
}

/**
 * When it creates its first tensor, the backend "cpu" prints advice to install
 * TF.js' Node backend, which does not run under Deno. Clearing its `firstUse`
 * flag suppresses that message; nothing else changes, and the console is not
 * patched.
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
 * Registers the backend "wasm", so that the first `tf.setBackend("wasm")` loads
 * the package that this library uses. Its priority keeps it from being the
 * default. If the user imports the package, that import replaces this
 * registration without a warning.
 */
function offerWasm(): void {
  const engine = tfjs.engine();
  const { registryFactory } = engine;
  if (registryFactory.wasm !== undefined) return;
  const register = engine.registerBackend;
  const load = async () => {
    await import("@tensorflow/tfjs-backend-wasm"); // registers the backend
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
