import { cannot, quote } from "../check.ts";

/** Extension types of Arrow and Ray for tensors, stored as flat lists. */
const TENSORS = /^(arrow\.fixed_shape_tensor|ray\.data\.arrow_tensor)/;

/**
 * The shape of the rows of an Arrow column of tensors, which is in the metadata
 * of its extension type.
 *
 * @param name The column.
 * @param metadata The metadata of its field.
 * @param action The action, for messages.
 * @returns The shape; undefined for other columns.
 * @throws {TypeError} If the axes of the tensors are permuted.
 */
export function tensorShape(
  name: string,
  metadata: ReadonlyMap<string, string> | undefined,
  action: string,
): readonly number[] | undefined {
  const extension = metadata?.get("ARROW:extension:name") ?? "";
  if (!TENSORS.test(extension)) return undefined;
  let found: unknown;
  try {
    found = JSON.parse(metadata?.get("ARROW:extension:metadata") ?? "");
  } catch {
    return undefined; // Ray may pickle the shape: then they are lists
  }
  const { shape, permutation } = Array.isArray(found)
    ? { shape: found, permutation: undefined }
    : Object(found) as { shape?: unknown; permutation?: unknown };
  const isPermuted = Array.isArray(permutation) &&
    permutation.some((axis, i) => axis !== i);
  if (isPermuted) {
    const rule = `tensors of column ${quote(name)} must be stored in the ` +
      "order of their axes";
    const hint = "store them without a permutation";
    throw new TypeError(cannot(action, rule, permutation, hint));
  }
  return Array.isArray(shape) ? shape : undefined;
}
