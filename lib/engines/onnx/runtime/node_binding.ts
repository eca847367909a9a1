/**
 * ONNX Runtime by its package for Node. Its calls block their thread, so it is
 * used by a worker.
 *
 * @module
 */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import type {
  RuntimeBinding,
  RuntimeSession,
  RuntimeValue,
  SessionSettings,
  TypedValues,
  ValueInfo,
} from "./binding.ts";
import { deviceOptions } from "./device.ts";
import type { OnnxResult } from "./messages.ts";
import { stringsOf } from "./string_feed.ts";
import { configOf, openOptimized } from "./session_config.ts";

/**
 * Loads the package.
 *
 * @returns The binding.
 * @throws {Error} If it cannot be loaded.
 */
export async function loadNodeBinding(): Promise<RuntimeBinding> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  return {
    async open({ bytes, externalData, onCpu }, settings) {
      const open = (optimizes: boolean) =>
        InferenceSession.create(bytes, {
          ...nodeOptions(settings, optimizes),
          ...deviceOptions(settings.device ?? "cpu", onCpu),
          externalData: [...externalData],
        });
      return new NodeSession(await openOptimized(open), Tensor);
    },
  };
}

/** The options of a session, in the form of the package. */
function nodeOptions(
  settings: SessionSettings,
  optimizes: boolean,
): InferenceSession.SessionOptions {
  return {
    intraOpNumThreads: settings.threads,
    logSeverityLevel: 4, // a failure is thrown
    graphOptimizationLevel: optimizes ? "all" : "disabled",
    extra: Object.fromEntries(configOf(settings)),
  };
}

class NodeSession implements RuntimeSession {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly #session: InferenceSession;
  readonly #kind: typeof Tensor;

  constructor(session: InferenceSession, kind: typeof Tensor) {
    this.#session = session;
    this.#kind = kind;
    this.inputs = session.inputMetadata.map(infoOf);
    this.outputs = session.outputMetadata.map(infoOf);
  }

  valueOf({ data, shape, type }: TypedValues): NodeValue {
    const Kind = this.#kind;
    if (type === "string") {
      const strings = stringsOf(data as Uint8Array);
      return new NodeValue(new Kind("string", strings, [...shape]));
    }
    return new NodeValue(
      new Kind(type as "float32", data as Float32Array, [...shape]),
    );
  }

  async run(
    inputs: Readonly<Record<string, NodeValue>>,
    outputs: Readonly<Record<string, NodeValue | null>>,
  ): Promise<Readonly<Record<string, NodeValue>>> {
    const tensors = mapped(inputs, ({ tensor }) => tensor);
    const memory = mapped(outputs, (value) => value && value.tensor);
    const results = await this.#session.run(tensors, memory);
    return mapped(results, (tensor) => new NodeValue(tensor));
  }

  stop(): void {
    // Its thread is busy with the run.
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

class NodeValue implements RuntimeValue {
  readonly tensor: Tensor;

  constructor(tensor: Tensor) {
    this.tensor = tensor;
  }

  get type(): string {
    return this.tensor.type;
  }

  get shape(): readonly number[] {
    return this.tensor.dims;
  }

  view(): OnnxResult["data"] {
    const { data, type } = this.tensor;
    if (type !== "float16") return data as Float32Array<ArrayBuffer>;
    // Half floats may be raw bits.
    const { buffer, byteOffset, length } = data as Uint16Array<ArrayBuffer>;
    return new Float16Array(buffer, byteOffset, length);
  }

  free(): void {
    this.tensor.dispose();
  }
}

function infoOf(metadata: InferenceSession.ValueMetadata): ValueInfo {
  const { name } = metadata;
  return metadata.isTensor
    ? { name, type: metadata.type, shape: metadata.shape }
    : { name, type: undefined, shape: [] };
}

function mapped<A, B>(
  record: Readonly<Record<string, A>>,
  convert: (value: A) => B,
): Record<string, B> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, convert(value)]),
  );
}
