import { sizeOf } from "../../../check.ts";
import type {
  RuntimeSession,
  RuntimeValue,
  TypedValues,
  ValueInfo,
} from "./binding.ts";
import { cString } from "../../../formats/native_library.ts";
import { Out } from "./_c_api.ts";
import { type CRuntime, numberOfType } from "./_c_runtime.ts";
import type { OnnxResult } from "./messages.ts";
import type { NativeMemory } from "./_native_memory.ts";

type Pointer = Deno.PointerValue;

/** A model that is open in this process. */
export class CSession implements RuntimeSession {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly #runtime: CRuntime;
  readonly #session: Pointer;
  readonly #runOptions = new Out();
  /** Names of inputs and outputs, as strings of C. */
  readonly #names: ReadonlyMap<string, NativeMemory>;

  /**
   * @param runtime The library.
   * @param session The pointer to the session, which this object frees.
   */
  constructor(runtime: CRuntime, session: Pointer) {
    this.#runtime = runtime;
    this.#session = session;
    this.inputs = runtime.infosOf(session, "Input");
    this.outputs = runtime.infosOf(session, "Output");
    runtime.check(runtime.api.createRunOptions(this.#runOptions));
    const names = [...this.inputs, ...this.outputs].map(({ name }) => name);
    this.#names = new Map(
      [...new Set(names)].map((name) => [
        name,
        runtime.heap.copyOf(cString(name)),
      ]),
    );
  }

  valueOf(array: TypedValues): CValue {
    const { data, shape, type } = array;
    if (type === "string") return this.#stringsOf(array);
    const { api, heap, memoryInfo } = this.#runtime;
    const memory = heap.allocate(data.byteLength);
    const value = new Out();
    this.#runtime.check(
      api.createTensorWithData(
        ...[memoryInfo.pointer, memory.pointer] as const,
        BigInt(data.byteLength),
        ...[BigInt64Array.from(shape, BigInt), BigInt(shape.length)] as const,
        ...[numberOfType(type), value] as const,
      ),
    );
    const copied = { data, memory };
    return new CValue(this.#runtime, value.pointer, { type, shape, copied });
  }

  /** A tensor of strings, which the runtime copies from their bytes. */
  #stringsOf({ data, shape, type }: TypedValues): CValue {
    const { api, heap, check } = this.#runtime;
    const bytes = heap.copyOf(data);
    const starts = startsOf(data as Uint8Array);
    const pointers = heap.copyOf(
      BigUint64Array.from(starts, (at) => bytes.address + BigInt(at)),
    );
    const value = new Out();
    try {
      check(
        api.createTensorAsOrtValue(
          ...[heap.allocator, BigInt64Array.from(shape, BigInt)] as const,
          ...[BigInt(shape.length), STRING, value] as const,
        ),
      );
      const count = BigInt(starts.length);
      check(api.fillStringTensor(value.pointer, pointers.pointer, count));
    } finally {
      pointers.free();
      bytes.free();
    }
    return new CValue(this.#runtime, value.pointer, { type, shape });
  }

  async run(
    inputs: Readonly<Record<string, CValue>>,
    outputs: Readonly<Record<string, CValue | null>>,
  ): Promise<Readonly<Record<string, CValue>>> {
    const runtime = this.#runtime;
    const fed = Object.keys(inputs).filter((name) => this.#names.has(name));
    const wanted = Object.keys(outputs);
    const memory = wanted.map((name) => outputs[name]);
    for (const name of fed) inputs[name]!.write();
    const lists = [
      fed.map((name) => this.#names.get(name)!.address),
      fed.map((name) => inputs[name]!.address),
      wanted.map((name) => this.#names.get(name)!.address),
      memory.map((value) => value?.address ?? 0n),
    ].map((list) => runtime.heap.copyOf(BigUint64Array.from(list)));
    const [names, values, wantedNames, results] = lists.map((list) =>
      list.pointer
    );
    try {
      runtime.check(
        await runtime.api.run(
          ...[this.#session, this.#runOptions.pointer] as const,
          ...[names!, values!, BigInt(fed.length)] as const,
          ...[wantedNames!, BigInt(wanted.length), results!] as const,
        ),
      );
      const found = new BigUint64Array(lists[3]!.bytes.buffer).slice();
      return Object.fromEntries(wanted.map((name, i) => {
        const value = memory[i] ?? this.#resultAt(found[i]!);
        value.read();
        return [name, value];
      }));
    } finally {
      for (const list of lists) list.free();
    }
  }

  /** A value that the runtime allocated. */
  #resultAt(address: bigint): CValue {
    const pointer = Deno.UnsafePointer.create(address);
    const { type, sizes } = this.#runtime.typeOf(pointer);
    return new CValue(this.#runtime, pointer, { type, shape: sizes });
  }

  stop(): void {
    const { api } = this.#runtime;
    this.#runtime.check(api.runOptionsSetTerminate(this.#runOptions.pointer));
  }

  async release(): Promise<void> {
    const { api } = this.#runtime;
    await api.releaseSession(this.#session);
    api.releaseRunOptions(this.#runOptions.pointer);
    for (const name of this.#names.values()) name.free();
  }
}

/** Number of the element type of strings. */
const STRING = 8;

/** Offsets of strings, each of which ends with a zero byte. */
function startsOf(bytes: Uint8Array): number[] {
  const starts: number[] = [];
  for (let at = 0; at < bytes.length; at = bytes.indexOf(0, at) + 1) {
    starts.push(at);
  }
  return starts;
}

/** Type, shape and data of a value. */
interface ValueParts {
  readonly type: string;
  readonly shape: readonly number[];
  /** The array that it is copied from or to. */
  readonly copied?: {
    readonly data: ArrayBufferView;
    readonly memory: NativeMemory;
  };
}

/** A tensor in native memory. */
class CValue implements RuntimeValue {
  readonly #runtime: CRuntime;
  readonly #pointer: Pointer;
  readonly #parts: ValueParts;

  constructor(runtime: CRuntime, pointer: Pointer, parts: ValueParts) {
    this.#runtime = runtime;
    this.#pointer = pointer;
    this.#parts = parts;
  }

  get type(): string {
    return this.#parts.type;
  }

  get shape(): readonly number[] {
    return this.#parts.shape;
  }

  get address(): bigint {
    return Deno.UnsafePointer.value(this.#pointer);
  }

  /** Copies the array into the memory. */
  write(): void {
    const { copied } = this.#parts;
    copied?.memory.write(copied.data);
  }

  /** Copies the memory into the array. */
  read(): void {
    const { copied } = this.#parts;
    copied?.memory.read(copied.data);
  }

  view(): OnnxResult["data"] {
    const { type, shape, copied } = this.#parts;
    const view = copied?.data ??
      this.#runtime.viewOf(this.#pointer, type, sizeOf(shape));
    return view as OnnxResult["data"];
  }

  free(): void {
    this.#runtime.api.releaseValue(this.#pointer);
    this.#parts.copied?.memory.free();
  }
}
