/**
 * Decodes rows of an Arrow column as image files.
 *
 * @module
 */
import { type Data, DataType, Vector } from "apache-arrow";
import { quote } from "../check.ts";
import type { ImageInput } from "../datasets/image_input.ts";
import { SAMPLES_AT_ONCE } from "../datasets/read_ahead.ts";
import type { NdArray } from "../types.ts";
import type { Fault } from "./_column_rows.ts";

/**
 * Whether a type is bytes, or a struct with a field `bytes`, as in Hugging Face's
 * datasets and Ray's `read_images`.
 *
 * @param type The type.
 * @returns True if {@linkcode imageRows} supports it.
 */
export function isImages(type: DataType): boolean {
  return DataType.isBinary(type) || DataType.isLargeBinary(type) ||
    DataType.isBinaryView(type) ||
    DataType.isStruct(type) &&
      type.children.some((child) =>
        child.name === "bytes" && isImages(child.type)
      );
}

/**
 * Decodes rows of images.
 *
 * @param column The rows.
 * @param input The target of the images.
 * @param name The column's name, for messages.
 * @param bad Errors by row; bad rows are added, and become zeros.
 * @returns The images.
 */
export async function imageRows(
  column: Data,
  input: ImageInput,
  name: string,
  bad: Map<number, Fault>,
): Promise<NdArray> {
  const rows = column.length;
  const images = new Vector([column]);
  const data = new Float32Array(rows * input.width);
  const rule = `column ${quote(name)} must hold an image`;
  let next = 0;
  const readRows = async () => {
    while (next < rows) {
      const row = next++;
      const bytes = bytesOf(images.get(row));
      if (bytes === undefined) {
        bad.set(row, { rule, value: null });
        continue;
      }
      try {
        await input.fill(bytes, `row ${row}`, data, row);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        bad.set(row, { rule, value: `${bytes.length} bytes`, cause: error });
      }
    }
  };
  await Promise.all(Array.from({ length: SAMPLES_AT_ONCE }, readRows));
  return { data, shape: input.shape(rows), dtype: "float32" };
}

function bytesOf(row: unknown): Uint8Array | undefined {
  if (row === null || row === undefined) return undefined;
  if (row instanceof Uint8Array) return row;
  return bytesOf((row as { readonly bytes?: unknown }).bytes);
}
