/**
 * Cases of single layers, with the results of real Keras, run on every engine: as
 * they are, with other rows in the batch, and with sizes that are unknown before
 * the run.
 *
 * @module
 */
import type { NumericDataType } from "@tensorflow/tfjs";
import { tf } from "../../lib/tf.ts";
import { assertEquals, assertNotEquals } from "@std/assert";
import { OnnxGraph } from "../../lib/engines/onnx/graph/onnx_graph.ts";
import { OnnxOps } from "../../lib/engines/onnx/graph/onnx_ops.ts";
import type { DeviceName } from "../../lib/engines/onnx/runtime/device.ts";
import { openGraph } from "./open_graph.ts";
import { takeTurn } from "../../lib/engines/tfjs/backend.ts";
import { TfjsOps } from "../../lib/engines/tfjs/tfjs_ops.ts";
import { callLayer, type Masked } from "../../lib/layers/call_layer.ts";
import { readLayer } from "../../lib/layers/config_reader.ts";
import type { Layer } from "../../lib/layers/layer.ts";
import { LAYERS } from "../../lib/layers/layer_table.ts";
import { OPERATIONS } from "../../lib/layers/operation_table.ts";
import type { Ops, OpsType } from "../../lib/ops/ops.ts";
import { ShapeOps, type ShapeValue } from "../../lib/ops/shape_ops.ts";
import { UnsupportedByEngineError } from "../../lib/errors.ts";
import { parseLooseJson } from "../../lib/formats/loose_json.ts";
import { hasWebgpu } from "./backends.ts";
import { difference, hostArray, rowsOf } from "./case_arrays.ts";
import type { CaseArray, LayerCase } from "./layer_case.ts";
import { RUNS_ALL, share } from "./extent.ts";

/** Where a case runs. */
export type CaseEngine = "cpu" | "wasm" | "onnx" | "webgpu" | "onnx:webgpu";

/** Values and, where there is one, their mask. */
interface Found {
  readonly value: CaseArray;
  readonly mask: CaseArray | null;
}

const ENGINES: readonly CaseEngine[] = ["cpu", "wasm", "onnx"];

/** Rows that run together: seven, in another order; one; all; two. */
const ORDERS = [[2, 0, 1, 1, 0, 2, 0], [1], [0, 1, 2], [2, 1]];
const BATCHES = RUNS_ALL ? ORDERS : ORDERS.slice(0, 2);

/** Reads the cases of a family. */
export function layerCases(family: string): LayerCase[] {
  const url = new URL(`../data/layer_cases/${family}.json`, import.meta.url);
  const text = Deno.readTextFileSync(url);
  // The runtime is several times faster, but reads only what JSON has.
  const cases = /NaN|Infinity/.test(text)
    ? parseLooseJson(text, family)
    : JSON.parse(text);
  return cases as LayerCase[];
}

/**
 * Registers one test per engine, which lists the wrong cases and their faults.
 *
 * @param family The file of the cases.
 * @param table The classes to test; default: all.
 */
export function testLayerCases(
  family: string,
  table?: Readonly<Record<string, unknown>>,
): void {
  const cases = layerCases(family).filter((each) =>
    table === undefined || Object.hasOwn(table, each.class)
  );
  assertNotEquals(cases.length, 0);
  for (const [i, engine] of ENGINES.entries()) {
    const some = share(cases, i, ENGINES.length);
    Deno.test(`${family} does as Keras does on ${engine}`, async () => {
      const wrong: string[] = [];
      for (const each of some) {
        try {
          wrong.push(...await faultsOf(each, engine));
        } catch (error) {
          wrong.push(`${each.name}: ${error}`);
        }
      }
      assertEquals(wrong, []);
    });
  }
  Deno.test({
    name: `${family} does as Keras does on webgpu, a part of it`,
    ignore: !hasWebgpu,
    sanitizeResources: false, // TF.js keeps its device open
    sanitizeOps: false,
    async fn() {
      const wrong: string[] = [];
      for (const each of cases.filter(isForWebgpu)) {
        try {
          wrong.push(...await faultsOf(each, "webgpu"));
        } catch (error) {
          // It may refuse what its kernels lack, and never compute it wrongly.
          if (error instanceof UnsupportedByEngineError) continue;
          wrong.push(`${each.name}: ${error}`);
        }
      }
      assertEquals(wrong, []);
    },
  });
  Deno.test(`${family} has the shapes of Keras before the run`, () => {
    for (const each of cases) checkShapes(each);
  });
}

/** The first case of each class and dialect, and each eighth: it is slow there. */
function isForWebgpu(each: LayerCase, i: number, all: LayerCase[]): boolean {
  const isSame = (other: LayerCase) =>
    other.class === each.class && other.dialect === each.dialect;
  return i % 8 === 0 || all.findIndex(isSame) === i;
}

/** What is wrong with a case on an engine. */
export async function faultsOf(
  each: LayerCase,
  engine: CaseEngine,
  rtol: number = engine === "webgpu" ? 1e-4 : 1e-5,
): Promise<string[]> {
  const unknown = engine === "onnx" && each.unknown.length > 0
    ? [[], each.unknown]
    : [[]];
  const faults: string[] = [];
  for (const axes of unknown) {
    const found = engine === "onnx" || engine === "onnx:webgpu"
      ? await onOnnx(each, axes, engine === "onnx" ? "cpu" : "webgpu")
      : engine === "webgpu"
      ? await onWebgpu(each)
      : await onTfjs(each, engine);
    found.forEach(({ value, mask }, i) => {
      const rows = BATCHES[i]!;
      const at = `${each.name}, rows [${rows}], unknown axes [${axes}]`;
      const error = difference(
        value,
        rowsOf(each.output, rows),
        rtol, // shaders round exp, division and tanh to some units in the last place
      );
      if (error !== undefined) faults.push(`${at}: ${error}`);
      const wanted = each.outputMask && rowsOf(each.outputMask, rows);
      const [is, should] = [mask, wanted].map((m) => m && `${m.data}`);
      if (is !== should) faults.push(`${at}: mask ${is} for ${should}`);
    });
  }
  return faults;
}

function layerOf(each: LayerCase) {
  const table = each.operation ? OPERATIONS : LAYERS;
  return readLayer({
    name: each.name,
    className: each.class,
    dialect: each.dialect,
    options: each.config,
    factoryOf: (inner) => table[inner]!,
  });
}

/** All inputs, each with its mask. */
function portsOf(each: LayerCase) {
  const masks = [each.mask, ...each.otherMasks ?? []];
  return [each.input, ...each.others ?? []].map((input, i) => ({
    input,
    mask: masks[i] ?? null,
  }));
}

/** What a call is made of: a way to make values, and the values of the rows. */
function callCase<T>(
  ops: Ops<T>,
  each: LayerCase,
  layer: Layer,
  inputs: readonly Masked<T>[],
): Masked<T> {
  const weights = layer.weights.map((name, i) =>
    [name, ops.constant(hostArray(each.weights[i]!))] as const
  );
  assertEquals(layer.weights.length, each.weights.length, each.name);
  const { mask } = inputs[0]!;
  const isBuiltIn = each.explicit && mask !== undefined;
  const outputs = callLayer<T>(ops, {
    layer,
    inputs: isBuiltIn ? [{ value: inputs[0]!.value, mask: undefined }] : inputs,
    weights: Object.fromEntries(weights),
    args: { ...each.args, ...(isBuiltIn ? { mask } : {}) },
    argMasks: {},
  });
  return outputs[each.result ?? 0]!;
}

async function onTfjs(
  each: LayerCase,
  engine: "cpu" | "wasm",
): Promise<Found[]> {
  const layer = layerOf(each);
  return await takeTurn(engine, (turn) =>
    Promise.resolve(turn.sync(() => {
      const before = tf.memory().numTensors;
      const found = BATCHES.map((rows) =>
        tf.tidy(() => {
          const { value, mask } = onTensors(each, layer, rows);
          return {
            value: readBack(value),
            mask: mask ? readBack(mask) : null,
          } as unknown as tf.TensorContainer;
        })
      );
      assertEquals(tf.memory().numTensors, before, `${each.name}: tensors`);
      return found as unknown as Found[];
    })));
}

/** Shaders run on their own time, so what they make is waited for. */
async function onWebgpu(each: LayerCase): Promise<Found[]> {
  const layer = layerOf(each);
  const read = async (x: tf.Tensor): Promise<CaseArray> => {
    const data = [...await x.data<NumericDataType>()];
    const found = { shape: x.shape, dtype: x.dtype as OpsType, data };
    x.dispose();
    return found;
  };
  return await takeTurn("webgpu", async (turn) => {
    const before = tf.memory().numTensors;
    const found: Found[] = [];
    for (const rows of BATCHES) {
      const made = turn.sync(() =>
        tf.tidy(() =>
          onTensors(each, layer, rows) as unknown as tf.TensorContainer
        )
      ) as unknown as Masked<tf.Tensor>;
      found.push({
        value: await read(made.value),
        mask: made.mask ? await read(made.mask) : null,
      });
    }
    assertEquals(tf.memory().numTensors, before, `${each.name}: tensors`);
    return found;
  });
}

function onTensors(each: LayerCase, layer: Layer, rows: readonly number[]) {
  const inputs = portsOf(each).map(({ input, mask }) => ({
    value: tensorOf(rowsOf(input, rows)),
    mask: mask ? tensorOf(rowsOf(mask, rows)) : undefined,
  }));
  return callCase<tf.Tensor>(new TfjsOps(), each, layer, inputs);
}

function tensorOf(array: CaseArray): tf.Tensor {
  const { data, shape, dtype } = hostArray(array);
  return tf.tensor(data as Float32Array, [...shape], dtype as "float32");
}

function readBack(x: tf.Tensor): CaseArray {
  return {
    shape: x.shape,
    dtype: x.dtype as OpsType,
    data: [...x.dataSync()],
  };
}

async function onOnnx(
  each: LayerCase,
  unknown: readonly number[],
  device: DeviceName,
): Promise<Found[]> {
  const graph = new OnnxGraph();
  const fed = (
    name: string,
    { shape, dtype }: CaseArray,
    axes: readonly number[],
  ) => {
    const sizes = shape.map((size, i) =>
      i === 0 || axes.includes(i) ? null : size
    );
    return { name: graph.input(name, dtype, sizes), shape: sizes, dtype };
  };
  const maskAxes = unknown.length > 0 ? [1] : [];
  const feeds = portsOf(each).flatMap(({ input, mask }, i) => [
    [fed(`input${i}`, input, unknown), input] as const,
    [mask ? fed(`mask${i}`, mask, maskAxes) : undefined, mask] as const,
  ]);
  const inputs = portsOf(each).map((_, i) => ({
    value: feeds[2 * i]![0]!,
    mask: feeds[2 * i + 1]![0],
  }));
  const output = callCase(new OnnxOps(graph), each, layerOf(each), inputs);
  const parts = [output.value, output.mask].filter((part) =>
    part !== undefined
  );
  const names = parts.map((part) =>
    graph.output("output", part.name, part.dtype)
  );
  const open = await openGraph(graph, device);
  try {
    const found: Found[] = [];
    for (const rows of BATCHES) {
      const results = await open.run(Object.fromEntries(
        feeds.flatMap(([port, array]) =>
          port && array
            ? [[port.name, {
              type: port.dtype,
              array: hostArray(rowsOf(array, rows)),
            }]]
            : []
        ),
      ));
      const arrays = names.map((name, i): CaseArray => {
        const { data, shape } = results[name]!;
        const { shape: known, dtype } = parts[i]!;
        checkKnown(each.name, known, shape);
        return { data: [...data], shape, dtype };
      });
      found.push({ value: arrays[0]!, mask: arrays[1] ?? null });
    }
    return found;
  } finally {
    await open.close();
  }
}

/** Shapes and element types from shapes alone, with and without unknown sizes. */
function checkShapes(each: LayerCase): void {
  for (const axes of [[], each.unknown]) {
    const inputs = portsOf(each).map(({ input, mask }) => ({
      value: {
        shape: input.shape.map((size, i) =>
          i === 0 || axes.includes(i) ? null : size
        ),
        dtype: input.dtype,
      } as ShapeValue,
      mask: mask
        ? {
          shape: [null, axes.length > 0 ? null : mask.shape[1]!],
          dtype: "bool",
        } as ShapeValue
        : undefined,
    }));
    const { value } = callCase(new ShapeOps(), each, layerOf(each), inputs);
    checkKnown(each.name, value.shape, each.output.shape);
    assertEquals(value.dtype, each.output.dtype, each.name);
    if (axes.length === 0) {
      assertEquals(value.shape.slice(1), each.output.shape.slice(1), each.name);
    }
  }
}

function checkKnown(
  name: string,
  known: readonly (number | null)[],
  shape: readonly number[],
): void {
  const filled = known.map((size, i) => size ?? shape[i]!);
  assertEquals(filled, [...shape], `${name}: shape [${known}] for [${shape}]`);
}
