/**
 * The functions of ONNX Runtime that a pipeline uses. There are two bindings: its C API,
 * called by this process (`c_binding.ts`), and its package for Node, called by
 * a worker (`node_binding.ts`).
 *
 * @module
 */
import type { DeviceName } from "./device.ts";
import type { ModelBytes, OnnxResult } from "./messages.ts";

/** Settings of a session. */
export interface SessionSettings {
  /** Number of threads. */
  readonly threads: number;
  /** Whether products of 8-bit integers must be exact. @default {false} */
  readonly exactProducts?: boolean | undefined;
  /**
   * Whether threads spin while they wait for work: less delay between small
   * operations, but processor time that other threads could use.
   *
   * @default {true}
   */
  readonly spins?: boolean | undefined;
  /** The device. @default {"cpu"} */
  readonly device?: DeviceName | undefined;
}

/** ONNX Runtime. */
export interface RuntimeBinding {
  /**
   * Opens a model.
   *
   * @param model The model; its weights are copied.
   * @param settings Threads and device.
   * @param consumed Buffers of weights that may be freed early.
   * @returns The session.
   * @throws {Error} The error of the runtime, if it refuses the model.
   */
  open(
    model: ModelBytes,
    settings: SessionSettings,
    consumed?: ReadonlySet<ArrayBufferLike>,
  ): Promise<RuntimeSession>;
}

/** A model that is open in ONNX Runtime. */
export interface RuntimeSession {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /**
   * Makes a value over an array, which the runtime reads from or writes into.
   *
   * @param array The array.
   * @returns The value, over the memory of the array.
   */
  valueOf(array: TypedValues): RuntimeValue;
  /**
   * Runs the model.
   *
   * @param inputs The values of its inputs, by name.
   * @param outputs The values to write into, by name; null where the runtime
   * allocates them.
   * @returns The values of these outputs, by name.
   */
  run(
    inputs: Readonly<Record<string, RuntimeValue>>,
    outputs: Readonly<Record<string, RuntimeValue | null>>,
  ): Promise<Readonly<Record<string, RuntimeValue>>>;
  /** Stops the runs in flight, which fail. Does nothing if it cannot. */
  stop(): void;
  /** Frees the model. No run may be in flight. */
  release(): Promise<void>;
}

/** Name, type and shape of an input or output. */
export interface ValueInfo {
  readonly name: string;
  /** Its element type; undefined if it is not a tensor. */
  readonly type: string | undefined;
  /** Sizes; the name of a size, or "", if it is unknown. */
  readonly shape: readonly (number | string)[];
}

/** A tensor of the runtime. */
export interface RuntimeValue {
  readonly type: string;
  readonly shape: readonly number[];
  /**
   * Its numbers, as a view of the memory of the runtime: valid until it is
   * freed. Halves are a `Float16Array`.
   */
  view(): OnnxResult["data"];
  /** Frees the memory of the runtime. */
  free(): void;
}

/** Values with their sizes and the runtime's type name. */
export interface TypedValues {
  readonly data: ArrayBufferView;
  readonly shape: readonly number[];
  readonly type: string;
}
