import { type CApi, Out } from "./_c_api.ts";

/**
 * Memory outside of JavaScript. Calls in other threads use it, because memory
 * of JavaScript is freed with its thread: an error or a signal that ends the
 * process would free it while a model runs.
 */
export class NativeMemory {
  /** Its address. */
  readonly pointer: Deno.PointerObject;
  /** Its bytes; not to be used after it is freed. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #heap: NativeHeap;

  /**
   * @param heap Where it was allocated.
   * @param pointer Its address.
   * @param size Number of bytes.
   */
  constructor(heap: NativeHeap, pointer: Deno.PointerObject, size: number) {
    this.#heap = heap;
    this.pointer = pointer;
    this.bytes = new Uint8Array(
      Deno.UnsafePointerView.getArrayBuffer(pointer, size),
    );
  }

  /** Its address, as an element of an array of pointers. */
  get address(): bigint {
    return Deno.UnsafePointer.value(this.pointer);
  }

  /** Copies an array of the same size into it. */
  write(array: ArrayBufferView): void {
    this.bytes.set(bytesOf(array));
  }

  /** Copies it to an array of the same size. */
  read(array: ArrayBufferView): void {
    bytesOf(array).set(this.bytes);
  }

  /** The first 8 bytes, as a pointer. */
  get firstPointer(): Deno.PointerValue {
    const [address] = new BigUint64Array(this.bytes.buffer, 0, 1);
    return Deno.UnsafePointer.create(address!);
  }

  /** Frees it. */
  free(): void {
    this.#heap.free(this.pointer);
  }
}

/** The allocator of ONNX Runtime. */
export class NativeHeap {
  readonly #api: CApi;
  readonly #check: (status: Deno.PointerValue) => void;
  readonly #allocator = new Out();

  /**
   * @param api The functions of the runtime.
   * @param check Throws the error of a status.
   */
  constructor(api: CApi, check: (status: Deno.PointerValue) => void) {
    this.#api = api;
    this.#check = check;
    check(api.getAllocatorWithDefaultOptions(this.#allocator));
  }

  /** The allocator, as an argument. */
  get allocator(): Deno.PointerValue {
    return this.#allocator.pointer;
  }

  /**
   * Allocates memory.
   *
   * @param size Number of bytes; at least 8 are allocated.
   * @returns The memory; the caller frees it.
   * @throws {Error} If there is not enough.
   */
  allocate(size: number): NativeMemory {
    const out = new Out();
    const bytes = BigInt(Math.max(size, 8));
    this.#check(this.#api.allocatorAlloc(this.allocator, bytes, out));
    return new NativeMemory(this, out.pointer!, size);
  }

  /**
   * Copies an array.
   *
   * @param array The array.
   * @returns The copy; the caller frees it.
   */
  copyOf(array: ArrayBufferView): NativeMemory {
    const memory = this.allocate(array.byteLength);
    memory.write(array);
    return memory;
  }

  /** Frees memory that the runtime allocated. */
  free(pointer: Deno.PointerValue): void {
    this.#check(this.#api.allocatorFree(this.allocator, pointer));
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView) {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
