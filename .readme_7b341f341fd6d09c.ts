import { FeatureExtractor, loadModel, show, tf } from "@sonde/sonde";
import { known } from "./notebooks/digits.ts";

const model = await loadModel("notebooks/models/digits/model.json");
const open = await new FeatureExtractor(model).layers("conv1").open();
const image = tf.zeros([1, 28, 28, 1]);
const { features, logits } = await open.predictTensor(image);
tf.dispose([image, ...features, logits!]); // these tensors are yours
for await (const part of open.stream(await known())) await show(part);
await open.close();
export {};
