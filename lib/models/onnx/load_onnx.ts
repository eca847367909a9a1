/**
 * Opens an ONNX file: reads it, finds its constants, and creates a model.
 *
 * @module
 */
import { ModelFormatError } from "../../errors.ts";
import type { ByteSource } from "../../formats/byte_source.ts";
import { readOnnx } from "../../formats/onnx_model.ts";
import { Pacer } from "../../formats/pacer.ts";
import {
  byteLength,
  type OnnxSparseTensor,
  type OnnxTensor,
} from "../../formats/onnx_tensor.ts";
import { onnxGraph } from "./from_onnx.ts";
import type { ModelGraph } from "../graph/model_graph.ts";
import {
  checkFile,
  checkNoneInside,
  isConstant,
  type WholeFile,
} from "./onnx_checks.ts";
import { constantTensor } from "../graph/onnx_operators.ts";
import type { FileConstant } from "../graph/onnx_origin.ts";
import { numbersConstant, onnxConstant } from "./onnx_constants.ts";
import { DEFAULT_LIMITS, type ModelLimits } from "../graph/limits.ts";
import type { ExternalFiles } from "./onnx_external.ts";
import { checkExpansion, checkTensorSizes } from "./onnx_growth.ts";

/** An open ONNX file. */
export interface OnnxSource {
  readonly bytes: ByteSource;
  /** Its URL; undefined for bytes, which have no external files. */
  readonly url: URL | undefined;
}

/** Settings of {@linkcode loadOnnx}. */
export interface LoadOnnxOptions {
  /** Whether the model may run with NaN in its weights. */
  readonly allowNonFinite: boolean;
  /** How large it may become. */
  readonly limits?: Required<ModelLimits>;
  /** Yields the thread at intervals, and aborts. */
  readonly pacer?: Pacer | undefined;
}

/**
 * Opens an ONNX file.
 *
 * @param file The file, and its URL. Closing the model closes it, and so does
 * an error.
 * @param options Allowed weights, limits, pacer.
 * @returns The model.
 * @throws {ModelFormatError} If it is not a supported model.
 */
export async function loadOnnx(
  { bytes: source, url }: OnnxSource,
  { allowNonFinite, limits = DEFAULT_LIMITS, pacer = new Pacer() }:
    LoadOnnxOptions,
): Promise<ModelGraph> {
  const opened: { close(): void }[] = [source];
  const close = () => opened.forEach((file) => file.close());
  try {
    pacer.check();
    const whole = readOnnx(source, limits.nesting);
    await pacer.rest();
    checkFile(whole);
    checkExpansion(whole, limits);
    checkNoneInside(whole);
    const { file, calls } = whole.functions.length === 0
      ? { file: whole, calls: new Map() }
      : (await import("./inline_functions.ts")).inlineFunctions(whole);
    const constants = await readConstants(file, {
      ...{ allowNonFinite, limits, url, signal: pacer.signal },
      onOpen: (external) => opened.push(external),
    });
    const operations = file.graph.nodes.filter(({ outputs }) =>
      outputs.length === 0 || !constants.has(outputs[0]!)
    );
    const inputs = file.graph.inputs.filter(({ name }) => !constants.has(name));
    // Checked to be in the file itself.
    const inside = { reader: file.reader, external: undefined, allowNonFinite };
    const model = await pacer.drive(onnxGraph({
      ...{ file, calls, constants, operations, inputs, close },
      constantOf: (tensor) => onnxConstant(tensor.name, tensor, inside),
    }));
    const ordered = model.listed.flatMap(({ call }) =>
      call.kind === "raw" ? [call.onnx!.operation] : []
    );
    await checkTensorSizes(file, model.onnx!, ordered, limits);
    return model;
  } catch (cause) {
    close();
    const isWorded = !(cause instanceof Error) ||
      cause instanceof ModelFormatError || cause.name === "NotFound" ||
      pacer.signal?.aborted;
    if (isWorded) throw cause;
    const rule = `it must be intact: ${cause.message}`;
    throw new ModelFormatError(source.name, rule, { cause });
  }
}

/** Settings of {@linkcode readConstants}. */
interface ConstantOptions {
  readonly allowNonFinite: boolean;
  readonly limits: Required<ModelLimits>;
  readonly url: URL | undefined;
  readonly signal: AbortSignal | undefined;
  /** Is passed the external files, to close them. */
  readonly onOpen: (external: ExternalFiles) => void;
}

/** The constants by name; weights elsewhere, or sparse ones, are rare. */
async function readConstants(
  file: WholeFile,
  { allowNonFinite, limits, url, signal, onOpen }: ConstantOptions,
): Promise<Map<string, FileConstant>> {
  const { reader } = file;
  const tensors = namedTensors(file);
  const sparse = namedSparse(file);
  const ends = externalEnds([
    ...tensors,
    ...sparse.flatMap(([, { values, indices }]) => [values, indices]),
  ]);
  let external: ExternalFiles | undefined;
  if (ends.size > 0) {
    const { openExternal } = await import("./onnx_external.ts");
    external = await openExternal(ends, reader.source.name, url, signal);
    onOpen(external);
  }
  const files = { reader, external, allowNonFinite };
  const read = tensors.map((tensor) =>
    onnxConstant(tensor.name, tensor, files)
  );
  if (sparse.length > 0) {
    const { sparseConstant } = await import("./onnx_sparse.ts");
    read.push(
      ...sparse.map(([name, tensor]) =>
        sparseConstant(name, tensor, files, limits.tensorBytes)
      ),
    );
  }
  return constantsOf(file, read);
}

/** Constants that are tensors: initializers, and outputs of Constant. */
function namedTensors({ graph }: WholeFile): OnnxTensor[] {
  const nodes = graph.nodes.filter(isConstant);
  return [
    ...graph.constants,
    ...nodes.flatMap((node) => constantTensor(node) ?? []),
  ];
}

/** Sparse constants, with their names. */
function namedSparse({ graph }: WholeFile): [string, OnnxSparseTensor][] {
  const written = graph.nodes.filter(isConstant).flatMap((
    { attributes, outputs },
  ): [string, OnnxSparseTensor][] => {
    const value = attributes.get("sparse_value");
    const isSparse = typeof value === "object" && "sparse" in value;
    return isSparse ? [[outputs[0]!, value.sparse]] : [];
  });
  const stored = graph.sparse.map((tensor) =>
    [tensor.values.name, tensor] as [string, OnnxSparseTensor]
  );
  return [...stored, ...written];
}

function constantsOf(
  { graph, reader }: WholeFile,
  read: readonly FileConstant[],
): Map<string, FileConstant> {
  const constants = new Map<string, FileConstant>();
  const add = (name: string, constant: FileConstant) => {
    if (name === "" || constants.has(name)) {
      throw new ModelFormatError(
        reader.source.name,
        `each constant must have a unique name: current name is "${name}"`,
      );
    }
    constants.set(name, constant);
  };
  for (const constant of read) add(constant.name, constant);
  for (const node of graph.nodes.filter(isConstant)) {
    const name = node.outputs[0]!;
    if (!constants.has(name)) add(name, numbersConstant(node, reader));
  }
  // An identity of a constant is the same constant: exporters share weights in
  // this way.
  for (const { kind, domain, inputs, outputs } of graph.nodes) {
    const same = constants.get(inputs[0] ?? "");
    const isSame = kind === "Identity" && domain === "";
    if (isSame && same !== undefined) add(outputs[0]!, same);
  }
  return constants;
}

/**
 * The number of bytes of each external file that tensors use; Infinity if
 * unknown.
 */
function externalEnds(tensors: readonly OnnxTensor[]): Map<string, number> {
  const ends = new Map<string, number>();
  for (const tensor of tensors) {
    const { external } = tensor;
    if (external === undefined) continue;
    const location = external.get("location") ?? "";
    const length = external.get("length") ?? byteLength(tensor);
    const end = Number(external.get("offset") ?? 0) + Number(length);
    const known = ends.get(location) ?? 0;
    ends.set(location, Math.max(known, Number.isNaN(end) ? Infinity : end));
  }
  return ends;
}
