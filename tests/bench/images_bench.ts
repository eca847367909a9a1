/**
 * Reading a folder of photographs, without a model: `imageFolder` against Keras'
 * `image_dataset_from_directory`.
 *
 *     deno run -A tests/bench/images_bench.ts [--quick]
 *
 * Needs the Python of `sh tests/data/make_venv.sh keras`, or another by the
 * variable `KERAS_PYTHON`. The photographs are 512 JPEG files of 500 × 375 made
 * by seed, resized to 224 × 224 in batches of 64. Keras decodes with a quicker
 * and less exact transform, so the numbers are not compared here; they are in
 * `tests/formats/image_test.ts`.
 *
 * @module
 */
import { type DataSource, imageFolder } from "@sonde/sonde";
import { timePairs } from "./measure.ts";
import { PeerProcess } from "./peers/peer_process.ts";
import { report, TIMING } from "./report.ts";

const COUNT = 512;
const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);
const PYTHON = Deno.env.get("KERAS_PYTHON") ?? `${ROOT}.venv-keras/bin/python`;
const INPUT = {
  name: "x",
  shape: [null, 224, 224, 3],
  dtype: "float32",
} as const;

const folder = await Deno.makeTempDir();
try {
  const script = `${ROOT}tests/bench/peers/images_keras.py`;
  const command = [PYTHON, script, folder, String(COUNT)] as const;
  await using keras = new PeerProcess("Keras", command);
  const { images, versions } = await keras.ask({}); // the files are there then
  if (images !== COUNT) {
    throw new Error(`Cannot read ${images} of ${COUNT} images`);
  }
  const photos = imageFolder(folder);
  const ours = () => pass(photos);
  report({
    benchmark: "images",
    case: `${COUNT} JPEG against image_dataset_from_directory`,
    pairs: await timePairs(ours, () => keras.ask({}), TIMING),
    unit: "ms",
    versions: `libjpeg-turbo 3.1.3, sharp 0.35.5, ${versions}`,
    bound: { most: 2 },
  });
  report({
    benchmark: "images",
    case: `${COUNT} JPEG, imageFolder against itself`,
    pairs: await timePairs(ours, ours, TIMING),
    unit: "ms",
    versions: "libjpeg-turbo 3.1.3, sharp 0.35.5",
  });
} finally {
  await Deno.remove(folder, { recursive: true });
}

async function pass(source: DataSource): Promise<void> {
  let rows = 0;
  const wanted = { size: 64, start: 0, inputs: [INPUT] };
  for await (const batch of source.batches(wanted)) {
    rows += (batch as { ids: readonly string[] }).ids.length;
  }
  if (rows !== COUNT) throw new Error(`Cannot read ${rows} of ${COUNT} images`);
}
