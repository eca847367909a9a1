import { cannot, sizeOf } from "../../check.ts";
import { typeName, widerType } from "../../formats/onnx_tensor.ts";
import type { NdArray } from "../../types.ts";

/**
 * Checks that the values of an input fit the element type of an ONNX file that
 * arrays here do not have, such as int8: the cast to it would wrap them.
 *
 * @param array The values, of a wider type.
 * @param type The element type of the file, by number.
 * @param name The input.
 * @param action What is done, for the message.
 * @throws {RangeError} If a value does not fit.
 */
export function checkRange(
  { data, shape }: NdArray<ArrayBufferView>,
  type: number,
  name: string,
  action: string,
): void {
  const called = typeName(type);
  const range = widerType(called)?.range;
  if (range === undefined) return;
  const [least, most] = range;
  const values = data as unknown as ArrayLike<number | bigint>;
  for (let i = 0; i < values.length; i++) {
    if (values[i]! >= least && values[i]! <= most) continue;
    const upTo = most === Infinity ? ">= 0" : `from ${least} to ${most}`;
    const rule =
      `input "${name}" takes ${called}, so every value must be ${upTo}`;
    const row = Math.floor(i / Math.max(1, sizeOf(shape.slice(1))));
    const where = shape.length === 0
      ? undefined
      : `it is in row ${row} of them`;
    throw new RangeError(cannot(action, rule, Number(values[i]), where));
  }
}
