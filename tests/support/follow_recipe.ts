import { tf } from "../../lib/tf.ts";
import { fromLayersModel } from "../../lib/models/tfjs/from_layers_model.ts";
import type { Model } from "../../lib/types.ts";

/**
 * Runs the code that the error of a refused `model.json` advises, unchanged.
 *
 * @param message The error's message.
 * @returns The value of "model" in the code, and the TF.js model that it wraps.
 */
export async function followRecipe(
  message: string,
): Promise<{ model: Model; layers: tf.LayersModel }> {
  let layers: tf.LayersModel | undefined;
  const code = message.slice(message.indexOf("const url"));
  const work = new Function(
    ...["tf", "fromLayersModel"],
    `return (async () => { ${code}; return model; })();`,
  );
  const model = await work(tf, (made: tf.LayersModel) => {
    layers = made;
    return fromLayersModel(made);
  });
  return { model, layers: layers! };
}
