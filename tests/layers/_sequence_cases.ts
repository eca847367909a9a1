/**
 * Cases of the real Keras that `make_sequence_layer_cases.py` wrote: a layer,
 * its weights, a call with masks and arguments, and what came out.
 *
 * @module
 */
import type { NdArray } from "@sonde/sonde";
import * as tf from "@tensorflow/tfjs";
import { TfjsOps } from "../../lib/engines/tfjs/tfjs_ops.ts";
import { callLayer, type Masked } from "../../lib/layers/call_layer.ts";
import { readLayer } from "../../lib/layers/config_reader.ts";
import type { CallContext, Dialect, Layer } from "../../lib/layers/layer.ts";
import { LAYERS } from "../../lib/layers/layers.ts";
import { ShapeOps, type ShapeValue } from "../../lib/ops/shape_ops.ts";

interface CaseArray {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32" | "bool";
  readonly data: readonly number[];
}

/** One case, as the file holds it. */
export interface SequenceCase {
  readonly name: string;
  readonly class: string;
  readonly dialect: Dialect;
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: readonly CaseArray[];
  readonly inputs: readonly CaseArray[];
  readonly masks: readonly (CaseArray | null)[];
  readonly args: Readonly<Record<string, CaseArray | boolean>>;
  readonly argMasks: Readonly<Record<string, CaseArray>>;
  readonly outputs: readonly CaseArray[];
}

/** Reads a family's cases. */
export function sequenceCases(family: string): SequenceCase[] {
  const url = new URL(`../data/layer_cases/${family}.json`, import.meta.url);
  return JSON.parse(Deno.readTextFileSync(url));
}

/** Makes the layer of a config. */
export function layerOf(
  className: string,
  options: Readonly<Record<string, unknown>>,
  dialect: Dialect = 3,
): Layer {
  return readLayer({
    name: "layer",
    className,
    dialect,
    options,
    factoryOf: (name) => LAYERS[name]!,
  });
}

/** Runs a case, its rows in another order or fewer of them. */
export async function runCase(
  fixture: SequenceCase,
  rows?: readonly number[],
): Promise<NdArray<Float32Array>[]> {
  await tf.setBackend("cpu");
  const ops = new TfjsOps();
  const upload = (array: CaseArray) =>
    tf.tensor([...array.data], [...array.shape], array.dtype);
  const chosen = (array: CaseArray) => {
    const whole = upload(array);
    const isShared = array.shape[0] !== fixture.inputs[0]!.shape[0];
    return rows === undefined || isShared
      ? whole
      : tf.gather(whole, tf.tensor1d([...rows], "int32"));
  };
  const made = tf.tidy(() =>
    call(ops, fixture, upload, chosen).map(({ value }) => value)
  );
  const outputs = made.map((value) => ({
    data: value.dataSync<"float32">().slice(),
    shape: value.shape,
    dtype: "float32" as const,
  }));
  tf.dispose(made);
  return outputs;
}

/** Shapes of a case's outputs where the batch, or other sizes, are not known. */
export function shapesOf(
  fixture: SequenceCase,
  unknown: readonly number[],
): readonly (readonly (number | null)[])[] {
  const known = ({ shape, dtype }: CaseArray): ShapeValue => ({ shape, dtype });
  const open = (array: CaseArray): ShapeValue => ({
    shape: array.shape.map((size, axis) => unknown.includes(axis) ? null : size),
    dtype: array.dtype,
  });
  return call(new ShapeOps(), fixture, known, open)
    .map(({ value }) => value.shape);
}

function call<T>(
  ops: Parameters<typeof callLayer<T>>[0],
  fixture: SequenceCase,
  weightOf: (array: CaseArray) => T,
  valueOf: (array: CaseArray) => T,
): Masked<T>[] {
  const layer = layerOf(fixture.class, fixture.config, fixture.dialect);
  const names = orderOf(layer, fixture);
  const weights = Object.fromEntries(
    fixture.weights.map((array, i) => [names[i]!, weightOf(array)]),
  );
  const args = Object.fromEntries(
    Object.entries(fixture.args).map(([key, value]) => [
      key,
      typeof value === "boolean" ? value : valueOf(value),
    ]),
  ) as CallContext<T>["args"];
  const argMasks = Object.fromEntries(
    Object.entries(fixture.argMasks).map(([key, value]) => [
      key,
      valueOf(value),
    ]),
  );
  const inputs = fixture.inputs.map((array, i) => {
    const mask = fixture.masks[i] ?? undefined;
    return { value: valueOf(array), mask: mask && valueOf(mask) };
  });
  return callLayer<T>(ops, { layer, inputs, weights, args, argMasks });
}

/** Keras lists a normalised kernel once, where its file holds it twice. */
function orderOf(layer: Layer, { class: name, dialect, weights }: SequenceCase) {
  const names = name !== "SpectralNormalization"
    ? layer.weights
    : dialect === 3
    ? ["layer/kernel", "vector_u", "layer/bias"]
    : ["layer/kernel", "layer/bias", "vector_u"];
  if (names.length === weights.length) return names;
  throw new Error(`${names.length} weights for ${weights.length}`);
}
