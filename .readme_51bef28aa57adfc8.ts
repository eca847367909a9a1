import { auroc, deepKnn, FeatureExtractor, loadModel } from "@sonde/sonde";
import { known, training, unknown } from "./notebooks/digits.ts";

const model = await loadModel("notebooks/models/digits/model.json");
const extractor = new FeatureExtractor(model).penultimate();
const scorer = await deepKnn().fit(await extractor.predict(await training()));
const scores = await scorer.score(await extractor.predict(await known()));
const others = await scorer.score(await extractor.predict(await unknown()));
console.log(auroc(scores, others).toFixed(3)); // 0.947, as in the picture above
export {};
