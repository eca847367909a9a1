/**
 * Draws the picture of the README, `pictures/digits.png`: what the first layer
 * of the digits network makes of a picture, and how its largest logits tell
 * digits that it knows from digits that it has never seen.
 *
 *     deno run -A notebooks/draw_picture.ts
 *
 * @module
 */
import {
  FeatureExtractor,
  type FeatureSet,
  loadModel,
  type NdArray,
} from "@sonde/sonde";
import { svgPng } from "../lib/display/figure_png.ts";
import { figureSvg } from "../lib/display/figure_svg.ts";
import type { Picture } from "../lib/display/svg_frame.ts";
import type { FigureSpec } from "../lib/display/view.ts";
import { type Digits, digits, known, unknown } from "./digits.ts";

const CENTRE = 24; // what a filter of 5 × 5 sees the middle of, out of 28
const NUM_FILTERS = 7; // of 8: with the picture, a row of the grid
const ZOOM = 2;
const HERE = decodeURIComponent(new URL("./", import.meta.url).pathname);

await using model = await loadModel(`${HERE}models/digits/model.json`);
const training = await digits([0, 1, 2, 3, 4], { split: "train" });
const extractor = await new FeatureExtractor(model).layers("conv1")
  .fitReact(training, { progress: false });
const [heldOut, strangers] = [await known(), await unknown()];
const seen = await extractor.predict(heldOut, { progress: false });
const unseen = await extractor.predict(strangers, { progress: false });
const grid: FigureSpec = {
  kind: "maps",
  title: "Two digits, and what filters of the first layer make of them",
  maps: [...row(heldOut, seen, 3), ...row(strangers, unseen, 7)],
};
const pictures = await Promise.all(
  [grid, histogram(seen, unseen)].map(figureSvg),
);
const { png } = await svgPng(stacked(pictures), ZOOM);
await Deno.mkdir(`${HERE}pictures`, { recursive: true });
await Deno.writeFile(`${HERE}pictures/digits.png`, png);

/** The picture of a digit, and what filters make of it. */
function row({ xs, ys }: Digits, set: FeatureSet, digit: number) {
  const sample = ys.data.indexOf(digit) + 20;
  const maps = set.layer("conv1") as NdArray; // [N, 24, 24, 8]
  const filters = Array.from(
    { length: NUM_FILTERS },
    (_, channel) => mapOf(maps, sample, channel, `filter ${channel}`),
  );
  return [mapOf(xs, sample, 0, `a ${digit}`), ...filters];
}

/** The middle of one channel of a sample of `[N, H, W, D]`. */
function mapOf(
  { data, shape }: NdArray,
  sample: number,
  channel: number,
  caption: string,
) {
  const [, height = 0, width = 0, depth = 0] = shape;
  const margin = (height - CENTRE) / 2;
  const z = new Float32Array(CENTRE * CENTRE); // [24, 24]
  for (let y = 0; y < CENTRE; y++) {
    for (let x = 0; x < CENTRE; x++) {
      const place = (sample * height + y + margin) * width + x + margin;
      z[y * CENTRE + x] = data[place * depth + channel]!;
    }
  }
  return { caption, z, height: CENTRE, width: CENTRE };
}

/** The largest logit of each sample. */
function histogram(seen: FeatureSet, unseen: FeatureSet): FigureSpec {
  return {
    kind: "histogram",
    title: "Is this like what the model was trained on?",
    xLabel: "largest logit after ReAct",
    series: [
      { name: "digits 0 to 4, known to the model", values: largest(seen) },
      { name: "digits 5 to 9, never seen by it", values: largest(unseen) },
    ],
  };
}

function largest({ logits }: FeatureSet): number[] {
  const [numSamples = 0, numClasses = 0] = logits?.shape ?? [];
  return Array.from({ length: numSamples }, (_, row) => {
    const from = row * numClasses;
    return Math.max(...logits!.data.subarray(from, from + numClasses));
  });
}

/** Pictures from top to bottom. */
function stacked(pictures: readonly Picture[]): Picture {
  const width = Math.max(...pictures.map((picture) => picture.width));
  let height = 0;
  const parts = pictures.map((picture) => {
    const part = picture.svg.replace("<svg", `<svg y="${height}"`);
    height += picture.height;
    return part;
  });
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${
      parts.join("")
    }</svg>`;
  return { svg, width, height };
}
