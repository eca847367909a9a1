/**
 * Runs `notebooks/cluster` on clusters on this machine, and compares their results
 * with `predict`: `deno task cluster`.
 *
 * Needs Python 3.11 and Java 17, a network once, and 1.5 GB below
 * `.venv-cluster`. Names of checks may follow, as in `deno task cluster ray`.
 *
 * @module
 */
import { FeatureExtractor, loadModel } from "@sonde/sonde";
import { digits } from "../../notebooks/digits.ts";

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);
const PYTHON = `${ROOT}.venv-cluster/bin/python`;
const FOLDER = `${ROOT}out/cluster`;
const MODEL = `${ROOT}notebooks/models/keras/digits.keras`;
const ROWS = 20_000;
const PIXELS = 28 * 28;

async function run(command: string, args: readonly string[]): Promise<void> {
  const { code } = await new Deno.Command(command, {
    ...{ args: [...args], cwd: ROOT },
    // Ray would send usage statistics.
    env: { RAY_USAGE_STATS_ENABLED: "0" },
  }).spawn().status;
  if (code !== 0) Deno.exit(code);
}

/** The digits, one after the other until there are enough. */
async function pictures(): Promise<Float32Array> {
  const { xs } = await digits([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], {
    split: "train",
  });
  const data = new Float32Array(ROWS * PIXELS);
  for (let at = 0; at < data.length; at += xs.data.length) {
    data.set(xs.data.subarray(0, data.length - at), at);
  }
  return data;
}

async function writeArrays(): Promise<void> {
  const data = await pictures();
  await using model = await loadModel(MODEL);
  const extractor = new FeatureExtractor(model).layers([-2]);
  const xs = { data, shape: [ROWS, 28, 28, 1], dtype: "float32" } as const;
  const set = await extractor.predict(xs, { progress: false });
  await extractor.toOnnx(`${FOLDER}/digits.onnx`);
  const arrays = {
    images: data,
    features: set.features[0]!.data,
    logits: set.logits!.data,
  };
  for (
    const [name, { buffer, byteOffset, byteLength }] of Object.entries(arrays)
  ) {
    const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
    await Deno.writeFile(`${FOLDER}/${name}.f32`, bytes);
  }
}

const hasPython = await Deno.stat(PYTHON).then(() => true, () => false);
if (!hasPython) await run("sh", ["tests/data/make_venv.sh", "cluster"]);
await Deno.mkdir(FOLDER, { recursive: true });
await writeArrays();
await run(PYTHON, ["tests/support/cluster_checks.py", FOLDER, ...Deno.args]);
