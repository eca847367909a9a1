/**
 * The tensor specs of a graph model: of inputs and outputs from its signature,
 * of other tensors from the few attributes that the converter keeps.
 *
 * @module
 */
import type { tf } from "../../tf.ts";
import type { TensorSpec } from "../../types.ts";
import { fixedBatch } from "../graph/fixed_batch.ts";
import { tensorSpec } from "../graph/graph.ts";

/**
 * The used properties of an operation in TF.js' graph, which has no public
 * types.
 */
export interface Operation {
  readonly name: string;
  readonly op: string;
  readonly category?: string;
  readonly inputNames: readonly string[];
  readonly inputs: readonly Operation[];
  readonly attrParams: Readonly<Record<string, { readonly value?: unknown }>>;
  readonly rawAttrs?: Readonly<Record<string, unknown>>;
  readonly outputs?: readonly string[];
}

/** A shape in protocol buffers. */
interface RawShape {
  readonly unknownRank?: boolean;
  readonly dim?: readonly { readonly size?: string | number }[];
}

/** A tensor in a signature. */
interface SignatureTensor {
  readonly name?: string;
  readonly dtype?: string | number;
  readonly tensorShape?: RawShape;
}

/** TensorFlow's types, by name or number. */
const DTYPES: Readonly<Record<string, TensorSpec["dtype"]>> = {
  DT_INT32: "int32",
  3: "int32",
  DT_STRING: "string",
  7: "string",
  DT_BOOL: "bool",
  10: "bool",
};

/** The tensors of one graph model. */
export class GraphSpecs {
  /** Names of the outputs in the signature, `node` or `node:1`. */
  readonly outputNames: readonly string[];
  readonly #inputs: tf.GraphModel["inputs"];
  /** The first size of inputs with samples, if all are fixed. */
  readonly #batch: number | undefined;
  /** By `node:0`. */
  readonly #outputs: ReadonlyMap<string, TensorSpec>;

  /** Reads the signature. */
  constructor(model: tf.GraphModel) {
    const { outputs = {} } = (model.modelSignature ?? {}) as {
      readonly outputs?: Readonly<Record<string, SignatureTensor>>;
    };
    const named = Object.values(outputs);
    this.outputNames = named.flatMap(({ name }) =>
      name === undefined ? [] : [name]
    );
    this.#inputs = model.inputs;
    this.#outputs = new Map(named.flatMap(namedSpec));
    this.#batch = fixedBatch(
      this.#inputs.map(({ shape }) => shape?.map(sizeOrNull)),
      [...this.#outputs.values()].map(({ shape }) => shape),
    );
  }

  /**
   * The spec of an input.
   *
   * @param operation A placeholder.
   * @returns Its spec; without sizes if they are unknown.
   */
  input({ name }: Operation): TensorSpec {
    const known = this.#inputs.find((input) => nodeName(input.name) === name);
    const dtype = known?.dtype;
    const spec = tensorSpec(
      name,
      (known?.shape ?? []).map(sizeOrNull),
      dtype === "int32" || dtype === "bool" || dtype === "string"
        ? dtype
        : "float32",
    );
    return known !== undefined && this.#isShared(known)
      ? Object.freeze({ ...spec, batchAxis: null })
      : spec;
  }

  /**
   * Whether an input has no batch axis: a scalar beside other inputs, an input of
   * fixed sizes beside those whose first size is free, or one of another first
   * size than the batch.
   */
  #isShared({ shape }: tf.GraphModel["inputs"][number]): boolean {
    const others = this.#inputs.map((input) => input.shape ?? [-1]);
    if (shape?.length === 0) return others.some(({ length }) => length > 0);
    if (shape === undefined) return false;
    const isFree = others.some(([first = 0]) => first < 0);
    return isFree
      ? shape.every((size) => size >= 0)
      : this.#batch !== undefined && !Number.isNaN(this.#batch) &&
        shape[0] !== this.#batch;
  }

  /**
   * The specs of an operation's outputs.
   *
   * @param operation Any other operation.
   * @returns The spec of each output, as far as they are known.
   */
  outputs({ name, rawAttrs, attrParams }: Operation): TensorSpec[] {
    const signed: TensorSpec[] = [];
    let next = this.#outputs.get(`${name}:0`);
    while (next !== undefined) {
      signed.push(next);
      next = this.#outputs.get(`${name}:${signed.length}`);
    }
    if (signed.length > 0) return signed;
    const raw = rawAttrs?._output_shapes as
      | { readonly list?: { readonly shape?: readonly RawShape[] } }
      | undefined;
    const shapes = raw?.list?.shape ?? [];
    if (shapes.some(({ unknownRank }) => unknownRank)) return [];
    const isLast = attrParams.dataFormat?.value === "NHWC";
    return shapes.map(({ dim = [] }) =>
      tensorSpec(name, dim.map(sizeOf), "float32", isLast ? "last" : undefined)
    );
  }
}

/**
 * Extracts the operation from a tensor's name.
 *
 * @param name `node`, or `node:1` for its second output.
 * @returns The name without its index.
 */
export function nodeName(name: string): string {
  return name.replace(/:\d+$/, "");
}

/**
 * Extracts the output index from a tensor's name.
 *
 * @param name `node`, or `node:1` for its second output.
 * @returns The index, 0 if there is none.
 */
export function indexIn(name: string): number {
  return Number(/:(\d+)$/.exec(name)?.[1] ?? 0);
}

function sizeOrNull(size: number): number | null {
  return size < 0 ? null : size;
}

function namedSpec(tensor: SignatureTensor): [string, TensorSpec][] {
  const { name, dtype = "", tensorShape: { dim, unknownRank } = {} } = tensor;
  if (name === undefined || dim === undefined || unknownRank) return [];
  const type = DTYPES[String(dtype)] ?? "float32";
  const known = tensorSpec(nodeName(name), dim.map(sizeOf), type);
  return [[`${nodeName(name)}:${indexIn(name)}`, known]];
}

function sizeOf({ size }: { readonly size?: string | number }): number | null {
  return size === undefined || Number(size) < 0 ? null : Number(size);
}
