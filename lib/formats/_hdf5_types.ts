/**
 * Shapes and element types of HDF5.
 *
 * Source: The HDF Group, "HDF5 File Format Specification", version 3.0, IV.A.2.
 *
 * @module
 */
import type { Cursor, Hdf5Bytes } from "./_hdf5_bytes.ts";
import { padded } from "./_hdf5_bytes.ts";
import type { StoredType } from "./stored_array.ts";

/** Sizes of the axes of a dataset or an attribute. */
export interface Space {
  readonly shape: readonly number[];
  /** Maximum sizes of the axes; Infinity if unlimited. */
  readonly most: readonly number[];
}

/** An element type. */
export interface ElementType {
  /** Bytes of an element. */
  readonly size: number;
  /** Description, such as `records`. */
  readonly what: string;
  /** The numeric type, if supported for weights. */
  readonly dtype?: StoredType;
  /** Whether the most significant byte comes first. */
  readonly isSwapped?: boolean;
  /** Kinds of strings: fixed length, or variable length in a global heap. */
  readonly strings?: "fixed" | "any";
  /** Whether fixed-length strings are padded with spaces. */
  readonly isSpaced?: boolean;
}

/** Kinds of elements, by HDF5's number. */
const CLASSES: readonly string[] = [
  ...[
    "integers",
    "floats",
    "times",
    "strings",
    "bit fields",
    "opaque elements",
  ],
  ...["records", "references", "names", "lists", "arrays"],
];
const MOST_AXES = 32;
/** Fields of a float by its size: exponent, its bits, mantissa, its bits, bias. */
const FLOATS: Readonly<Record<number, readonly number[]>> = {
  2: [10, 5, 0, 10, 15],
  4: [23, 8, 0, 23, 127],
  8: [52, 11, 0, 52, 1023],
};

/** Reads a shape; a scalar has no axes, an empty dataset has size 0. */
export function readSpace(file: Hdf5Bytes, cursor: Cursor): Space {
  const version = cursor.u8();
  const rank = cursor.u8();
  const hasMost = (cursor.u8() & 1) !== 0;
  if (version !== 1 && version !== 2) {
    file.fail("shapes must be of version 1 or 2", version);
  }
  const kind = cursor.u8();
  if (version === 1) cursor.skip(4);
  if (version === 2 && kind === 2) return { shape: [0], most: [0] };
  if (rank > MOST_AXES) {
    file.fail(`arrays must have at most ${MOST_AXES} axes`, rank);
  }
  const shape = Array.from({ length: rank }, () => cursor.u64());
  const most = hasMost ? shape.map(() => cursor.address() ?? Infinity) : shape;
  return { shape, most };
}

/** Reads an element type; numbers must have standard formats. */
export function readType(file: Hdf5Bytes, cursor: Cursor): ElementType {
  const head = cursor.u8();
  const version = head >> 4;
  const bits = cursor.uint(3);
  const size = cursor.u32();
  const what = CLASSES[head & 15] ?? "elements";
  if (version < 1 || version > 5 || size === 0) {
    file.fail("element types must be known", [version, size]);
  }
  switch (what) {
    case "integers": {
      const isWhole = [1, 2, 4, 8].includes(size) && (bits & ~9) === 0 &&
        cursor.u16() === 0 && cursor.u16() === 8 * size;
      if (!isWhole) return { size, what: "integers of other bits" };
      const width = (8 * size) as 8 | 16 | 32 | 64;
      const dtype = (bits & 8) !== 0 ? `int${width}` : `uint${width}`;
      return {
        size,
        what,
        dtype: dtype as StoredType,
        isSwapped: (bits & 1) !== 0,
      };
    }
    case "floats": {
      const fields = FLOATS[size];
      const isIeee = fields !== undefined &&
        (bits & 0xff) >> 1 === 0x10 && bits >> 8 === 8 * size - 1 &&
        cursor.u16() === 0 && cursor.u16() === 8 * size &&
        fields.every((n, i) => n === (i < 4 ? cursor.u8() : cursor.u32()));
      if (!isIeee) return { size, what: "floats of other bits" };
      const width = (8 * size) as 16 | 32 | 64;
      return {
        size,
        what,
        dtype: `float${width}`,
        isSwapped: (bits & 1) !== 0,
      };
    }
    case "strings":
      return { size, what, strings: "fixed", isSpaced: (bits & 15) === 2 };
    case "lists":
      return (bits & 15) === 1
        ? { size, what: "strings", strings: "any" }
        : { size, what };
    case "names": {
      const isBoolean = isBooleans(cursor, version, bits, size);
      return isBoolean ? { size, what, dtype: "bool" } : { size, what };
    }
    default:
      return { size, what };
  }
}

/** Whether an enumeration is that of h5py: FALSE is 0, TRUE is 1. */
function isBooleans(
  cursor: Cursor,
  version: number,
  count: number,
  size: number,
): boolean {
  if (size !== 1 || count !== 2) return false;
  cursor.skip(12); // base type: one byte
  const names = Array.from({ length: 2 }, () => {
    const rest = cursor.bytes.subarray(cursor.at);
    const length = rest.indexOf(0) + 1;
    return cursor.text(version < 3 ? padded(length) : length);
  });
  return names.join() === "FALSE,TRUE" && cursor.u8() === 0 &&
    cursor.u8() === 1;
}
