/**
 * Draws the pictures of the README. `pictures/digits.png`: the feature maps of the
 * first layer of the digits network for two digits, and how the scores of
 * `deepKnn` separate digits that it knows from digits that it has never seen.
 * `pictures/nearest.png`: drawings, and those that are nearest to them.
 *
 *     deno run -A notebooks/draw_picture.ts
 *
 * @module
 */
import {
  auroc,
  deepKnn,
  FeatureExtractor,
  featureMaps,
  type FeatureSet,
  figureGrid,
  fprAtTpr,
  imageFolder,
  imageGrid,
  loadModel,
  nearest,
  scoreHistogram,
} from "@sonde/sonde";
import { type Digits, known, training, unknown } from "./digits.ts";

const HERE = decodeURIComponent(new URL("./", import.meta.url).pathname);

await using model = await loadModel(`${HERE}models/digits/model.json`);
const extractor = new FeatureExtractor(model).layers("conv1").penultimate();
const quietly = { progress: false };
const [heldOut, strangers] = [await known(), await unknown()];
const fit = await extractor.predict(await training(), quietly);
const seen = await extractor.predict(heldOut, quietly);
const unseen = await extractor.predict(strangers, quietly);
const scorer = await deepKnn().fit(fit, quietly);
const scores = await scorer.score(seen, quietly);
const unknownScores = await scorer.score(unseen, quietly);
const { threshold } = await scorer.calibrate(scores, { tpr: 0.95 });
const area = auroc(scores, unknownScores).toFixed(3);
const rate = fprAtTpr(scores, unknownScores).toFixed(3);
const picture = figureGrid([
  maps(seen, heldOut, 3, "A 3, which the network was trained on"),
  maps(unseen, strangers, 7, "A 7, which it has never seen"),
  scoreHistogram({
    "digits 0 to 4, known to the model": scores,
    "digits 5 to 9, never seen by it": unknownScores,
  }, {
    title: "Is this like what the model was trained on?",
    xLabel: "score of deepKnn: distance to the 50th nearest training image",
    caption: `AUROC ${area}, FPR95 ${rate}; 95 % of the known digits are ` +
      "left of the threshold",
    threshold,
  }),
], { columns: 1, width: 600 });
await Deno.mkdir(`${HERE}pictures`, { recursive: true });
await picture.save(`${HERE}pictures/digits.png`);
await drawNearest(["boat/boat-20.jpg", "leaf/leaf-14.jpg"]);

/** In each row a drawing, then the five that are nearest to it. */
async function drawNearest(ids: readonly string[]): Promise<void> {
  const images = imageFolder(`${HERE}images`);
  await using model = await loadModel(`${HERE}models/images/images.keras`);
  const set = await new FeatureExtractor(model).layers("pool")
    .predict(images, quietly);
  const rows = ids.map((id) => Array.from(set.ids).indexOf(id));
  // The nearest to each is itself.
  const found = await nearest(set, set.select(rows), { neighbors: 6 });
  const distances = [...found.distances.data];
  const figure = imageGrid(images, found.ids.flat(), {
    columns: 6,
    details: distances.map((distance, i) =>
      i % 6 === 0 ? "query" : distance.toFixed(4)
    ),
    title: "What is most alike?",
    caption:
      "Below each image its cosine distance from the first in the row. " +
      "The network has never seen a boat or a leaf.",
    width: 700,
  });
  await figure.save(`${HERE}pictures/nearest.png`);
}

/** A digit, and the feature maps of the first layer for it. */
function maps(set: FeatureSet, images: Digits, digit: number, title: string) {
  const sample = images.ys.data.indexOf(digit) + 20;
  const channels = [0, 1, 4, 5, 6]; // with the input, one row
  return featureMaps(set, { layer: "conv1", sample, channels, images, title });
}
