import { FeatureExtractor, imageFolder, show, tf } from "@sonde/sonde";

const model = tf.sequential();
model.add(tf.layers.flatten({ inputShape: [24, 24, 3] }));
model.add(tf.layers.dense({ units: 2, activation: "softmax" }));
const photos = imageFolder("tests/data/photos", { preprocess: "tf" });
await show(photos); // class counts, and some of the images
const set = await new FeatureExtractor(model).layers([-1]).predict(photos);
console.log(set.classNames, set.ids); // [ "circles", "squares" ], paths
export {};
