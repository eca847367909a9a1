import * as tf from "@tensorflow/tfjs";

let classes: ReadonlyMap<string, tf.layers.Layer> | undefined;

/** Classes whose meaning the walk to the head relies on; made once, without weights. */
function ownClasses(): ReadonlyMap<string, tf.layers.Layer> {
  const { layers } = tf;
  classes ??= new Map(
    [
      layers.dense({ units: 1 }),
      layers.conv1d({ filters: 1, kernelSize: 1 }),
      layers.conv2d({ filters: 1, kernelSize: 1 }),
      layers.conv3d({ filters: 1, kernelSize: 1 }),
      layers.activation({ activation: "linear" }),
      layers.softmax(),
      layers.flatten(),
      layers.reshape({ targetShape: [1] }),
      layers.dropout({ rate: 0 }),
      layers.spatialDropout1d({ rate: 0 }),
      layers.gaussianNoise({ stddev: 1 }),
      layers.gaussianDropout({ rate: 0.5 }),
      layers.alphaDropout({ rate: 0.5 }),
    ].map((layer) => [layer.getClassName(), layer] as const),
  );
  return classes;
}

/**
 * Whether a layer is of one of TF.js' own classes, so that its meaning is
 * known. The constructor decides and not the name; a layer made by another
 * copy of TF.js is known by the source text of its `call`.
 *
 * @param layer Any layer.
 * @returns Whether its class is TF.js' own.
 */
export function isOwnClass(layer: tf.layers.Layer): boolean {
  const own = ownClasses().get(layer.getClassName());
  if (own === undefined) return false;
  if (layer.constructor === own.constructor) return true;
  return sourceOf(layer) === sourceOf(own);
}

function sourceOf(layer: tf.layers.Layer): string {
  return Function.prototype.toString.call(layer.call);
}

/**
 * Whether a layer is a model of layers whose call only runs them, so that it
 * can be flattened. A subclass with a `call` of its own is a layer like others.
 *
 * @param layer Any layer.
 * @returns The model, or undefined.
 */
export function asContainer(
  layer: tf.layers.Layer,
): tf.LayersModel | undefined {
  const { layers, inputs } = layer as Partial<tf.LayersModel>;
  if (!Array.isArray(layers) || !Array.isArray(inputs)) return undefined;
  const model = layer as tf.LayersModel;
  const parent = isSequential(model)
    ? tf.Sequential.prototype
    : tf.LayersModel.prototype;
  const isPlain = model.call === parent.call ||
    sourceOf(model) === Function.prototype.toString.call(parent.call);
  return isPlain ? model : undefined;
}

/**
 * Whether a model is a plain chain of layers.
 *
 * @param model Any model.
 * @returns Whether it is a Sequential, also one of another copy of TF.js.
 */
export function isSequential(model: tf.LayersModel): boolean {
  return model instanceof tf.Sequential ||
    model.getClassName() === "Sequential";
}
