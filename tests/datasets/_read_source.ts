/**
 * What tests of sources read of them.
 *
 * @module
 */
import type { DataSource, NdArray, TensorSpec } from "../../lib/types.ts";

/** A folder of fixtures; `tests/data/make_tables.py` made them. */
export const TABLES: string = decodeURIComponent(
  new URL("../data/tables/", import.meta.url).pathname,
);

/** An input. */
export function spec(
  shape: readonly (number | null)[],
  name = "x",
): TensorSpec {
  return { name, shape: [null, ...shape], dtype: "float32" };
}

/** Everything that a source gives, joined. */
export interface ReadSource {
  readonly rows: readonly number[];
  readonly shapes: readonly (readonly number[])[];
  readonly dtype: string;
  readonly values: readonly (number | bigint)[];
  readonly labels: readonly number[];
  readonly ids: readonly (string | number)[];
  readonly classNames: readonly string[] | undefined;
  readonly length: number | undefined;
}

/** Reads a source of one input. */
export async function readSource(
  source: DataSource,
  inputs: readonly TensorSpec[],
  { size = 4, start = 0 } = {},
): Promise<ReadSource> {
  await source.prepare?.();
  const found = {
    rows: [] as number[],
    shapes: [] as (readonly number[])[],
    dtype: "",
    values: [] as (number | bigint)[],
    labels: [] as number[],
    ids: [] as (string | number)[],
  };
  for await (const batch of source.batches({ size, start, inputs })) {
    const { xs, ys, ids } = batch as {
      xs: NdArray<Float32Array>;
      ys?: Int32Array;
      ids: readonly (string | number)[];
    };
    found.rows.push(xs.shape[0]!);
    found.shapes.push(xs.shape.slice(1));
    found.dtype = xs.dtype;
    for (const value of xs.data) found.values.push(value);
    found.labels.push(...ys ?? []);
    found.ids.push(...ids);
  }
  const { classNames, length } = source;
  return { ...found, classNames, length };
}
