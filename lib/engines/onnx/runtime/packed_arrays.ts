/**
 * Messages between threads without typed arrays. Deno 2.9.6 looks for ports in
 * every property of a message that comes by `on("message")`, and so in every
 * element of a typed array: 4 MB take 500 ms. A buffer has no such properties,
 * so arrays travel as their buffers, and take 0.4 ms.
 *
 * @module
 */

/** A typed array, by its buffer. */
interface PackedArray {
  readonly packedAs: string;
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly length: number;
}

type ArrayClass = new (
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
) => ArrayBufferView;

/**
 * A message in which arrays are replaced by their buffers.
 *
 * @param message Plain objects, lists, typed arrays and values. It is not
 * changed.
 * @returns The message to send; nothing is copied.
 */
export function packed(message: unknown): unknown {
  if (typeof message !== "object" || message === null) return message;
  if (ArrayBuffer.isView(message)) {
    const { buffer, byteOffset } = message;
    const { length } = message as Uint8Array;
    const packedAs = message.constructor.name;
    return { packedAs, buffer, byteOffset, length } satisfies PackedArray;
  }
  if (Array.isArray(message)) return message.map(packed);
  if (!isPlain(message)) return message; // a buffer
  return Object.fromEntries(
    Object.entries(message).map(([key, value]) => [key, packed(value)]),
  );
}

/**
 * The message that {@linkcode packed} was given.
 *
 * @param message What came.
 * @returns The message, with its typed arrays; nothing is copied.
 */
export function unpacked<M>(message: unknown): M {
  return unpack(message) as M;
}

function unpack(message: unknown): unknown {
  if (typeof message !== "object" || message === null) return message;
  if (Array.isArray(message)) return message.map(unpack);
  if (!isPlain(message)) return message;
  if ("packedAs" in message) {
    const { packedAs, buffer, byteOffset, length } = message as PackedArray;
    const classes = globalThis as unknown as Record<string, ArrayClass>;
    return new classes[packedAs]!(buffer, byteOffset, length);
  }
  return Object.fromEntries(
    Object.entries(message).map(([key, value]) => [key, unpack(value)]),
  );
}

function isPlain(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype;
}
