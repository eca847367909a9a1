/**
 * Layers called by hand: a config, weights and inputs as plain lists.
 *
 * @module
 */
import { tf } from "../../lib/tf.ts";
import { TfjsOps } from "../../lib/engines/tfjs/tfjs_ops.ts";
import { callLayer } from "../../lib/layers/call_layer.ts";
import { readLayer } from "../../lib/layers/config_reader.ts";
import type { CallContext, Dialect, Layer } from "../../lib/layers/layer.ts";
import { LAYERS } from "../../lib/layers/layer_table.ts";

/** Numbers or booleans, nested as a tensor is. */
export type Nested = number | boolean | readonly Nested[];

/** What a call by hand may be told. */
export interface HandCall {
  readonly weights?: Readonly<Record<string, Nested>>;
  readonly inputs: readonly Nested[];
  readonly masks?: readonly (Nested | undefined)[];
  readonly args?: Readonly<Record<string, Nested>>;
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

/** Calls a layer on the cpu backend; gives outputs and masks as lists. */
export async function callByHand(
  layer: Layer,
  { weights = {}, inputs, masks = [], args = {} }: HandCall,
): Promise<{ values: unknown[]; masks: unknown[] }> {
  await tf.setBackend("cpu");
  const tensors = (record: Readonly<Record<string, Nested>>) =>
    Object.fromEntries(
      Object.entries(record).map(([key, value]) => [
        key,
        Array.isArray(value) ? tf.tensor(value as number[]) : value,
      ]),
    );
  const found: { value: unknown; mask: unknown }[] = [];
  tf.tidy(() => {
    const outputs = callLayer<tf.Tensor>(new TfjsOps(), {
      layer,
      inputs: inputs.map((value, i) => ({
        value: tf.tensor(value as number[]),
        mask: masks[i] === undefined
          ? undefined
          : tf.tensor(masks[i] as number[]),
      })),
      weights: tensors(weights) as Record<string, tf.Tensor>,
      args: tensors(args) as CallContext<tf.Tensor>["args"],
    });
    for (const { value, mask } of outputs) {
      found.push({ value: value.arraySync(), mask: mask?.arraySync() });
    }
  });
  return {
    values: found.map(({ value }) => value),
    masks: found.map(({ mask }) => mask),
  };
}
