/**
 * Where the samples are in the tensors of an ONNX file or of a TF.js graph.
 *
 * After an operation without a rule, nothing is known.
 *
 * @module
 */
import { RANDOM } from "../models/graph/onnx_operators.ts";
import { sizeOf } from "../check.ts";
import { typeName } from "../formats/onnx_tensor.ts";
import { valuesOf } from "../formats/stored_array.ts";
import {
  type GraphNode,
  type Ref,
  refKey,
  specOf,
  type WeightValue,
} from "../models/graph/graph.ts";
import type { FileConstant } from "../models/graph/onnx_origin.ts";
import { sampleOps } from "../ops/sample_ops.ts";
import { areRows, isLocated } from "../ops/samples.ts";
import type { OpsType } from "../ops/ops.ts";
import type { Shape } from "../ops/shapes.ts";
import type { tf } from "../tf.ts";
import type { TensorSpec } from "../types.ts";
import { fixedRows } from "./fixed_batches.ts";
import { type Program, wantedRefs } from "./program.ts";
import type {
  Known,
  Outputs,
  RawOperation,
  RawRules,
  RawValue,
  Size,
  Sizes,
} from "./raw_rules.ts";
import { followed, type SampleRows } from "./sample_rows.ts";

/** Maximum number of values in a constant that are read, such as axes. */
const MOST_VALUES = 64;

/**
 * Follows the samples through the operations of a program.
 *
 * @param program A program over raw operations.
 * @param shapesOf Computes the sizes of tensors, if they are needed to be
 * certain.
 * @returns Where they are; for a fixed batch size, the operation that its rows
 * may depend on, or that moves them from the first axis of an output.
 */
export async function rawRows(
  program: Program,
  shapesOf?: (refs: readonly Ref[]) => Promise<readonly Shape[]>,
): Promise<SampleRows> {
  const { graph, schedule, gradientSchedule } = program;
  const nodes = [
    ...new Set([...schedule.nodes, ...gradientSchedule?.nodes ?? []]),
  ];
  const inputs = new Map<GraphNode, Inputs>();
  for (const node of nodes) inputs.set(node, await inputsOf(node, program));
  const rules = graph.onnx === undefined
    ? (await import("./tfjs_samples.ts")).TFJS_RULES
    : (await import("./onnx_samples.ts")).ONNX_RULES;
  const rows = rowsBy(rules, program, inputs, new Map());
  const refs = nodes.flatMap((node) =>
    node.row.kind === "Reshape" ? [{ node, index: 0 }, ...node.inputs] : []
  ).filter(({ node }) => node.call.kind === "raw");
  const isCertain = rows.uncertain === undefined || refs.length === 0;
  if (isCertain || !shapesOf || graph.runtime?.isAsync) return rows;
  const shapes = await shapesOf(refs);
  const known = refs.map((ref, i) => [refKey(ref), shapes[i]!] as const);
  return rowsBy(rules, program, inputs, new Map(known));
}

function rowsBy(
  rules: RawRules,
  program: Program,
  constants: ReadonlyMap<GraphNode, Inputs>,
  shapes: ReadonlyMap<string, Shape>,
): SampleRows {
  const { graph, feeds } = program;
  const batch = graph.onnx === undefined
    ? fixedRows(program)
    : graph.onnx.batch;
  const ops = sampleOps(batch);
  const known = new Map(
    feeds.flatMap(({ ref, spec }): [string, RawValue][] => {
      const value = fedValue(spec, batch);
      return value === undefined ? [] : [[refKey(ref), value]];
    }),
  );
  const nodes = constants.keys();
  const rows = followed<RawValue>([...nodes], known, batch, (node, valueOf) => {
    const { call, row: { config, kind } } = node;
    if (call.kind !== "raw") return [];
    const { operation, operands, version = 17 } = call.onnx ?? {};
    const isWhole = operation === undefined || operation.domain === "" &&
        operands!.length === operation.inputs.length;
    if (!isWhole) return []; // or it has subgraphs
    const inputs = constants.get(node)!.map((input): RawValue | undefined =>
      input !== undefined && "node" in input ? valueOf(input) : input
    );
    const first = { node, index: 0 };
    const spec = specOf(first);
    return rawOutputs(rules, {
      ...{ kind, inputs, version, ops, batch },
      attribute: (name) => config[name],
      number(name, fallback) {
        const value = config[name];
        return typeof value === "number" ? value : fallback;
      },
      integers(name, input) {
        const value = config[name];
        const list = Array.isArray(value)
          ? value.map(Number)
          : inputs[input]?.values;
        const isKnown = list?.every((one) => typeof one === "number");
        return isKnown ? list as readonly number[] : undefined;
      },
      numOutputs: operation?.outputs.length ?? 1,
      sizes: shapes.get(refKey(first)) ?? spec?.shape,
      dtype: spec && typeOf(spec.dtype),
    });
  });
  const moved = wantedRefs(program).find((ref) => {
    const { samples } = rows.valueOf(ref);
    return samples !== null && !areRows(samples);
  });
  return { ...rows, uncertain: rows.uncertain ?? moved?.node };
}

/** A tensor that is fed; undefined if its rank is not known. */
function fedValue(
  { shape, dtype, batchAxis = 0 }: TensorSpec,
  batch: number | undefined,
): RawValue | undefined {
  const type = typeOf(dtype);
  if (batchAxis === null) return { shape, dtype: type, samples: null };
  return shape.length === 0 ? undefined : {
    shape: shape.with(batchAxis, batch ?? null),
    dtype: type,
    samples: { axis: batchAxis },
  };
}

function typeOf(name: string | undefined): OpsType {
  return name === "bool" ? name : name?.includes("int") ? "int32" : "float32";
}

/** The inputs of an operation: constants, tensors, or undefined. */
type Inputs = readonly (RawValue | Ref | undefined)[];

async function inputsOf(
  { call, inputs }: GraphNode,
  { graph }: Program,
): Promise<Inputs> {
  if (call.kind !== "raw") return [];
  if (call.onnx !== undefined) {
    const { operation, producers } = call.onnx;
    return operation.inputs.map((name, i) => {
      const constant = graph.onnx!.constants.get(name);
      return constant === undefined ? producers[i] : fileConstant(constant);
    });
  }
  const others = [...inputs];
  const all: (RawValue | Ref | undefined)[] = [];
  while (all.length < call.constants.size + inputs.length) {
    const constant = call.constants.get(all.length);
    all.push(
      constant === undefined ? others.shift() : await graphConstant(constant()),
    );
  }
  return all;
}

function fileConstant({ shape, tensor, storedBytes }: FileConstant): RawValue {
  const type = typeName(tensor.type);
  const isListed = type === "int64" || type === "int32" || type === "float32";
  const isShort = isListed && sizeOf(shape) <= MOST_VALUES;
  const bytes = isShort ? storedBytes?.() : undefined;
  const values = bytes && [...valuesOf(bytes, type as "int64")].map(Number);
  return { shape, dtype: typeOf(type), samples: null, values };
}

async function graphConstant(value: WeightValue): Promise<RawValue> {
  const { dtype, shape, size } = value as tf.Tensor;
  const isShort = dtype === "int32" && size <= MOST_VALUES;
  const values = isShort
    ? Array.from(await (value as tf.Tensor).data())
    : undefined;
  return { shape, dtype: typeOf(dtype), samples: null, values };
}

/**
 * The outputs of an operation. Values that are computed are known for lists, of
 * at most one axis.
 *
 * @param rules How operators treat samples.
 * @param operation The operation.
 * @returns Its outputs; none if they are not known.
 */
function rawOutputs(
  rules: RawRules,
  operation: RawOperation,
): readonly RawValue[] {
  const { kind, inputs, sizes, dtype } = operation;
  if (kind === "Shape" || kind === "Size") return [measured(operation)];
  const present = inputs.filter((input) => input !== undefined);
  const isKnown = present.every(({ samples }) =>
    samples === null || isLocated(samples)
  );
  if (!isKnown || RANDOM.test(kind)) return [];
  const [first, ...others] = [ruled(rules, operation) ?? []].flat();
  if (first !== undefined) {
    const shape = refined(first.shape, sizes);
    const areLists = [...present, first].every(({ shape }) => shape.length < 2);
    const isSame = first.values === inputs[0]?.values;
    const values = areLists || isSame ? first.values : undefined;
    const type = dtype ?? first.dtype;
    return [{ ...first, shape, dtype: type, values }, ...others];
  }
  if (present.some(({ samples }) => samples !== null)) return [];
  const isUnranked = sizes === undefined;
  const shape = sizes ?? [];
  return [{ shape, dtype: dtype ?? "float32", samples: null, isUnranked }];
}

/** The sizes of a tensor, which may be all that is known of it. */
function measured(
  { kind, inputs: [x], number, batch }: RawOperation,
): RawValue {
  const { shape = [], samples, isUnranked } = x ?? {};
  const axis = isLocated(samples) && batch === undefined ? samples.axis : -1;
  const sizes = shape.map((size, i): Size => i === axis ? "samples" : size)
    .slice(number("start", 0), number("end", shape.length));
  const isKnown = samples === null || isLocated(samples);
  const count: Sizes = [axis < 0 ? null : "samples"];
  const all = kind === "Size" ? count : sizes;
  const values = isKnown && !isUnranked ? all : undefined;
  const rank = kind === "Size" ? [] : [values?.length ?? null];
  return { shape: rank, dtype: "int32", samples: null, values };
}

function ruled({ single, joint }: RawRules, operation: RawOperation): Outputs {
  const { kind, inputs } = operation;
  const [x, ...others] = inputs;
  const isJoint = Object.hasOwn(joint, kind);
  const ranked = isJoint ? inputs.filter((one) => one !== undefined) : [x];
  if (ranked.some((one) => one === undefined || one.isUnranked)) return;
  try {
    if (isJoint) return joint[kind]!(ranked as Known[], operation);
    if (!Object.hasOwn(single, kind)) return undefined;
    const outputs = single[kind]!(x as Known, operation);
    const areConstants = others.every((one) => !one?.samples);
    // What computes over samples does so whatever the other inputs are.
    const [first] = [outputs].flat();
    return areConstants || first?.samples === "mixed" ? outputs : undefined;
  } catch (error) {
    // Sizes or axes that do not fit, which the engine reports.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** Sizes of a rule, or those that are known without it. */
function refined(shape: Shape, known: Shape | undefined): Shape {
  return known?.length === shape.length
    ? shape.map((size, i) => size ?? known[i]!)
    : shape;
}
