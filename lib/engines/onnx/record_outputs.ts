/**
 * Records the steps of a program after the tensors of an ONNX file, as a second
 * graph. Tensors that are returned unchanged need none.
 *
 * @module
 */
import { cannot, shapeText } from "../../check.ts";
import { type Ref, refKey, specOf } from "../../models/graph/graph.ts";
import type { OpsType } from "../../ops/ops.ts";
import {
  isUnfit,
  logitsOf,
  logitsRef,
  needsHead,
  penultimateOf,
  type ProgramParts,
} from "../program.ts";
import type { OnnxOutput } from "./runtime/messages.ts";
import { OnnxGraph, type OnnxType, ROWS } from "./graph/onnx_graph.ts";
import { OnnxOps } from "./graph/onnx_ops.ts";
import { castTo, type OnnxValue } from "./graph/onnx_value.ts";

/** The source of each output of a program, by name. */
export interface OutputNames {
  readonly features: readonly string[];
  readonly logits?: string;
  readonly penultimate?: string;
  readonly scale?: string;
}

/** The graph that runs after a file. */
export interface RecordedOutputs {
  readonly names: OutputNames;
  readonly graph: OnnxGraph;
  /** The outputs of the file that are its inputs. */
  readonly from: Readonly<Record<string, string>>;
}

/** Types of the runtime, and the type of the computation. */
const TYPES: Readonly<Record<string, [OnnxType, OpsType]>> = {
  float32: ["float32", "float32"],
  float64: ["float64", "float32"],
  float16: ["float32", "float32"], // as fed
  int32: ["int32", "int32"],
  int64: ["int64", "int32"],
  uint8: ["uint8", "int32"],
  bool: ["bool", "bool"],
};

/**
 * Records the steps after the requested tensors.
 *
 * @param program The program.
 * @param outputOf Returns type and shape of a requested tensor.
 * @param scope Prefix of names in the graph.
 * @returns The graph, and the source of each output.
 * @throws {TypeError} If a step does not accept its input.
 */
export function recordOutputs(
  program: ProgramParts,
  outputOf: (ref: Ref) => OnnxOutput,
  scope = "",
): RecordedOutputs {
  const { logits, wantsPenultimate } = program;
  const { isPenultimateShaped, omitsLogits } = program;
  const graph = new OnnxGraph();
  graph.setScope(scope);
  const ops = new OnnxOps(graph);
  const from: Record<string, string> = {};
  const values = new Map<string, OnnxValue>();
  const valueOf = (ref: Ref) => {
    const known = values.get(refKey(ref));
    if (known !== undefined) return known;
    const { name, type, shape } = outputOf(ref);
    // The runtime infers no shapes of some operators, where the model does.
    const sizes = shape.length === 0 ? specOf(ref)?.shape ?? [] : shape;
    const { input, value } = inputFor(graph, type ?? "", sizes, name);
    from[input] = name;
    values.set(refKey(ref), value);
    return value;
  };
  const put = (stem: string, { name, dtype, shape }: OnnxValue) =>
    graph.output(stem, name, dtype, [ROWS, ...shape.slice(1)]);
  const features = program.features.map(({ ref, builtIn, isPlain }) => {
    if (isPlain) return outputOf(ref).name;
    return put("feature", builtIn<OnnxValue>(ops, valueOf(ref)));
  });
  const isRow = (ref: Ref) => outputOf(ref).shape.length <= 2;
  const found: { -readonly [Key in keyof OutputNames]: OutputNames[Key] } = {
    features,
  };
  if (logits?.head !== undefined && wantsPenultimate && !isPenultimateShaped) {
    const { penultimate } = logits.head;
    found.penultimate = isRow(penultimate)
      ? outputOf(penultimate).name
      : put("penultimate", penultimateOf(ops, logits, valueOf));
  }
  const isLeftOut = logits === undefined ||
    (omitsLogits && !isPenultimateShaped) ||
    !isRow(logitsRef(logits)) && isUnfit(ops, logits, valueOf);
  if (isLeftOut) return { names: found, graph, from };
  if (!needsHead(logits) && isRow(logitsRef(logits))) {
    found.logits = outputOf(logitsRef(logits)).name;
    return { names: found, graph, from };
  }
  const head = needsHead(logits) ? logits.head!.weights : undefined;
  const results = logitsOf(
    ops,
    logits,
    valueOf,
    head && {
      kernel: ops.constant(head.kernel),
      bias: ops.constant(head.bias),
    },
  );
  if (!omitsLogits) found.logits = put("logits", results.logits);
  if (isPenultimateShaped) {
    found.penultimate = put("penultimate", results.shaped!);
  }
  if (results.scale !== undefined) found.scale = put("scale", results.scale);
  return { names: found, graph, from };
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
