import { sizeOf } from "../check.ts";
import type { Hdf5Ledger } from "./_hdf5_ledger.ts";

/** A message of an object's header: one thing that is said of the object. */
export interface Message {
  readonly type: number;
  readonly view: DataView<ArrayBuffer>;
}

/** How the values of a dataset lie in the file. */
export type Layout =
  | { readonly kind: "inside" }
  | {
    readonly kind: "whole";
    readonly at: number | undefined;
    readonly length: number;
  }
  | {
    readonly kind: "chunks";
    readonly index: number | undefined;
    /** Sizes of a chunk, and of an element. */
    readonly sizes: readonly number[];
  };

/** Numbers of the types of messages. */
export const MESSAGES = {
  empty: 0x00,
  space: 0x01,
  type: 0x03,
  oldFill: 0x04,
  fill: 0x05,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  oldTime: 0x0e,
  more: 0x10,
  table: 0x11,
  time: 0x12,
  count: 0x16,
} as const;

const INTEGER = 0;
const FLOAT = 1;
const LONG_TEXT = 9;
/** Where the parts of a float stand, by its size: exponent, mantissa, bias. */
const FLOATS: Readonly<Record<number, readonly number[]>> = {
  2: [10, 5, 0, 10, 15],
  4: [23, 8, 0, 23, 127],
  8: [52, 11, 0, 52, 1023],
};
const TYPE_HEAD = 8;

/** Shape of a dataset or an attribute; a scalar has no axes. */
export function readSpace(ledger: Hdf5Ledger, view: DataView): number[] {
  const version = view.getUint8(0);
  const rank = view.getUint8(1);
  const start = version === 1 ? 8 : 4;
  const hasMost = (view.getUint8(2) & 1) !== 0;
  if (version !== 1 && version !== 2) {
    ledger.fail("shapes must be of a known version", version);
  }
  if (version === 2 && view.getUint8(3) === 2) return [0];
  const end = start + 8 * rank * (hasMost ? 2 : 1);
  if (end > view.byteLength) ledger.fail("a shape must be whole", rank);
  return Array.from(
    { length: rank },
    (_, i) => ledger.long(view, start + 8 * i, "a size"),
  );
}

/** Bytes of an element; a number must be one that machines have. */
export function readType(
  ledger: Hdf5Ledger,
  view: DataView,
): { size: number; isLongText: boolean } {
  const kind = view.getUint8(0) & 15;
  const size = view.getUint32(4, true);
  const isPlain = kind === INTEGER
    ? isInteger(view, size)
    : kind !== FLOAT || isFloat(view, size);
  if (!isPlain) ledger.fail("numbers must be of a machine's type", size);
  return { size, isLongText: kind === LONG_TEXT };
}

/** Where the values of a dataset are. */
export function readLayout(ledger: Hdf5Ledger, view: DataView): Layout {
  const version = view.getUint8(0);
  if (version !== 3) ledger.fail("layouts must be of version 3", version);
  const kind = view.getUint8(1);
  if (kind === 0) return { kind: "inside" };
  if (kind === 1) {
    const at = ledger.address(view, 2, "values");
    return { kind: "whole", at, length: ledger.long(view, 10, "values") };
  }
  if (kind !== 2) ledger.fail("layouts must be of a known kind", kind);
  const axes = view.getUint8(2);
  if (11 + 4 * axes > view.byteLength) {
    ledger.fail("a layout must be whole", axes);
  }
  const index = ledger.address(view, 3, "chunks");
  const sizes = Array.from(
    { length: axes },
    (_, i) => view.getUint32(11 + 4 * i, true),
  );
  return { kind: "chunks", index, sizes };
}

/**
 * Checks how chunks are packed: bytes shuffled, then deflated, then summed up,
 * each at most once.
 */
export function checkFilters(
  ledger: Hdf5Ledger,
  view: DataView,
  elementSize: number,
): void {
  const count = view.getUint8(1);
  if (view.getUint8(0) !== 1) {
    ledger.fail("filters must be of version 1", view.getUint8(0));
  }
  let at = 8;
  let last = 0;
  const order = [0, 2, 1, 3]; // by number: deflate, shuffle, checksum
  for (let i = 0; i < count; i++) {
    if (at + 8 > view.byteLength) ledger.fail("filters must be whole", i);
    const id = view.getUint16(at, true);
    const nameLength = view.getUint16(at + 2, true);
    const values = view.getUint16(at + 6, true);
    const data = at + 8 + padded(nameLength);
    at = data + 4 * (values + values % 2);
    if (at > view.byteLength) ledger.fail("filters must be whole", i);
    const rank = order[id] ?? 0;
    if (rank <= last) ledger.fail("filters must be known, and in order", id);
    last = rank;
    const width = id === 2 && values > 0 ? view.getUint32(data, true) : 0;
    if (id === 2 && width !== elementSize) {
      ledger.fail("shuffled bytes must be those of an element", width);
    }
  }
  if (view.byteLength - at >= 8) ledger.fail("filters must be all", count);
}

/** Looks at an attribute; gives where its long texts stand, if it has such. */
export function readAttribute(
  ledger: Hdf5Ledger,
  view: DataView<ArrayBuffer>,
): { index: number; length: number; heap: number }[] {
  const version = view.getUint8(0);
  const sizes = [2, 4, 6].map((at) => view.getUint16(at, true));
  if (version < 1 || version > 3) {
    ledger.fail("attributes must be of a known version", version);
  }
  const [nameSize, typeSize, spaceSize] = version === 1
    ? sizes.map(padded)
    : sizes;
  const typeAt = (version === 3 ? 9 : 8) + nameSize!;
  const spaceAt = typeAt + typeSize!;
  const dataAt = spaceAt + spaceSize!;
  if (typeSize! < TYPE_HEAD || spaceSize! < 4 || dataAt > view.byteLength) {
    ledger.fail("an attribute must be whole", sizes);
  }
  const { size, isLongText } = readType(ledger, part(view, typeAt, typeSize!));
  const shape = readSpace(ledger, part(view, spaceAt, spaceSize!));
  const count = sizeOf(shape);
  const rest = view.byteLength - dataAt - count * size;
  const tail = rest < 0 ? [1] : new Uint8Array(
    view.buffer,
    view.byteOffset + view.byteLength - rest,
    rest,
  );
  if (rest > 7 || tail.some((byte) => byte !== 0)) {
    ledger.fail("an attribute must have as many bytes as it says", count);
  }
  if (!isLongText) return [];
  return Array.from({ length: count }, (_, i) => ({
    length: view.getUint32(dataAt + 16 * i, true),
    heap: ledger.long(view, dataAt + 16 * i + 4, "a text"),
    index: view.getUint32(dataAt + 16 * i + 12, true),
  }));
}

/** Up to the next multiple of eight. */
export function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}

function part(view: DataView<ArrayBuffer>, at: number, length: number) {
  return new DataView(view.buffer, view.byteOffset + at, length);
}

/** The least significant byte first, all bits used, signed or not. */
function isInteger(view: DataView, size: number): boolean {
  return view.byteLength >= TYPE_HEAD + 4 && view.getUint8(0) === 0x10 &&
    (view.getUint8(1) & ~8) === 0 && view.getUint16(2, true) === 0 &&
    view.getUint32(TYPE_HEAD, true) === size * 8 * 2 ** 16 &&
    isFilled(view, TYPE_HEAD + 4);
}

/** As IEEE has them, the least significant byte first. */
function isFloat(view: DataView, size: number): boolean {
  const parts = FLOATS[size];
  if (parts === undefined || view.byteLength < TYPE_HEAD + 12) return false;
  const found = [12, 13, 14, 15].map((at) => view.getUint8(at));
  return view.getUint8(0) === 0x11 && view.getUint8(1) === 0x20 &&
    view.getUint8(2) === size * 8 - 1 && view.getUint8(3) === 0 &&
    view.getUint32(TYPE_HEAD, true) === size * 8 * 2 ** 16 &&
    [...found, view.getUint32(16, true)].every((v, i) => v === parts[i]) &&
    isFilled(view, TYPE_HEAD + 12);
}

/** Whether only zeros follow. */
function isFilled(view: DataView, from: number): boolean {
  for (let at = from; at < view.byteLength; at++) {
    if (view.getUint8(at) !== 0) return false;
  }
  return true;
}
