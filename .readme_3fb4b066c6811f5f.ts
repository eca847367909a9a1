import { FeatureExtractor, tf } from "@sonde/sonde";

const backbone = tf.sequential({ name: "backbone" });
backbone.add(tf.layers.dense({ units: 8, inputShape: [4], name: "hidden" }));
const model = tf.sequential({ layers: [backbone] });
model.add(tf.layers.dense({ units: 3, activation: "softmax" }));
const extractor = new FeatureExtractor(model).layers("backbone/hidden");
const set = await extractor.batch(2).predict(tf.ones([5, 4])); // 64 by default
console.log(set.features[0]); // data, shape: [5, 8], dtype: "float32"
export {};
