/**
 * Draws the picture of the README, `pictures/digits.png`: the feature maps of the
 * first layer of the digits network for two digits, and how its largest logits
 * separate digits that it knows from digits that it has never seen.
 *
 *     deno run -A notebooks/draw_picture.ts
 *
 * @module
 */
import {
  FeatureExtractor,
  featureMaps,
  type FeatureSet,
  figureGrid,
  loadModel,
  scoreHistogram,
} from "@sonde/sonde";
import { type Digits, digits, known, unknown } from "./digits.ts";

const HERE = decodeURIComponent(new URL("./", import.meta.url).pathname);

await using model = await loadModel(`${HERE}models/digits/model.json`);
const training = await digits([0, 1, 2, 3, 4], { split: "train" });
const extractor = await new FeatureExtractor(model).layers("conv1")
  .fitReact(training, { progress: false });
const [heldOut, strangers] = [await known(), await unknown()];
const seen = await extractor.predict(heldOut, { progress: false });
const unseen = await extractor.predict(strangers, { progress: false });
const scores = {
  "digits 0 to 4, known to the model": largest(seen),
  "digits 5 to 9, never seen by it": largest(unseen),
};
const picture = figureGrid([
  maps(seen, heldOut, 3, "A 3, which the network was trained on"),
  maps(unseen, strangers, 7, "A 7, which it has never seen"),
  scoreHistogram(scores, {
    title: "Is this like what the model was trained on?",
    xLabel: "largest logit after ReAct",
  }),
], { columns: 1, width: 760 });
await Deno.mkdir(`${HERE}pictures`, { recursive: true });
await picture.save(`${HERE}pictures/digits.png`);

/** A digit, and the feature maps of the first layer for it. */
function maps(set: FeatureSet, images: Digits, digit: number, title: string) {
  const sample = images.ys.data.indexOf(digit) + 20;
  const channels = [0, 1, 2, 3, 4, 5, 6]; // with the input, one row
  return featureMaps(set, { layer: "conv1", sample, channels, images, title });
}

/** The largest logit of each sample. */
function largest({ logits }: FeatureSet): number[] {
  const [numSamples = 0, numClasses = 0] = logits?.shape ?? [];
  return Array.from({ length: numSamples }, (_, row) => {
    const from = row * numClasses;
    return Math.max(...logits!.data.subarray(from, from + numClasses));
  });
}
