import { typeName } from "../../../formats/onnx_tensor.ts";
import type { ValueInfo } from "./binding.ts";
import { cString } from "../../../formats/native_library.ts";
import { type CApi, Out } from "./_c_api.ts";
import { NativeHeap } from "./_native_memory.ts";

type Pointer = Deno.PointerValue;

/** `ORT_LOGGING_LEVEL_FATAL`: failures are thrown, not printed. */
export const SILENT = 4;

/** `OrtArenaAllocator` and `OrtMemTypeDefault`. */
const ARENA = 1;
const DEFAULT_MEMORY = 0;

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

/** The library, and the environment that all sessions share. */
export class CRuntime {
  readonly api: CApi;
  readonly heap: NativeHeap;
  /** The memory of the processor. */
  readonly memoryInfo: Out = new Out();
  #env: Pointer = null;

  /**
   * @param api Its functions.
   */
  constructor(api: CApi) {
    this.api = api;
    this.heap = new NativeHeap(api, this.check);
    const info = [ARENA, DEFAULT_MEMORY, this.memoryInfo] as const;
    this.check(api.createCpuMemoryInfo(...info));
  }

  /** The environment of sessions. */
  get env(): Pointer {
    return this.#env;
  }

  /** Makes the environment. */
  async start(): Promise<void> {
    const [name, env] = [
      this.heap.copyOf(cString("sonde")),
      this.heap.allocate(8),
    ];
    try {
      this.check(await this.api.createEnv(SILENT, name.pointer, env.pointer));
      this.#env = env.firstPointer;
      this.check(this.api.disableTelemetryEvents(this.#env));
    } finally {
      name.free();
      env.free();
    }
  }

  /** Throws the error of a status. */
  readonly check = (status: Pointer): void => {
    if (status === null) return;
    const text = this.api.getErrorMessage(status);
    const message = text === null ? "" : stringAt(text);
    this.api.releaseStatus(status);
    throw new Error(message);
  };

  /** Name, type and shape of the inputs or outputs of a session. */
  infosOf(session: Pointer, kind: "Input" | "Output"): ValueInfo[] {
    const { api, heap } = this;
    const count = new Out();
    this.check(api[`sessionGet${kind}Count`](session, count));
    return Array.from({ length: count.size }, (_, i) => {
      const index = BigInt(i);
      const [name, type] = [new Out(), new Out()];
      this.check(
        api[`sessionGet${kind}Name`](session, index, heap.allocator, name),
      );
      this.check(api[`sessionGet${kind}TypeInfo`](session, index, type));
      try {
        return { name: stringAt(name.pointer!), ...this.#typeAt(type.pointer) };
      } finally {
        heap.free(name.pointer);
        api.releaseTypeInfo(type.pointer);
      }
    });
  }

  #typeAt(info: Pointer): Omit<ValueInfo, "name"> {
    const tensor = new Out();
    this.check(this.api.castTypeInfoToTensorInfo(info, tensor));
    if (tensor.pointer === null) return { type: undefined, shape: [] };
    const { type, sizes } = this.#tensorAt(tensor.pointer);
    const names = new BigUint64Array(sizes.length);
    const rank = BigInt(sizes.length);
    this.check(this.api.getSymbolicDimensions(tensor.pointer, names, rank));
    const shape = sizes.map((size, axis) =>
      size >= 0 ? size : stringAt(Deno.UnsafePointer.create(names[axis]!)!)
    );
    return { type, shape };
  }

  #tensorAt(
    info: Pointer,
  ): { readonly type: string; readonly sizes: number[] } {
    const { api } = this;
    const [type, rank] = [new Out(), new Out()];
    this.check(api.getTensorElementType(info, type));
    this.check(api.getDimensionsCount(info, rank));
    const sizes = new BigInt64Array(rank.size);
    this.check(api.getDimensions(info, sizes, rank[0]!));
    return { type: nameOfType(type.int32), sizes: Array.from(sizes, Number) };
  }

  /** Type and shape of a value. */
  typeOf(
    value: Pointer,
  ): { readonly type: string; readonly sizes: readonly number[] } {
    const { api } = this;
    const [isTensor, info] = [new Out(), new Out()];
    this.check(api.isTensor(value, isTensor));
    if (isTensor.int32 === 0) throw new Error("an output is not a tensor");
    this.check(api.getTensorTypeAndShape(value, info));
    try {
      return this.#tensorAt(info.pointer);
    } finally {
      api.releaseTensorTypeAndShapeInfo(info.pointer);
    }
  }

  /** The numbers of a value, in the memory of the runtime. */
  viewOf(value: Pointer, type: string, size: number): ArrayBufferView {
    const Kind = ARRAYS.get(numberOfType(type))!;
    if (size === 0) return new Kind(new ArrayBuffer(0), 0, 0);
    const data = new Out();
    this.check(this.api.getTensorMutableData(value, data));
    const bytes = size * Kind.BYTES_PER_ELEMENT;
    const buffer = Deno.UnsafePointerView.getArrayBuffer(data.pointer!, bytes);
    return new Kind(buffer, 0, size);
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

/**
 * The number of an element type.
 *
 * @param type Its name.
 * @returns The number.
 * @throws {Error} If there are no arrays of it.
 */
export function numberOfType(type: string): number {
  const number = NUMBERS.get(type);
  if (number === undefined) throw new Error(`Unsupported data type: ${type}`);
  return number;
}
