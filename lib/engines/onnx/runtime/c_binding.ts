/**
 * ONNX Runtime by its C API, in this process: models open and run in other
 * threads of it, and no worker has to be started.
 *
 * @module
 */
import { sizeOf } from "../../../check.ts";
import { typeName } from "../../../formats/onnx_tensor.ts";
import type {
  RuntimeBinding,
  RuntimeSession,
  RuntimeValue,
  SessionSettings,
  TypedValues,
  ValueInfo,
} from "./binding.ts";
import {
  addressesOf,
  type CApi,
  cPath,
  cString,
  openCApi,
  Out,
} from "./c_api.ts";
import type { ModelBytes, OnnxResult } from "./messages.ts";
import { configOf } from "./session_config.ts";

type Pointer = Deno.PointerValue;

/** `ORT_LOGGING_LEVEL_FATAL`: failures are thrown, not printed. */
const SILENT = 4;

/** Array types of element types, by number. */
const ARRAYS = new Map<number, ArrayKind>([
  [1, Float32Array],
  [2, Uint8Array],
  [3, Int8Array],
  [4, Uint16Array],
  [5, Int16Array],
  [6, Int32Array],
  [7, BigInt64Array],
  [9, Uint8Array],
  [10, Float16Array],
  [11, Float64Array],
  [12, Uint32Array],
  [13, BigUint64Array],
]);
const NUMBERS = new Map(
  [...ARRAYS.keys()].map((number) => [typeName(number)!, number]),
);

interface ArrayKind {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, offset: number, length: number): ArrayBufferView;
}

/** The address of arrays without elements, whose own may be null. */
const NOTHING = new BigUint64Array(1);

/**
 * Opens the library.
 *
 * @param path Its file.
 * @returns The binding.
 * @throws {Error} If it cannot be opened.
 */
export async function openCBinding(path: URL): Promise<RuntimeBinding> {
  const runtime = new CRuntime(openCApi(path));
  await runtime.start();
  return runtime;
}

/** The library, with what all sessions share. */
class CRuntime implements RuntimeBinding {
  readonly api: CApi;
  /** The memory of the processor. */
  readonly memory: Out = new Out();
  readonly allocator: Out = new Out();
  readonly #env = new Out();
  /** What calls in other threads read and write: it must not be collected. */
  readonly #inUse = new Set<readonly unknown[]>();

  constructor(api: CApi) {
    this.api = api;
  }

  async start(): Promise<void> {
    const { api } = this;
    const name = cString("sonde");
    await this.finish(api.createEnv(SILENT, name, this.#env), [name]);
    this.check(api.disableTelemetryEvents(this.#env.pointer));
    this.check(api.createCpuMemoryInfo(ARENA, DEFAULT_MEMORY, this.memory));
    this.check(api.getAllocatorWithDefaultOptions(this.allocator));
  }

  /** Throws the error of a status. */
  check(status: Pointer): void {
    if (status === null) return;
    const text = this.api.getErrorMessage(status);
    const message = text === null ? "" : stringAt(text);
    this.api.releaseStatus(status);
    throw new Error(message);
  }

  /** Awaits a call in another thread, and keeps what it uses. */
  async finish(
    status: Promise<Pointer>,
    used: readonly unknown[],
  ): Promise<void> {
    this.#inUse.add(used);
    try {
      this.check(await status);
    } finally {
      this.#inUse.delete(used);
    }
  }

  async open(
    { bytes, externalData }: ModelBytes,
    settings: SessionSettings,
  ): Promise<CSession> {
    const { api } = this;
    const options = new Out();
    this.check(api.createSessionOptions(options));
    try {
      const { pointer } = options;
      this.check(api.setSessionLogSeverityLevel(pointer, SILENT));
      this.check(api.setIntraOpNumThreads(pointer, settings.threads));
      if (settings.optimizes === false) {
        this.check(api.setSessionGraphOptimizationLevel(pointer, UNOPTIMIZED));
      }
      for (const [key, value] of configOf(settings)) {
        const entry = [cString(key), cString(value)] as const;
        this.check(api.addSessionConfigEntry(pointer, ...entry));
      }
      const external = this.#addExternal(pointer, externalData);
      const session = new Out();
      const size = BigInt(bytes.length);
      await this.finish(
        api.createSessionFromArray(
          ...[this.#env.pointer, bytes, size, pointer, session] as const,
        ),
        [bytes, external, session],
      );
      return await this.#opened(session.pointer);
    } finally {
      api.releaseSessionOptions(options.pointer);
    }
  }

  async #opened(session: Pointer): Promise<CSession> {
    try {
      return new CSession(this, session);
    } catch (error) {
      await this.api.releaseSession(session);
      throw error;
    }
  }

  /** Adds the external weights; returns what must be kept. */
  #addExternal(
    options: Pointer,
    externalData: ModelBytes["externalData"],
  ): unknown {
    if (externalData.length === 0) return undefined;
    const paths = externalData.map(({ path }) => cPath(path));
    const arrays = externalData.map(({ data }) =>
      data as Uint8Array<ArrayBuffer>
    );
    const sizes = BigUint64Array.from(arrays, ({ length }) => BigInt(length));
    const lists = [addressesOf(paths), addressesOf(arrays), sizes] as const;
    const count = BigInt(arrays.length);
    this.check(
      this.api.addExternalInitializersFromFilesInMemory(
        ...[options, ...lists, count] as const,
      ),
    );
    return [paths, arrays, lists];
  }

  /** Name, type and shape of the inputs or outputs of a session. */
  infosOf(session: Pointer, kind: "Input" | "Output"): ValueInfo[] {
    const { api } = this;
    const count = new Out();
    this.check(api[`sessionGet${kind}Count`](session, count));
    return Array.from({ length: count.size }, (_, i) => {
      const index = BigInt(i);
      const name = new Out();
      const allocator = this.allocator.pointer;
      this.check(
        api[`sessionGet${kind}Name`](session, index, allocator, name),
      );
      const type = new Out();
      this.check(api[`sessionGet${kind}TypeInfo`](session, index, type));
      try {
        return { name: stringAt(name.pointer!), ...this.#typeAt(type.pointer) };
      } finally {
        this.check(api.allocatorFree(allocator, name.pointer));
        api.releaseTypeInfo(type.pointer);
      }
    });
  }

  #typeAt(info: Pointer): Omit<ValueInfo, "name"> {
    const tensor = new Out();
    this.check(this.api.castTypeInfoToTensorInfo(info, tensor));
    if (tensor.pointer === null) return { type: undefined, shape: [] };
    const { number, sizes } = this.#tensorAt(tensor.pointer);
    const names = new BigUint64Array(sizes.length);
    const rank = BigInt(sizes.length);
    this.check(
      this.api.getSymbolicDimensions(tensor.pointer, names, rank),
    );
    const shape = sizes.map((size, axis) =>
      size >= 0 ? size : stringAt(Deno.UnsafePointer.create(names[axis]!)!)
    );
    return { type: nameOfType(number), shape };
  }

  #tensorAt(
    info: Pointer,
  ): { readonly number: number; readonly sizes: number[] } {
    const { api } = this;
    const [type, rank] = [new Out(), new Out()];
    this.check(api.getTensorElementType(info, type));
    this.check(api.getDimensionsCount(info, rank));
    const sizes = new BigInt64Array(rank.size);
    this.check(api.getDimensions(info, sizes, rank[0]!));
    return { number: type.int32, sizes: Array.from(sizes, Number) };
  }

  /** A value that the runtime allocated. */
  resultAt(value: Pointer): CValue {
    const { api } = this;
    const isTensor = new Out();
    this.check(api.isTensor(value, isTensor));
    if (isTensor.int32 === 0) throw new Error("an output is not a tensor");
    const info = new Out();
    this.check(api.getTensorTypeAndShape(value, info));
    const { number, sizes } = this.#tensorAt(info.pointer);
    api.releaseTensorTypeAndShapeInfo(info.pointer);
    return new CValue(this, value, nameOfType(number), sizes);
  }

  /** The numbers of a value, in the memory of the runtime. */
  viewOf(value: Pointer, type: string, size: number): ArrayBufferView {
    const Kind = ARRAYS.get(NUMBERS.get(type)!);
    if (Kind === undefined) throw new Error(`Unsupported data type: ${type}`);
    if (size === 0) return new Kind(new ArrayBuffer(0), 0, 0);
    const data = new Out();
    this.check(this.api.getTensorMutableData(value, data));
    const bytes = size * Kind.BYTES_PER_ELEMENT;
    const buffer = Deno.UnsafePointerView.getArrayBuffer(data.pointer!, bytes);
    return new Kind(buffer, 0, size);
  }
}

/** `ORT_DISABLE_ALL`. */
const UNOPTIMIZED = 0;
/** `OrtArenaAllocator` and `OrtMemTypeDefault`. */
const ARENA = 1;
const DEFAULT_MEMORY = 0;

class CSession implements RuntimeSession {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly #runtime: CRuntime;
  readonly #session: Pointer;
  readonly #runOptions = new Out();
  /** Names of inputs and outputs, as strings of C. */
  readonly #names: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

  constructor(runtime: CRuntime, session: Pointer) {
    this.#runtime = runtime;
    this.#session = session;
    this.inputs = runtime.infosOf(session, "Input");
    this.outputs = runtime.infosOf(session, "Output");
    runtime.check(runtime.api.createRunOptions(this.#runOptions));
    this.#names = new Map(
      [...this.inputs, ...this.outputs].map(({ name }) => [
        name,
        cString(name),
      ]),
    );
  }

  valueOf({ data, shape, type }: TypedValues): CValue {
    const { api, memory } = this.#runtime;
    const sizes = BigInt64Array.from(shape, BigInt);
    const bytes = data.byteLength === 0 ? NOTHING : data;
    const value = new Out();
    this.#runtime.check(api.createTensorWithData(
      ...[memory.pointer, bytes as BufferSource] as const,
      BigInt(data.byteLength),
      ...[sizes, BigInt(shape.length), NUMBERS.get(type)!, value] as const,
    ));
    return new CValue(this.#runtime, value.pointer, type, shape, data);
  }

  async run(
    inputs: Readonly<Record<string, CValue>>,
    outputs: Readonly<Record<string, CValue | null>>,
  ): Promise<Readonly<Record<string, CValue>>> {
    const runtime = this.#runtime;
    const fed = Object.keys(inputs).filter((name) => this.#names.has(name));
    const wanted = Object.keys(outputs);
    const values = fed.map((name) => inputs[name]!);
    const memory = wanted.map((name) => outputs[name]);
    const feeds = BigUint64Array.from(values, ({ address }) => address);
    const results = BigUint64Array.from(
      memory,
      (value) => value?.address ?? 0n,
    );
    const namesOf = (names: readonly string[]) =>
      addressesOf(names.map((name) => this.#names.get(name)!));
    const lists = [
      ...[namesOf(fed), feeds, BigInt(fed.length)] as const,
      ...[namesOf(wanted), BigInt(wanted.length), results] as const,
    ] as const;
    await runtime.finish(
      runtime.api.run(this.#session, this.#runOptions.pointer, ...lists),
      [this, lists, values, memory],
    );
    const found = wanted.map((name, i) => {
      const pointer = Deno.UnsafePointer.create(results[i]!);
      return [name, memory[i] ?? runtime.resultAt(pointer)] as const;
    });
    return Object.fromEntries(found);
  }

  stop(): void {
    const { api } = this.#runtime;
    this.#runtime.check(
      api.runOptionsSetTerminate(this.#runOptions.pointer),
    );
  }

  async release(): Promise<void> {
    const { api } = this.#runtime;
    await api.releaseSession(this.#session);
    api.releaseRunOptions(this.#runOptions.pointer);
  }
}

class CValue implements RuntimeValue {
  readonly type: string;
  readonly shape: readonly number[];
  readonly #runtime: CRuntime;
  readonly #pointer: Pointer;
  /** The array of the caller, if the memory is not the runtime's. */
  readonly #data: ArrayBufferView | undefined;

  constructor(
    runtime: CRuntime,
    pointer: Pointer,
    type: string,
    shape: readonly number[],
    data?: ArrayBufferView,
  ) {
    this.#runtime = runtime;
    this.#pointer = pointer;
    this.type = type;
    this.shape = shape;
    this.#data = data;
  }

  get address(): bigint {
    return Deno.UnsafePointer.value(this.#pointer);
  }

  view(): OnnxResult["data"] {
    const size = sizeOf(this.shape);
    const view = this.#data ??
      this.#runtime.viewOf(this.#pointer, this.type, size);
    return view as OnnxResult["data"];
  }

  free(): void {
    this.#runtime.api.releaseValue(this.#pointer);
  }
}

function stringAt(pointer: Deno.PointerObject): string {
  return Deno.UnsafePointerView.getCString(pointer);
}

function nameOfType(number: number): string {
  const name = typeName(number);
  if (name !== undefined && (NUMBERS.has(name) || name === "string")) {
    return name;
  }
  throw new Error(`Unsupported data type: ${number}`);
}
