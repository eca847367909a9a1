import { FeatureExtractor, imageFolder, loadModel } from "@sonde/sonde";
import { nearest, show } from "@sonde/sonde";

const images = imageFolder("notebooks/images");
const model = await loadModel("notebooks/models/images/images.keras");
const set = await new FeatureExtractor(model).layers("pool").predict(images);
const query = set.select([39]); // the last boat
await show(await nearest(set, query, { neighbors: 6, images }));
export {};
