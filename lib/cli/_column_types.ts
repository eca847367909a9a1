/**
 * Checks the sizes of the types of a schema, which Apache Arrow for JavaScript
 * does not check.
 *
 * @module
 */
import {
  DataType,
  type Field,
  MetadataVersion,
  type Schema,
} from "apache-arrow";
import { cannot } from "../check.ts";

/** Bytes of an element of a view. */
const VIEW_BYTES = 16;

const BIT = 1 / 8;

/**
 * Checks the types of all columns.
 *
 * @param schema The schema.
 * @throws {SyntaxError} If a type has an invalid size, unit or
 * number of children.
 * @throws {TypeError} If a column is a union in a stream of version 4, where
 * unions have validity bits, which the reader would use as type ids.
 */
export function checkTypes({ fields, metadataVersion }: Schema): void {
  for (const { name, type } of fields) checkType(name, type, metadataVersion);
}

function checkType(
  name: string,
  type: DataType,
  version: MetadataVersion,
): void {
  if (DataType.isDictionary(type)) {
    checkType(name, type.indices, version);
    return checkType(name, type.dictionary, version);
  }
  if (DataType.isUnion(type) && version < MetadataVersion.V5) {
    const rule = `column "${name}" must not be a union in a stream of ` +
      "metadata version 4";
    const hint = "send it with version 5, or without the column";
    throw new TypeError(cannot("read Arrow stream", rule, String(type), hint));
  }
  // The child of a damaged list may be undefined.
  const children: readonly Field[] = (type.children ?? []).filter(Boolean);
  if (children.length !== numChildren(type)) {
    const rule = `${numChildren(type)} children`;
    throw damaged(name, type, rule, children.length);
  }
  if (DataType.isMap(type)) {
    const pair = children[0]!.type;
    if (!DataType.isStruct(pair) || pair.children.length !== 2) {
      throw damaged(name, type, "keys and values", String(pair));
    }
  }
  const bytes = valueBytes(type);
  if (bytes === undefined || !(bytes >= 0)) {
    const rule = "a size and a unit that exist";
    throw damaged(name, type, rule, bytes ?? "none of them");
  }
  for (const child of children) {
    checkType(`${name}.${child.name}`, child.type, version);
  }
}

function numChildren(type: DataType): number {
  if (DataType.isStruct(type)) return type.children.length;
  if (DataType.isUnion(type)) return type.typeIds.length;
  const isNested = DataType.isList(type) || DataType.isLargeList(type) ||
    DataType.isFixedSizeList(type) || DataType.isMap(type);
  return isNested ? 1 : 0;
}

/**
 * Number of bytes of a value in the buffer of its column.
 *
 * @param type A type that is not dictionary-encoded.
 * @returns The number, 1/8 for a bit; 0 if there is no such buffer; undefined if
 * the unit or size of the type is invalid.
 */
export function valueBytes(type: DataType): number | undefined {
  if (DataType.isBool(type)) return BIT;
  if (DataType.isInt(type)) return wholeBytes(type.bitWidth, [8, 16, 32, 64]);
  if (DataType.isFloat(type)) return [2, 4, 8][type.precision];
  if (DataType.isDecimal(type)) {
    return wholeBytes(type.bitWidth, [32, 64, 128, 256]);
  }
  if (DataType.isDate(type)) return [4, 8][type.unit];
  if (DataType.isTime(type)) {
    const bits = [32, 32, 64, 64][type.unit];
    return type.bitWidth === bits ? bits / 8 : undefined;
  }
  if (DataType.isTimestamp(type) || DataType.isDuration(type)) {
    return [8, 8, 8, 8][type.unit];
  }
  if (DataType.isInterval(type)) return [4, 8, 16][type.unit];
  if (DataType.isFixedSizeBinary(type)) return type.byteWidth;
  if (DataType.isUtf8View(type) || DataType.isBinaryView(type)) {
    return VIEW_BYTES;
  }
  if (DataType.isFixedSizeList(type)) return type.listSize >= 0 ? 0 : undefined;
  if (DataType.isUnion(type)) return [0, 0][type.mode];
  return 0;
}

/**
 * Number of bytes of an offset of a type whose values have different sizes.
 *
 * @param type The type.
 * @returns The number; undefined if the type has no offsets.
 */
export function offsetBytes(type: DataType): number | undefined {
  if (
    DataType.isLargeList(type) || DataType.isLargeUtf8(type) ||
    DataType.isLargeBinary(type)
  ) return 8;
  const isShort = DataType.isList(type) || DataType.isMap(type) ||
    DataType.isUtf8(type) || DataType.isBinary(type);
  return isShort ? 4 : undefined;
}

function wholeBytes(
  bits: number,
  known: readonly number[],
): number | undefined {
  return known.includes(bits) ? bits / 8 : undefined;
}

function damaged(
  name: string,
  type: DataType,
  rule: string,
  value: unknown,
): SyntaxError {
  // The name of the class: String() of a damaged type may throw.
  const kind = type.constructor.name.replace(/_$/, "");
  return new SyntaxError(
    cannot(
      "read Arrow stream",
      `column "${name}" of type ${kind} must have ${rule}`,
      value,
      "is the stream damaged?",
    ),
  );
}
