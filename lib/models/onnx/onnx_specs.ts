import { ModelFormatError } from "../../errors.ts";
import { sizeOf } from "../../check.ts";
import type { OnnxOperation, OnnxValueInfo } from "../../formats/onnx_model.ts";
import { typeName } from "../../formats/onnx_tensor.ts";
import { valuesOf } from "../../formats/stored_array.ts";
import type { OnnxConstant } from "../graph/onnx_origin.ts";
import { inferFurther, inferOutput, type KnownTensor } from "./infer_shapes.ts";
import type { TensorSpec } from "../../types.ts";
import { BatchAxes } from "./batch_axes.ts";
import type { WholeFile } from "./onnx_checks.ts";

/** Element types that an input may have. */
const INPUTS = new Set<TensorSpec["dtype"]>([
  ...["float32", "float64", "float16", "int32", "int64"] as const,
  ...["uint8", "bool", "string"] as const,
]);

/** In what an output of other element types comes. */
const COMES_AS: Readonly<Record<string, TensorSpec["dtype"]>> = {
  int8: "int32",
  int16: "int32",
  uint16: "int32",
  uint32: "int64",
  uint64: "int64",
  bfloat16: "float32",
};

/** What an ONNX file says of its tensors, which may be little. */
export class OnnxSpecs {
  /** Element types by number, of the tensors whose type the file gives. */
  readonly types: ReadonlyMap<string, number>;
  /** How many rows the model takes at once; undefined where that is free. */
  readonly batch: number | undefined;
  readonly #infos: ReadonlyMap<string, OnnxValueInfo>;
  readonly #inferred = new Map<string, KnownTensor>();
  readonly #axes: BatchAxes;
  readonly #source: string;

  /**
   * Collects what the file says.
   *
   * @param file The file.
   * @param inputs The model's inputs.
   * @throws {ModelFormatError} If inputs ask for different numbers of rows.
   */
  constructor(file: WholeFile, inputs: readonly OnnxValueInfo[]) {
    const { graph, reader } = file;
    const all = [...graph.values, ...graph.outputs, ...graph.inputs];
    this.#infos = new Map(all.map((info) => [info.name, info]));
    this.#source = reader.source.name;
    this.types = new Map(
      all.flatMap(({ name, type }) => type === undefined ? [] : [[name, type]]),
    );
    this.#axes = new BatchAxes(
      inputs,
      (rule, value) => this.#fault(rule, value),
    );
    this.batch = this.#axes.batch;
  }

  /**
   * What an input takes.
   *
   * @param info What the file says of it.
   * @returns Its spec; without sizes where nothing is known.
   * @throws {ModelFormatError} If it is no tensor that can be fed.
   */
  input(info: OnnxValueInfo): TensorSpec {
    const { name, type, shape, isOther } = info;
    const dtype = typeName(type ?? 0) as TensorSpec["dtype"];
    if (isOther || !INPUTS.has(dtype)) {
      throw this.#fault(
        `input "${name}" must be a tensor of ${[...INPUTS].join(", ")}`,
        isOther ? "a sequence or a map" : dtype ?? "not known",
      );
    }
    const known = spec(name, shape ?? [], dtype, undefined);
    const batchAxis = this.#axes.of(info);
    return batchAxis === 0 ? known : Object.freeze({ ...known, batchAxis });
  }

  /**
   * What is known of any other tensor.
   *
   * @param tensor Its name in the file.
   * @param name What it is called.
   * @param channels Where its channels stand.
   * @returns Its spec; undefined where neither the file nor
   * {@linkcode infer} says enough.
   */
  output(
    tensor: string,
    name: string,
    channels: "first" | "last" | undefined,
  ): TensorSpec | undefined {
    const info = this.#infos.get(tensor);
    const { type, shape } = info?.shape === undefined
      ? this.#inferred.get(tensor) ?? {}
      : info;
    const known = typeName(type ?? 0);
    const dtype = COMES_AS[known ?? ""] ?? known as TensorSpec["dtype"];
    if (shape === undefined || !INPUTS.has(dtype)) return undefined;
    return spec(name, shape, dtype, channels);
  }

  /**
   * Infers what an operation gives, where the file does not say it.
   *
   * @param operation The operation, after all that feed it.
   * @param constants The file's constants.
   */
  infer(
    { kind, domain, attributes, inputs, outputs }: OnnxOperation,
    constants: ReadonlyMap<string, OnnxConstant>,
  ): void {
    const [output = ""] = outputs;
    const isKnown = this.#infos.get(output)?.shape !== undefined;
    if (domain !== "" || output === "" || isKnown) return;
    const found = inferOutput({
      kind,
      attributes: Object.fromEntries(attributes),
      inputs: inputs.map((name) => this.#knownOf(name, constants)),
      values: (index) => wholeNumbers(constants.get(inputs[index] ?? "")),
    });
    if (found !== undefined) this.#inferred.set(output, found);
    outputs.slice(1).forEach((further, i) => {
      const also = inferFurther(kind, i + 1);
      if (also !== undefined) this.#inferred.set(further, also);
    });
  }

  #knownOf(
    name: string,
    constants: ReadonlyMap<string, OnnxConstant>,
  ): KnownTensor | undefined {
    const constant = constants.get(name);
    if (constant !== undefined) {
      return { shape: constant.shape, type: constant.tensor.type };
    }
    const { type, shape } = this.#infos.get(name) ?? {};
    return type === undefined || shape === undefined
      ? this.#inferred.get(name)
      : { type, shape };
  }

  #fault(rule: string, value: string): ModelFormatError {
    return new ModelFormatError(
      this.#source,
      `${rule}: current value is ${value}`,
    );
  }
}

/** The values of a short constant of whole numbers, as a shape or axes. */
function wholeNumbers(
  constant: OnnxConstant | undefined,
): number[] | undefined {
  const isInt64 = constant && typeName(constant.tensor.type) === "int64";
  if (!isInt64 || sizeOf(constant.shape) > 64) return undefined;
  const bytes = constant.storedBytes?.();
  return bytes && [...valuesOf(bytes, "int64")].map(Number);
}

function spec(
  name: string,
  shape: readonly (number | null)[],
  dtype: TensorSpec["dtype"],
  channels: "first" | "last" | undefined,
): TensorSpec {
  return Object.freeze({
    name,
    shape: Object.freeze([...shape]),
    dtype,
    ...(channels === undefined ? {} : { channels }),
  });
}
