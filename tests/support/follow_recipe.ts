import { tf } from "../../lib/tf.ts";
import { fromLayersModel } from "../../lib/models/tfjs/from_layers_model.ts";
import type { Model } from "../../lib/types.ts";

/**
 * Runs the code that a refused `model.json` gets as advice, as it stands.
 *
 * @param message The error's message.
 * @returns What the code calls "model", and the model of TF.js under it.
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
