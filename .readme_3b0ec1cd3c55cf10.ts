import { loadModel, show } from "@sonde/sonde";

const model = await loadModel("notebooks/models/digits/model.json");
await show(model); // every layer: index, name, kind, shape, parameters
await show(await model.getWeights("conv1")); // kernels as images, statistics
export {};
