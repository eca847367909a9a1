/**
 * A model of built-in layers, opened on any engine.
 *
 * @module
 */
import { openOnnx } from "../../lib/engines/onnx/onnx_session.ts";
import { record, type Recording } from "../../lib/engines/onnx/recording.ts";
import { Pacer } from "../../lib/formats/pacer.ts";
import type { Program } from "../../lib/engines/program.ts";
import { openTfjs } from "../../lib/engines/tfjs/tfjs_session.ts";
import { fedArrays } from "../../lib/extractor/feeds.ts";
import { compile } from "../../lib/extractor/compile.ts";
import type { EngineOptions } from "../../lib/extractor/options.ts";
import { DEFAULTS } from "../../lib/extractor/settings.ts";
import type { ModelGraph } from "../../lib/models/graph/model_graph.ts";
import type { FeatureArray, NdArray } from "../../lib/types.ts";

type Fed = Parameters<typeof fedArrays>[1];

/** Where a model runs. */
export type OurEngine = "cpu" | "wasm" | "webgpu" | "onnx" | "onnx:webgpu";

/** Engines that are always there. */
export const OUR_ENGINES: readonly OurEngine[] = ["cpu", "wasm", "onnx"];

/** What `engine()` of an extractor takes for it. */
export function engineOf(
  engine: OurEngine,
): ["onnx" | "tfjs", EngineOptions] {
  if (engine === "onnx") return ["onnx", {}];
  if (engine === "onnx:webgpu") return ["onnx", { device: "webgpu" }];
  return ["tfjs", { backend: engine }];
}

/** An opened model. */
export interface OpenedOn extends AsyncDisposable {
  /** Names of what it gives; those of a layer with several outputs are numbered. */
  readonly names: readonly string[];
  /** Computes one batch. */
  run(inputs: readonly NdArray<ArrayBufferView>[]): Promise<FeatureArray[]>;
}

/**
 * Opens layers of a model.
 *
 * @param graph The model.
 * @param engine The engine.
 * @param layers Names; default: the layers of the model's outputs.
 * @returns The session; the caller closes it.
 */
export async function openOn(
  graph: ModelGraph,
  engine: OurEngine,
  layers?: readonly string[],
): Promise<OpenedOn> {
  const nodes = layers === undefined
    ? [...new Set(graph.outputRefs.map(({ node }) => node))]
    : layers.map((name) => graph.findNode(name));
  const program = await compile(graph, { ...DEFAULTS, layers: nodes });
  const session = engine === "onnx"
    ? await openOnnx(recordingOf(program))
    : engine === "onnx:webgpu"
    ? await openOnnx(recordingOf(program), { device: "webgpu" })
    : await openTfjs(program, engine);
  return {
    names: program.features.map(({ name }) => name),
    async run(inputs) {
      // The host computes what layers on strings give.
      const fed = fedArrays(program.feeds, inputs as Fed);
      const typed = program.feeds.map(({ spec }, i) =>
        asType(fed[i]!, spec.dtype)
      );
      return [...(await session.run(typed, new Pacer())).features];
    },
    [Symbol.asyncDispose]: () => session.close(),
  };
}

function recordingOf(program: Program): Recording {
  const recording = record(program);
  if ("obstacle" in recording) throw new Error(recording.obstacle);
  return recording;
}

/** An input as the model's own type; TF.js and ONNX Runtime take no other. */
function asType(
  array: NdArray<ArrayBufferView>,
  dtype: string,
): NdArray<ArrayBufferView> {
  if (array.dtype === dtype) return array;
  const data = array.data as Float32Array;
  if (dtype === "int32") {
    return { ...array, data: Int32Array.from(data), dtype };
  }
  if (dtype === "bool") {
    return { ...array, data: Uint8Array.from(data), dtype };
  }
  return { ...array, data: Float32Array.from(data), dtype: "float32" };
}
