import { FeatureExtractor, loadModel, openFeatures, show } from "@sonde/sonde";
import { known } from "./notebooks/digits.ts";

await using model = await loadModel("notebooks/models/keras/digits.keras");
const extractor = new FeatureExtractor(model).layers("pool");
await show(await extractor.write(await known(), "/tmp/616294da615779cb/digits.parquet"));
await using stored = await openFeatures("/tmp/616294da615779cb/digits.parquet"); // 1131 samples
for await (const set of stored.stream({ batch: 32 })) set.layer("pool");
export {};
