import { cannot, shapeText } from "../check.ts";
import type { WeightValue } from "../models/graph/graph.ts";
import type { Head } from "../models/graph/head.ts";
import { readToRun } from "../models/graph/weights.ts";
import type { LinearHead, NdArray } from "../types.ts";

/**
 * Copies a head's weights to the host, as a matrix and a row.
 *
 * @param head The head.
 * @returns Kernel `[D, C]` and bias `[C]`, zeros where the layer has none.
 */
export async function readHead(head: Head): Promise<LinearHead> {
  const { kernel, bias, isTransposed } = head.weights();
  const { name } = head.node.row;
  const matrix = await readMatrix(kernel, isTransposed, name);
  const units = matrix.shape[1]!;
  const row = bias === undefined
    ? new Float32Array(units)
    : (await readToRun(bias, name)).data as Float32Array;
  return Object.freeze({
    kernel: matrix,
    bias: Object.freeze({ data: row, shape: [units], dtype: "float32" }),
  });
}

/** `[1, 1, D, C]` counts as `[D, C]`; a transposed one is turned. */
async function readMatrix(
  kernel: WeightValue,
  isTransposed: boolean,
  name: string,
): Promise<NdArray> {
  const { shape } = kernel;
  if (shape.length < 2 || shape.slice(0, -2).some((size) => size !== 1)) {
    throw new TypeError(
      cannot(
        `read head "${name}"`,
        "its kernel must be a matrix, or one for one place",
        shapeText(shape),
      ),
    );
  }
  const [rows, columns] = shape.slice(-2) as [number, number];
  const data = (await readToRun(kernel, name)).data as Float32Array;
  const sizes = isTransposed ? [columns, rows] : [rows, columns];
  return Object.freeze({
    data: isTransposed ? transposed(data, rows, columns) : data,
    shape: Object.freeze(sizes),
    dtype: "float32",
  });
}

function transposed(
  data: Float32Array,
  rows: number,
  columns: number,
): Float32Array {
  const turned = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      turned[j * rows + i] = data[i * columns + j]!;
    }
  }
  return turned;
}
