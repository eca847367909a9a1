import { FeatureExtractor, loadModel, show } from "@sonde/sonde";
import { digits } from "./notebooks/digits.ts"; // images and labels

const model = await loadModel("notebooks/models/keras/digits.keras");
const set = await new FeatureExtractor(model).layers(["block/norm", "pool"])
  .predict(await digits([3, 7], { split: "held-out" }));
await show(set); // the arrays are set.layer("pool"), set.logits, set.labels
export {};
