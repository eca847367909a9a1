/**
 * Lengths of projections of rows, in float64: on the native runtime in a worker,
 * if it may be loaded and the work is large enough; otherwise in plain loops.
 *
 * Rows are sent to the runtime in float32, and only lengths are returned: centring
 * rows first and sending them in float64 took three times as long.
 *
 * @module
 */
import { hasNative, type LinalgOptions, openNative } from "./native_graph.ts";
import {
  centred,
  type FloatRows,
  type Matrix,
  plainProduct,
  WORTH_SENDING,
} from "./products.ts";

/** Measures lengths with one projection. */
export interface ProjectedNorms {
  /**
   * Measures rows.
   *
   * @param rows `[n, D]`.
   * @returns `‖(z - o) P‖` of each row, `[n]`.
   */
  of(rows: FloatRows): Promise<Float64Array>;
  /** Frees the resources. */
  close(): Promise<void>;
}

/** Settings of {@linkcode openProjectedNorms}. */
export interface ProjectedOptions extends LinalgOptions {
  /** Expected number of rows, if known: a few do not justify a worker. */
  readonly samples?: number | undefined;
}

/**
 * Prepares lengths of projections.
 *
 * @param projection `P`, `[D, W]`; must not change until it is closed.
 * @param origin `o`, `[D]`.
 * @param options Expected number of rows, whether the runtime may be used, and
 * pacer.
 * @returns The projection; close it.
 */
export async function openProjectedNorms(
  projection: Matrix,
  origin: Float64Array,
  options: ProjectedOptions = {},
): Promise<ProjectedNorms> {
  const { rows: inner, columns: width } = projection;
  const { samples = 0, pacer } = options;
  const mayUseNative = inner * width > 0 && await hasNative(options);
  const opened = new Map<string, ReturnType<typeof openNative>>();
  const open = (type: "float32" | "float64") =>
    openNative((graph) => {
      const rows = graph.input("rows", type, ["n", inner]);
      const wide = graph.node("Cast", [rows], { to: 11 }); // float64
      const point = graph.constant("float64", [inner], origin);
      const offset = graph.node("Sub", [wide, point]);
      const right = graph.constant("float64", [inner, width], projection.data);
      const parts = graph.node("MatMul", [offset, right]);
      const axes = graph.integers([1]);
      const squares = graph.node("ReduceSumSquare", [parts, axes], {
        keepdims: 0,
      });
      return [[squares, "float64"]];
    }, options);
  return {
    async of(rows) {
      const type = rows.data instanceof Float32Array ? "float32" : "float64";
      const work = Math.max(samples, rows.rows) * inner * width;
      const isWorth = opened.has(type) || work >= WORTH_SENDING;
      if (!mayUseNative || !isWorth) {
        const offset = centred(rows, origin);
        const parts = await plainProduct(offset, projection, pacer);
        return lengths(parts, rows.rows);
      }
      if (!opened.has(type)) opened.set(type, open(type));
      const graph = await opened.get(type)!;
      const [squares] = await graph.run([
        { data: rows.data, shape: [rows.rows, inner] },
      ]);
      return (squares!.data as Float64Array).map(Math.sqrt);
    },
    async close() {
      for (const graph of opened.values()) {
        await (await graph.catch(() => undefined))?.close();
      }
    },
  };
}

function lengths(data: Float64Array, rows: number): Float64Array {
  const columns = data.length / rows;
  const result = new Float64Array(rows); // [n]
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let i = row * columns; i < (row + 1) * columns; i++) {
      sum += data[i]! * data[i]!;
    }
    result[row] = Math.sqrt(sum);
  }
  return result;
}
