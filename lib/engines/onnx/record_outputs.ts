/**
 * Records the steps of a program after the tensors of an ONNX file, as a second
 * graph. Tensors that are returned unchanged need none.
 *
 * @module
 */
import { cannot, shapeText } from "../../check.ts";
import { type Ref, refKey, specOf } from "../../models/graph/graph.ts";
import {
  isUnfit,
  logitsOf,
  logitsRef,
  needsHead,
  penultimateOf,
  type ProgramParts,
} from "../program.ts";
import type { OnnxOutput } from "./runtime/messages.ts";
import { OnnxGraph, ROWS } from "./graph/onnx_graph.ts";
import { OnnxOps } from "./graph/onnx_ops.ts";
import { castTo, FEED_TYPES, type OnnxValue } from "./graph/onnx_value.ts";

/** The source of each output of a program, by name. */
export interface OutputNames {
  readonly features: readonly string[];
  readonly logits?: string;
  readonly penultimate?: string;
  readonly scale?: string;
}

/** A tensor that steps compute with in a narrower type. */
export interface NarrowedTensor {
  /** Its name. */
  readonly name: string;
  /** Its type: int64 must fit int32, and float64 float32. */
  readonly type: "int64" | "float64";
  /** The outputs with its smallest and its largest value. */
  readonly range: readonly [least: string, most: string];
}

/** Settings of {@linkcode recordOutputs}. */
export interface RecordOptions {
  /** Prefix of names in the graph. @default {""} */
  readonly scope?: string;
  /** Whether the ranges of such tensors are outputs. @default {false} */
  readonly checksRange?: boolean;
}

/** The graph that runs after a file. */
export interface StepsGraph {
  readonly names: OutputNames;
  readonly graph: OnnxGraph;
  /** The outputs of the file that are its inputs. */
  readonly from: Readonly<Record<string, string>>;
  /** The tensors that it computes with in a narrower type. */
  readonly narrowed: readonly NarrowedTensor[];
}

/** As for inputs; float16 is converted to float32 before. */
const TYPES: typeof FEED_TYPES = {
  ...FEED_TYPES,
  float16: ["float32", "float32"],
};

/**
 * Records the steps after the requested tensors.
 *
 * @param program The program.
 * @param outputOf Returns type and shape of a requested tensor.
 * @param options Prefix of names, and outputs for checks.
 * @returns The graph, and the source of each output.
 * @throws {TypeError} If a step does not accept its input.
 */
export function recordOutputs(
  program: ProgramParts,
  outputOf: (ref: Ref) => OnnxOutput,
  options: RecordOptions = {},
): StepsGraph {
  return new OutputRecorder(program, outputOf, options).recorded();
}

class OutputRecorder {
  readonly #program: ProgramParts;
  readonly #outputOf: (ref: Ref) => OnnxOutput;
  readonly #graph = new OnnxGraph();
  readonly #ops = new OnnxOps(this.#graph);
  readonly #from: Record<string, string> = {};
  readonly #values = new Map<string, OnnxValue>();
  readonly #checksRange: boolean;
  readonly #narrowed: NarrowedTensor[] = [];

  constructor(
    program: ProgramParts,
    outputOf: (ref: Ref) => OnnxOutput,
    { scope = "", checksRange = false }: RecordOptions,
  ) {
    this.#program = program;
    this.#outputOf = outputOf;
    this.#checksRange = checksRange;
    this.#graph.setScope(scope);
  }

  recorded(): StepsGraph {
    const features = this.#program.features.map((target) =>
      this.#feature(target)
    );
    const names = { features, ...this.#penultimate(), ...this.#logits() };
    const narrowed = this.#narrowed;
    return { names, graph: this.#graph, from: this.#from, narrowed };
  }

  #feature({ ref, builtIn, isPlain }: ProgramParts["features"][number]) {
    if (isPlain) return this.#outputOf(ref).name;
    return this.#put("feature", builtIn(this.#ops, this.#valueOf(ref)));
  }

  /** The penultimate, unless it is shaped. */
  #penultimate(): Partial<OutputNames> {
    const { logits, wantsPenultimate, isPenultimateShaped } = this.#program;
    if (!logits?.head || !wantsPenultimate || isPenultimateShaped) return {};
    const { penultimate } = logits.head;
    if (this.#isRow(penultimate)) {
      return { penultimate: this.#outputOf(penultimate).name };
    }
    const value = penultimateOf(this.#ops, logits, this.#valueOf);
    return { penultimate: this.#put("penultimate", value) };
  }

  /** The logits, and the outputs of their shaping. */
  #logits(): Partial<OutputNames> {
    const { logits, omitsLogits, isPenultimateShaped } = this.#program;
    if (logits === undefined || omitsLogits && !isPenultimateShaped) return {};
    const ref = logitsRef(logits);
    const isRow = this.#isRow(ref);
    if (!isRow && isUnfit(this.#ops, logits, this.#valueOf)) return {};
    if (!needsHead(logits) && isRow) {
      return { logits: this.#outputOf(ref).name };
    }
    const head = needsHead(logits) ? logits.head!.weights : undefined;
    const results = logitsOf(
      this.#ops,
      logits,
      this.#valueOf,
      head && {
        kernel: this.#ops.constant(head.kernel),
        bias: this.#ops.constant(head.bias),
      },
    );
    return {
      ...(omitsLogits ? {} : { logits: this.#put("logits", results.logits) }),
      ...(isPenultimateShaped
        ? { penultimate: this.#put("penultimate", results.shaped!) }
        : {}),
      ...(results.scale === undefined
        ? {}
        : { scale: this.#put("scale", results.scale) }),
    };
  }

  /** Whether a tensor has one axis besides the samples, or an unknown rank. */
  #isRow(ref: Ref): boolean {
    return this.#outputOf(ref).shape.length <= 2;
  }

  #narrow(name: string, type: NarrowedTensor["type"], input: string): void {
    const graph = this.#graph;
    const [least, most] = ["ReduceMin", "ReduceMax"].map((operator) => {
      const value = graph.node(operator, [input], { keepdims: 0 });
      return graph.output("range", value, type, []);
    });
    this.#narrowed.push({ name, type, range: [least!, most!] });
  }

  #put(stem: string, { name, dtype, shape }: OnnxValue): string {
    return this.#graph.output(stem, name, dtype, [ROWS, ...shape.slice(1)]);
  }

  readonly #valueOf = (ref: Ref): OnnxValue => {
    const known = this.#values.get(refKey(ref));
    if (known !== undefined) return known;
    const { name, type, shape } = this.#outputOf(ref);
    // The runtime infers no shapes of some operators, where the model does.
    const sizes = shape.length === 0 ? specOf(ref)?.shape ?? [] : shape;
    const { input, value } = inputFor(this.#graph, type ?? "", sizes, name);
    this.#from[input] = name;
    const isWide = type === "int64" || type === "float64";
    if (isWide && this.#checksRange) this.#narrow(name, type, input);
    this.#values.set(refKey(ref), value);
    return value;
  };
}

function inputFor(
  graph: OnnxGraph,
  type: string,
  shape: readonly (number | null)[],
  name: string,
): { input: string; value: OnnxValue } {
  const types = TYPES[type];
  if (types === undefined || shape.length === 0) {
    throw new TypeError(
      cannot(
        `compute with tensor "${name}"`,
        "it must be of floats, int32, int64, uint8 or bool, and its axes known",
        `${type} ${shapeText(shape)}`,
        "request it unchanged, without postprocessing or shaping",
      ),
    );
  }
  const [fed, computed] = types;
  const sizes = [null, ...shape.slice(1)]; // any batch size
  const input = graph.input("value", fed, [ROWS, ...sizes.slice(1)]);
  const value = {
    name: fed === computed ? input : castTo(graph, input, computed),
    shape: sizes,
    dtype: computed,
  };
  return { input, value };
}
