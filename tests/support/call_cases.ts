/**
 * Calls of layers with several inputs, outputs, masks and arguments, with the
 * results of real Keras, run on every engine: as they are, with other rows in the
 * batch, and with sizes that are unknown before the run.
 *
 * @module
 */
import { tf } from "../../lib/tf.ts";
import { assertEquals } from "@std/assert";
import { OnnxGraph } from "../../lib/engines/onnx/graph/onnx_graph.ts";
import { OnnxOps } from "../../lib/engines/onnx/graph/onnx_ops.ts";
import { openGraph } from "./open_graph.ts";
import { takeTurn } from "../../lib/engines/tfjs/backend.ts";
import { TfjsOps } from "../../lib/engines/tfjs/tfjs_ops.ts";
import { callLayer, type Masked } from "../../lib/layers/call_layer.ts";
import { readLayer } from "../../lib/layers/config_reader.ts";
import type { CallContext, Dialect, Layer } from "../../lib/layers/layer.ts";
import { LAYERS } from "../../lib/layers/layer_table.ts";
import type { Ops } from "../../lib/ops/ops.ts";
import { ShapeOps, type ShapeValue } from "../../lib/ops/shape_ops.ts";
import type { NdArray } from "../../lib/types.ts";
import { RUNS_ALL, share } from "./extent.ts";

interface CaseArray {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32" | "bool";
  readonly data: readonly number[];
}

interface CallCase {
  readonly name: string;
  readonly class: string;
  readonly dialect: Dialect;
  readonly config: Readonly<Record<string, unknown>>;
  /** In Keras' order. */
  readonly weights: readonly CaseArray[];
  readonly inputs: readonly CaseArray[];
  /** Of the inputs. */
  readonly masks: readonly (CaseArray | null)[];
  readonly args: Readonly<Record<string, CaseArray | boolean>>;
  readonly argMasks: Readonly<Record<string, CaseArray>>;
  readonly outputs: readonly CaseArray[];
}

/** What a row of a case may be worth beside its largest number. */
const RTOL = 1e-5;

/**
 * Registers one test per engine, which lists the wrong cases and their faults.
 *
 * @param family The file of the cases.
 * @param classes The classes to test; default: all.
 */
export function testCallCases(family: string, classes = /./): void {
  const url = new URL(`../data/layer_cases/${family}.json`, import.meta.url);
  const read = JSON.parse(Deno.readTextFileSync(url)) as CallCase[];
  const cases = read.filter((each) => classes.test(each.class));
  let numTests = 0;
  const register = (
    name: string,
    run: (each: CallCase) => Promise<readonly string[]>,
  ) =>
    Deno.test(name, async () => {
      const some = share(cases, numTests++, 4);
      const faults: string[] = [];
      for (const each of some) {
        try {
          const found = await run(each);
          faults.push(...found.map((fault) => `${each.name}: ${fault}`));
        } catch (error) {
          faults.push(`${each.name}: ${error}`);
        }
      }
      assertEquals(faults, []);
    });
  for (const engine of ["cpu", "wasm"] as const) {
    register(
      `${family} layers do as Keras does on ${engine}`,
      (each) => onTfjs(each, engine),
    );
  }
  for (const isOpen of [false, true]) {
    register(
      `${family} layers do as Keras does on onnx with ${
        isOpen ? "unknown" : "known"
      } lengths`,
      (each) => onOnnx(each, isOpen),
    );
  }
  register(
    `${family} layers have the shapes of Keras before the run`,
    (each) =>
      Promise.resolve([false, true].flatMap((isOpen) => {
        const made = call<ShapeValue>(
          new ShapeOps(),
          each,
          ({ shape, dtype }) => ({ shape, dtype }),
          ({ array }) => ({
            shape: sizes(each, array, isOpen),
            dtype: array.dtype,
          }),
        );
        return each.outputs.flatMap((output, i) =>
          fits(made[i]!.value.shape, output.shape, isOpen ? 2 : 1)
        );
      })),
  );
}

/** Rows that run together: seven, in another order; one; all; two; the last alone. */
function batchesOf({ inputs: [first] }: CallCase): number[][] {
  const count = first!.shape[0]!;
  const all = Array.from({ length: count }, (_, row) => row);
  return [
    [2, 0, 1, 4, 3, 2, 0].map((row) => row % count),
    [1],
    all,
    [
      count - 1,
      0,
    ],
    [count - 1],
  ].slice(0, RUNS_ALL ? 5 : 2);
}

/** An array that goes in, under the name it goes in by. */
interface Fed {
  readonly name: string;
  readonly array: CaseArray;
}

function call<T>(
  ops: Ops<T>,
  each: CallCase,
  weightOf: (array: CaseArray) => T,
  valueOf: (fed: Fed) => T,
): Masked<T>[] {
  const layer = readLayer({
    name: each.name,
    className: each.class,
    dialect: each.dialect,
    options: each.config,
    factoryOf: (name) => LAYERS[name]!,
  });
  const names = orderOf(layer, each);
  assertEquals(names.length, each.weights.length, each.name);
  const record = <V>(
    values: Readonly<Record<string, V>>,
    kind: string,
  ) =>
    Object.fromEntries(
      Object.entries(values).map(([key, value]) => [
        key,
        typeof value === "boolean"
          ? value
          : valueOf({ name: `${kind} ${key}`, array: value as CaseArray }),
      ]),
    );
  return callLayer<T>(ops, {
    layer,
    inputs: each.inputs.map((array, i) => {
      const mask = each.masks[i];
      return {
        value: valueOf({ name: `input ${i}`, array }),
        mask: mask ? valueOf({ name: `mask ${i}`, array: mask }) : undefined,
      };
    }),
    weights: Object.fromEntries(
      each.weights.map((array, i) => [names[i]!, weightOf(array)]),
    ),
    args: record(each.args, "argument") as CallContext<T>["args"],
    argMasks: record(each.argMasks, "mask of") as Record<string, T>,
  });
}

/** Keras lists a normalised kernel once, where its file holds it twice. */
function orderOf(layer: Layer, { class: name, dialect }: CallCase) {
  if (name !== "SpectralNormalization") return layer.weights;
  return dialect === 3
    ? ["layer/kernel", "vector_u", "layer/bias"]
    : ["layer/kernel", "layer/bias", "vector_u"];
}

async function onTfjs(
  each: CallCase,
  engine: "cpu" | "wasm",
): Promise<string[]> {
  const tensorOf = (array: CaseArray) => {
    const { data, shape, dtype } = hostArray(array);
    return tf.tensor(data as Float32Array, [...shape], dtype as "float32");
  };
  return await takeTurn(
    engine,
    (turn) =>
      Promise.resolve(turn.sync(() =>
        batchesOf(each).flatMap((rows) => {
          const before = tf.memory().numTensors;
          const outputs = tf.tidy(() =>
            call<tf.Tensor>(
              new TfjsOps(),
              each,
              tensorOf,
              ({ array }) => tensorOf(chosen(each, array, rows)),
            ).map(({ value }) => ({
              data: [...value.dataSync()],
              shape: value.shape,
            })) as unknown as tf.TensorContainer
          ) as unknown as Found[];
          assertEquals(tf.memory().numTensors, before, "tensors are left");
          return differences(each, outputs, rows);
        })
      )),
  );
}

async function onOnnx(each: CallCase, isOpen: boolean): Promise<string[]> {
  const graph = new OnnxGraph();
  const ops = new OnnxOps(graph);
  const ports: (Fed & { readonly port: string })[] = [];
  const made = call(
    ops,
    each,
    (array) => ops.constant(hostArray(array)),
    (fed) => {
      const shape = sizes(each, fed.array, isOpen);
      const port = graph.input(fed.name, fed.array.dtype, shape);
      ports.push({ ...fed, port });
      return { name: port, shape, dtype: fed.array.dtype };
    },
  );
  const names = made.map(({ value }) =>
    graph.output("output", value.name, value.dtype)
  );
  const open = await openGraph(graph);
  try {
    const faults: string[] = [];
    for (const rows of batchesOf(each)) {
      const results = await open.run(Object.fromEntries(
        ports.map(({ port, array }) => [port, {
          type: array.dtype,
          array: hostArray(chosen(each, array, rows)),
        }]),
      ));
      const outputs = names.map((name) => {
        const { data, shape } = results[name]!;
        return { data: [...data].map(Number), shape };
      });
      faults.push(...differences(each, outputs, rows));
    }
    return faults;
  } finally {
    await open.close();
  }
}

/** Sizes before the run: the batch is not known, lengths only if told. */
function sizes(
  each: CallCase,
  array: CaseArray,
  isOpen: boolean,
): readonly (number | null)[] {
  if (!isBatched(each, array)) return array.shape;
  const isSequence = array.shape.length > 2 || array.dtype === "bool";
  return array.shape.map((size, axis) =>
    axis === 0 || isOpen && isSequence && axis === 1 && size !== 1 ? null : size
  );
}

/** Masks for all rows have another first size, or none. */
function isBatched({ inputs }: CallCase, { shape }: CaseArray): boolean {
  return shape[0] === inputs[0]!.shape[0];
}

interface Found {
  readonly data: readonly number[];
  readonly shape: readonly number[];
}

function fits(
  known: readonly (number | null)[],
  shape: readonly number[],
  firstKnown: number,
): string[] {
  const isFit = known.length === shape.length &&
    known.every((size, axis) =>
      size === shape[axis] ||
      size === null && (axis < firstKnown || firstKnown > 1)
    );
  return isFit ? [] : [`shape [${known}] for [${shape}]`];
}

function differences(
  each: CallCase,
  outputs: readonly Found[],
  rows: readonly number[],
): string[] {
  return each.outputs.flatMap((output, i) => {
    const wanted = chosen(each, output, rows);
    const found = outputs[i]!;
    const at = `output ${i}, rows [${rows}]`;
    if (`${found.shape}` !== `${wanted.shape}`) {
      return [`${at}: shape [${found.shape}] for [${wanted.shape}]`];
    }
    const size = wanted.data.length / rows.length;
    const wrong = rows.findIndex((_, row) => {
      const part = (data: readonly number[]) =>
        data.slice(row * size, (row + 1) * size);
      const [is, should] = [part(found.data), part(wanted.data)];
      const largest = Math.max(...should.map(Math.abs));
      // Not "above": NaN does not match.
      return !is.every((x, j) => Math.abs(x - should[j]!) <= RTOL * largest);
    });
    return wrong < 0 ? [] : [`${at}: row ${wrong} differs`];
  });
}

/** Some rows, also several times. */
function chosen(
  each: CallCase,
  array: CaseArray,
  rows: readonly number[],
): CaseArray {
  if (!isBatched(each, array)) return array;
  const size = array.data.length / array.shape[0]!;
  return {
    data: rows.flatMap((row) => array.data.slice(row * size, (row + 1) * size)),
    shape: [rows.length, ...array.shape.slice(1)],
    dtype: array.dtype,
  };
}

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

function hostArray(
  { data, shape, dtype }: CaseArray,
): NdArray<Float32Array | Int32Array> {
  return { data: ARRAYS[dtype].from(data) as Float32Array, shape, dtype };
}
