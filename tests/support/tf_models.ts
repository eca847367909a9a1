/**
 * Small models of TF.js for the tests of `lib/models`.
 *
 * @module
 */
import { tf } from "../../lib/tf.ts";

/** A symbolic tensor. */
export type Symbolic = tf.SymbolicTensor;

/** Calls a layer on symbolic tensors. */
export function called(
  layer: tf.layers.Layer,
  on: Symbolic | Symbolic[],
): Symbolic {
  return layer.apply(on) as Symbolic;
}

/** A Dense layer. */
export function dense(
  name: string,
  units = 2,
  more: Partial<Parameters<typeof tf.layers.dense>[0]> = {},
): tf.layers.Layer {
  return tf.layers.dense({ name, units, ...more });
}

/** `x [3] → a → b`, a Sequential. */
export function chain(name = "chain"): tf.Sequential {
  return tf.sequential({
    name,
    layers: [dense("a", 4, { inputShape: [3] }), dense("b", 2)],
  });
}

/** `x [3]` into two branches that are added, then a head. */
export function branched(): tf.LayersModel {
  const x = tf.input({ shape: [3], name: "x" });
  const left = called(dense("left", 4), x);
  const right = called(dense("right", 4), x);
  const sum = called(tf.layers.add({ name: "sum" }), [left, right]);
  const outputs = called(dense("head", 2, { activation: "softmax" }), sum);
  return tf.model({ inputs: x, outputs, name: "branched" });
}

/** `outer` holds `inner`, which holds `deep`; all are functional. */
export function nested(): tf.LayersModel {
  const x = tf.input({ shape: [3], name: "inner_in" });
  const inner = tf.model({
    inputs: x,
    outputs: called(dense("deep", 3), x),
    name: "inner",
  });
  const y = tf.input({ shape: [3], name: "outer_in" });
  const outer = tf.model({
    inputs: y,
    outputs: called(dense("after", 3), called(inner, y)),
    name: "outer",
  });
  const z = tf.input({ shape: [3], name: "z" });
  const outputs = called(dense("head", 2), called(outer, z));
  return tf.model({ inputs: z, outputs, name: "nested" });
}

/** One layer called on its own output. */
export function shared(): tf.LayersModel {
  const x = tf.input({ shape: [3], name: "x" });
  const layer = dense("twice", 3);
  const outputs = called(layer, called(layer, x));
  return tf.model({ inputs: x, outputs, name: "shared" });
}
