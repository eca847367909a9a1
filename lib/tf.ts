/**
 * Re-exports TF.js, so that users and this library share one copy, and names
 * the TF.js types that appear in public signatures.
 *
 * Loading TF.js takes a third of the start-up time, and native runs, which are
 * most, do not need it. It is therefore loaded on the first use of a member of
 * `tf`, synchronously. `import defer` would only defer its evaluation: finding
 * and linking its modules took 20 of the 100 ms of an import of this library.
 *
 * @module
 */
import type * as tfjs from "@tensorflow/tfjs";
import config from "../deno.json" with { type: "json" };
import names from "./tf_members.json" with { type: "json" };
import "./tfjs_engine.ts";

/**
 * The copy of TF.js that this library uses. No second import is needed.
 *
 * @category Data
 */
export const tf: typeof tfjs = membersLoadedOnUse();

/** An object whose members load TF.js and then are those of TF.js. */
function membersLoadedOnUse(): typeof tfjs {
  // Without a prototype, as a module is; it also takes new members faster.
  const members: typeof tfjs = Object.create(null);
  for (const name of names) {
    Object.defineProperty(members, name, {
      configurable: true,
      enumerable: true,
      get: () => Reflect.get(load(members), name),
    });
  }
  return members;
}

/** Loads TF.js; an import of it by the user gives the same copy. */
function load(members: typeof tfjs): typeof tfjs {
  const name = "@tensorflow/tfjs";
  const main = import.meta.resolve(config.imports[name] + "/dist/tf.node.js");
  // deno-lint-ignore no-process-global -- an import of it takes 10 to 30 ms
  const { createRequire } = process.getBuiltinModule("node:module");
  const loaded = createRequire(main)("./tf.node.js");
  for (const name of names) {
    Object.defineProperty(members, name, { value: loaded[name] });
  }
  return members;
}

/** Not called: Deno caches the package because this import names it. */
export const importTfjs = (): Promise<typeof tfjs> =>
  import("@tensorflow/tfjs");

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
