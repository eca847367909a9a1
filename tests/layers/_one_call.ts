/**
 * One layer, made of a config by hand, called once with TF.js on cpu.
 *
 * @module
 */
import { tf } from "../../lib/tf.ts";
import { takeTurn } from "../../lib/engines/tfjs/backend.ts";
import { TfjsOps } from "../../lib/engines/tfjs/tfjs_ops.ts";
import { callLayer } from "../../lib/layers/call_layer.ts";
import { readLayer } from "../../lib/layers/config_reader.ts";
import type { Dialect, Layer } from "../../lib/layers/layer.ts";
import { LAYERS } from "../../lib/layers/layer_table.ts";
import { ShapeOps } from "../../lib/ops/shape_ops.ts";

/** Numbers, nested as deep as there are axes. */
export type Nested = number | readonly Nested[];

/** Makes a layer named "it". */
export function layerOf(
  className: string,
  options: Readonly<Record<string, unknown>>,
  dialect: Dialect = 3,
): Layer {
  return readLayer({
    name: "it",
    className,
    dialect,
    options,
    factoryOf: (inner) => LAYERS[inner]!,
  });
}

/** What goes into a call besides the input. */
export interface CallParts {
  readonly weights?: readonly Nested[];
  /** Inputs after the first. */
  readonly others?: readonly Nested[];
  readonly args?: Readonly<Record<string, boolean>>;
  readonly dtype?: "float32" | "int32";
}

/** Calls a layer, and gives its output as nested numbers. */
export async function called(
  layer: Layer,
  input: Nested,
  { weights = [], others = [], args = {}, dtype = "float32" }: CallParts = {},
): Promise<unknown> {
  return await takeTurn("cpu", (turn) =>
    Promise.resolve(turn.sync(() => {
      const [output] = tf.tidy(() => {
        const named = layer.weights.map((name, i) =>
          [name, tf.tensor(weights[i] as number[])] as const
        );
        const [output] = callLayer<tf.Tensor>(new TfjsOps(), {
          layer,
          inputs: [
            {
              value: tf.tensor(input as number[], undefined, dtype),
              mask: undefined,
            },
            ...others.map((other) => ({
              value: tf.tensor(other as number[]),
              mask: undefined,
            })),
          ],
          weights: Object.fromEntries(named),
          args,
          argMasks: {},
        });
        return [output!.value.arraySync()] as unknown as tf.TensorContainer[];
      });
      return output;
    })));
}

/** The shape that a layer gives for one whose sizes may be unknown. */
export function shapeAfter(
  layer: Layer,
  shape: readonly (number | null)[],
  weights: readonly (readonly number[])[] = [],
): readonly (number | null)[] {
  const named = layer.weights.map((name, i) =>
    [name, { shape: weights[i]!, dtype: "float32" as const }] as const
  );
  const [output] = layer.call(
    new ShapeOps(),
    [{ shape, dtype: "float32" }],
    Object.fromEntries(named),
    { masks: [undefined], args: {}, argMasks: {} },
  );
  return output!.shape;
}
