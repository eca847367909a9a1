import { ModelFormatError } from "../../errors.ts";
import { sizeOf } from "../../check.ts";
import type {
  OnnxAttributeValue,
  OnnxGraphPart,
  OnnxOperation,
  OnnxValueInfo,
} from "../../formats/onnx_model.ts";
import { tensorBytes, typeName, widerType } from "../../formats/onnx_tensor.ts";
import type { ProtoReader } from "../../formats/protobuf.ts";
import { valuesOf } from "../../formats/stored_array.ts";
import type { FileConstant } from "../graph/onnx_origin.ts";
import { inferFurther, inferOutput, RUNTIME_KINDS } from "./infer_shapes.ts";
import type { KnownTensor } from "./inferred_call.ts";
import { inferValues, type KnownValues } from "./infer_values.ts";
import type { TensorSpec } from "../../types.ts";
import { BatchAxes } from "./batch_axes.ts";
import type { WholeFile } from "./onnx_checks.ts";
import { tensorSpec } from "../graph/graph.ts";

/** Element types that arrays have. */
const SUPPORTED = new Set<TensorSpec["dtype"]>([
  ...["float32", "float64", "float16", "int32", "int64"] as const,
  ...["uint8", "bool", "string"] as const,
]);

/** The tensor specs of an ONNX file, which may be incomplete. */
export class OnnxSpecs {
  /** Element types, by number, of the tensors with a declared type. */
  readonly types: ReadonlyMap<string, number>;
  /** The fixed batch size; undefined if it is free. */
  readonly batch: number | undefined;
  readonly #infos: ReadonlyMap<string, OnnxValueInfo>;
  readonly #inferred = new Map<string, KnownTensor>();
  /** Shapes and types that operators require of their inputs. */
  readonly #required: ReadonlyMap<string, KnownTensor>;
  readonly #values = new Map<string, KnownValues>();
  readonly #axes: BatchAxes;
  readonly #reader: ProtoReader;
  readonly #source: string;

  /**
   * Collects the declarations of the file.
   *
   * @param file The file.
   * @param inputs The model's inputs.
   * @throws {ModelFormatError} If inputs have different batch sizes.
   */
  constructor(file: WholeFile, inputs: readonly OnnxValueInfo[]) {
    const { graph, reader } = file;
    const all = [...graph.values, ...graph.outputs, ...graph.inputs];
    this.#infos = new Map(all.map((info) => [info.name, info]));
    this.#source = reader.source.name;
    this.#reader = reader;
    this.#required = requiredTensors(graph);
    this.types = new Map(
      all.flatMap(({ name, type }) => type === undefined ? [] : [[name, type]]),
    );
    this.#axes = new BatchAxes(
      inputs,
      graph.outputs,
      (rule, value) => this.#fault(rule, value),
    );
    this.batch = this.#axes.batch;
  }

  /**
   * The spec of an input.
   *
   * @param info Its declaration.
   * @returns Its spec; without sizes if they are unknown.
   * @throws {ModelFormatError} If it is not a tensor that can be fed.
   */
  input(info: OnnxValueInfo): TensorSpec {
    const { name, type, shape, isOther } = info;
    const known = typeName(type ?? 0);
    const dtype = dtypeOf(known);
    if (isOther || dtype === undefined) {
      throw this.#fault(
        `input "${name}" must be a tensor of real numbers of a byte or more, booleans or strings`,
        isOther ? "a sequence or a map" : known ?? "not known",
      );
    }
    const spec = tensorSpec(name, shape ?? [], dtype);
    const batchAxis = this.#axes.of(info);
    return batchAxis === 0 ? spec : Object.freeze({ ...spec, batchAxis });
  }

  /**
   * The spec of any other tensor.
   *
   * @param tensor Its name in the file.
   * @param name Its public name.
   * @param channels Its channel axis.
   * @returns Its spec; undefined if neither declared nor inferred.
   */
  output(
    tensor: string,
    name: string,
    channels: "first" | "last" | undefined,
  ): TensorSpec | undefined {
    const info = this.#infos.get(tensor);
    const { type, shape } = info?.shape === undefined
      ? this.#inferred.get(tensor) ?? this.#required.get(tensor) ?? {}
      : info;
    const dtype = dtypeOf(typeName(type ?? 0));
    if (shape === undefined || dtype === undefined) return undefined;
    return tensorSpec(name, shape, dtype, channels);
  }

  /**
   * The spec of an output of the file.
   *
   * @param info Its declaration.
   * @returns Its spec; without sizes if they are unknown, undefined if its type
   * is.
   */
  declared({ name, type }: OnnxValueInfo): TensorSpec | undefined {
    const dtype = dtypeOf(typeName(type ?? 0));
    return this.output(name, name, undefined) ??
      (dtype && tensorSpec(name, [], dtype));
  }

  /**
   * Infers the outputs of an operation that the file does not declare.
   *
   * @param operation The operation, whose inputs were inferred before.
   * @param constants The file's constants.
   */
  infer(
    { kind, domain, attributes, inputs, outputs }: OnnxOperation,
    constants: ReadonlyMap<string, FileConstant>,
  ): void {
    const [output = ""] = outputs;
    const isInferred = domain === "" || domain === "ai.onnx.ml" ||
      domain === "com.microsoft" && RUNTIME_KINDS.has(kind);
    if (!isInferred) return;
    const known = inputs.map((name) => this.#knownOf(name, constants));
    const sizes = (index: number) =>
      this.#valuesOf(inputs[index] ?? "", constants);
    const fill = attributes.get("value");
    const call = {
      kind,
      fill: kind === "ConstantOfShape" ? this.#fillOf(fill) : undefined,
      attributes: Object.fromEntries(attributes),
      inputs: known,
      numOutputs: outputs.length,
      sizes,
      values: (index: number) => {
        const values = sizes(index);
        return values?.every((value) => value !== null) ? values : undefined;
      },
    };
    if (domain === "") {
      const values = inferValues(call);
      if (values !== undefined) this.#values.set(output, values);
    }
    const found = this.#infos.get(output)?.shape === undefined
      ? inferOutput(call)
      : undefined;
    if (found !== undefined) this.#inferred.set(output, found);
    const first = this.#knownOf(output, constants);
    outputs.slice(1).forEach((further, i) => {
      const also = inferFurther(call, i + 1, first);
      if (also !== undefined) this.#inferred.set(further, also);
    });
    // The name of omitted tensors.
    this.#inferred.delete("");
    this.#values.delete("");
  }

  /** The integer with which a tensor is filled; undefined if unknown. */
  #fillOf(value: OnnxAttributeValue | undefined): number | undefined {
    if (typeof value !== "object" || !("tensor" in value)) return undefined;
    const type = typeName(value.tensor.type);
    if (type !== "int64" && type !== "int32") return undefined;
    return Number(valuesOf(tensorBytes(this.#reader, value.tensor), type)[0]);
  }

  /** The values of a short tensor of integers. */
  #valuesOf(
    name: string,
    constants: ReadonlyMap<string, FileConstant>,
  ): KnownValues | undefined {
    return this.#values.get(name) ?? wholeNumbers(constants.get(name));
  }

  #knownOf(
    name: string,
    constants: ReadonlyMap<string, FileConstant>,
  ): KnownTensor | undefined {
    const constant = constants.get(name);
    if (constant !== undefined) {
      return { shape: constant.shape, type: constant.tensor.type };
    }
    const { type, shape } = this.#infos.get(name) ?? {};
    return type === undefined || shape === undefined
      ? this.#inferred.get(name) ?? this.#required.get(name)
      : { type, shape };
  }

  #fault(rule: string, value: string): ModelFormatError {
    return new ModelFormatError(
      this.#source,
      `${rule}: current value is ${value}`,
    );
  }
}

/** The inputs of linear layers, by the shapes of their weights. */
function requiredTensors(
  { nodes, constants }: OnnxGraphPart,
): Map<string, KnownTensor> {
  const weights = new Map(constants.map((tensor) => [tensor.name, tensor]));
  const required = new Map<string, KnownTensor>();
  for (const { kind, domain, inputs, attributes } of nodes) {
    const kernel = weights.get(inputs[1] ?? "");
    const isLinear = kind === "Gemm" || kind === "Conv";
    if (kernel === undefined || !isLinear || domain !== "") continue;
    const { shape, type } = kernel;
    if (kind === "Gemm" && shape.length === 2) {
      const width = shape[attributes.get("transB") === 1 ? 1 : 0]!;
      const isTransposed = attributes.get("transA") === 1;
      const sizes = isTransposed ? [width, null] : [null, width];
      required.set(inputs[0]!, { shape: sizes, type });
    }
    if (kind === "Conv" && shape.length > 2) {
      const channels = shape[1]! * Number(attributes.get("group") ?? 1);
      const sizes = [null, channels, ...shape.slice(2).map(() => null)];
      required.set(inputs[0]!, { shape: sizes, type });
    }
  }
  return required;
}

/** The type of arrays here for an element type; undefined if there is none. */
function dtypeOf(name: string | undefined): TensorSpec["dtype"] | undefined {
  const dtype = widerType(name)?.dtype ?? name as TensorSpec["dtype"];
  return SUPPORTED.has(dtype) ? dtype : undefined;
}

/** The values of a short integer constant, such as a shape or axes. */
function wholeNumbers(
  constant: FileConstant | undefined,
): number[] | undefined {
  const isInt64 = constant && typeName(constant.tensor.type) === "int64";
  if (!isInt64 || sizeOf(constant.shape) > 64) return undefined;
  const bytes = constant.storedBytes?.();
  return bytes && [...valuesOf(bytes, "int64")].map(Number);
}
