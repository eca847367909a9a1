import { assertEquals } from "@std/assert";
import { OnnxGraph } from "../../../lib/engines/onnx/graph/onnx_graph.ts";
import { OnnxOps } from "../../../lib/engines/onnx/graph/onnx_ops.ts";
import type { OnnxValue } from "../../../lib/engines/onnx/graph/onnx_value.ts";
import { type OpenGraph, openGraph } from "../../support/open_graph.ts";
import type { OpsType } from "../../../lib/ops/ops.ts";

/** Values with their shape, as they go in and come out. */
export interface Values {
  readonly data: readonly number[];
  readonly shape: readonly number[];
  readonly dtype: OpsType;
}

/** What is recorded, of named inputs. */
export type Build = (
  ops: OnnxOps,
  ...inputs: readonly OnnxValue[]
) => OnnxValue | readonly OnnxValue[];

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/** Floats in a shape. */
export function floats(
  shape: readonly number[],
  data: Iterable<number>,
): Values {
  return { data: [...Float32Array.from(data)], shape, dtype: "float32" };
}

/** Integers in a shape. */
export function integers(
  shape: readonly number[],
  data: Iterable<number>,
): Values {
  return { data: [...data], shape, dtype: "int32" };
}

/** Booleans in a shape, as 0 and 1. */
export function booleans(
  shape: readonly number[],
  data: Iterable<number>,
): Values {
  return { data: [...data], shape, dtype: "bool" };
}

/** Floats between −2 and 2 that look drawn, but are always the same. */
export function waves(shape: readonly number[], phase = 0): Values {
  const size = shape.reduce((product, n) => product * n, 1);
  const data = Array.from(
    { length: size },
    (_, i) => 2 * Math.sin((i + 1) * 12.9898 + phase),
  );
  return floats(shape, data);
}

/**
 * A recorded computation, ready to run. Whatever it gives, its shapes and
 * element types must be those that were recorded for it.
 */
export class Recorded implements AsyncDisposable {
  readonly #graph: OpenGraph;
  readonly #feeds: readonly OnnxValue[];
  readonly #names: readonly string[];
  /** What was known of the outputs before the run. */
  readonly outputs: readonly OnnxValue[];

  private constructor(
    graph: OpenGraph,
    feeds: readonly OnnxValue[],
    names: readonly string[],
    outputs: readonly OnnxValue[],
  ) {
    this.#graph = graph;
    this.#feeds = feeds;
    this.#names = names;
    this.outputs = outputs;
  }

  /** Records and opens. */
  static async open(
    inputs: readonly Pick<OnnxValue, "shape" | "dtype">[],
    build: Build,
  ): Promise<Recorded> {
    const graph = new OnnxGraph();
    const feeds = inputs.map(({ shape, dtype }) => ({
      name: graph.input("input", dtype, shape),
      shape,
      dtype,
    }));
    const outputs = [build(new OnnxOps(graph), ...feeds)].flat();
    const names = outputs.map(({ name, dtype }) =>
      graph.output("output", name, dtype)
    );
    return new Recorded(await openGraph(graph), feeds, names, outputs);
  }

  /** Runs it. */
  async run(...inputs: readonly Values[]): Promise<Values[]> {
    const feeds = inputs.map(({ data, shape, dtype }, i) => [
      this.#feeds[i]!.name,
      { type: dtype, array: { data: ARRAYS[dtype].from(data), shape, dtype } },
    ]);
    const results = await this.#graph.run(Object.fromEntries(feeds));
    return this.#names.map((name, i) => {
      const { data, shape } = results[name]!;
      const { dtype, shape: known } = this.outputs[i]!;
      assertEquals(data.constructor, ARRAYS[dtype]);
      assertEquals(known.length, shape.length, `rank of [${known}]: ${shape}`);
      assertEquals(known.map((size, axis) => size ?? shape[axis]!), shape);
      return { data: [...data], shape, dtype };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#graph.close();
  }
}

/** Sizes as they are, but the first unknown, as a batch is. */
export function anyRows({ shape, dtype }: Values) {
  return { shape: [null, ...shape.slice(1)], dtype };
}

/** Only the rank known. */
export function anySizes({ shape, dtype }: Values) {
  return { shape: shape.map(() => null), dtype };
}

/** All sizes known. */
export function allSizes({ shape, dtype }: Values) {
  return { shape, dtype };
}

/** Records, runs once, and gives the one output. */
export async function runOnce(
  inputs: readonly Values[],
  build: Build,
  known: (value: Values) => Pick<OnnxValue, "shape" | "dtype"> = anyRows,
): Promise<Values> {
  await using recorded = await Recorded.open(inputs.map(known), build);
  const [output] = await recorded.run(...inputs);
  return output!;
}

/** Some rows of values. */
export function rowsOf(
  { data, shape, dtype }: Values,
  rows: readonly number[],
): Values {
  const width = data.length / shape[0]!;
  return {
    data: rows.flatMap((row) => data.slice(row * width, (row + 1) * width)),
    shape: [rows.length, ...shape.slice(1)],
    dtype,
  };
}
