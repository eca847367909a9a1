/**
 * `deno task export:check [python]`: writes Keras models of the tests as ONNX,
 * in many settings, checks the files with Python's `onnx.checker`, and runs them
 * with its ONNX Runtime. The results must equal those of `predict` on TF.js; on
 * the native engine for the one model in which a row's factor is e⁷⁷, which
 * enlarges rounding errors of a sum to thousandths.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command that prints its result
import {
  FeatureExtractor,
  flatten,
  gramStatistics,
  half,
  loadModel,
  normalize,
  pool,
  type RunOptions,
} from "@sonde/sonde";
import type { NdArray } from "../../lib/types.ts";
import { goldenCase, goldenNames } from "./golden_layers.ts";
import { KERAS_MODELS, kerasRecord, modelPath } from "./keras_models.ts";

const PYTHON = Deno.args[0] ?? ".venv-keras/bin/python";
const QUIET: RunOptions = { progress: false };
const LAYERS = new URL("../data/keras_layers/", import.meta.url);

type Host = NdArray<ArrayBufferView>;
type Settings = (extractor: FeatureExtractor) => FeatureExtractor;

/** Embeddings and the like do not say where their channels stand. */
const LAST = { channels: "last" } as const;

/** Settings of whole models; those of a head are for models that have one. */
const PLAIN: Record<string, Settings> = {
  plain: (x) => x,
  pooled: (x) => x.postprocess(pool("mean", LAST)),
  largest: (x) => x.postprocess(pool("max", LAST), normalize()),
  flat: (x) => x.postprocess(flatten(), half()),
  gram: (x) => x.postprocess(gramStatistics({ orders: [1, 3] })),
};
const OF_A_HEAD: Record<string, Settings> = {
  penultimate: (x) => x.penultimate(),
  react: (x) => x.penultimate().react(0.2),
  vra: (x) => x.vra(0.05, 0.4),
  "ash-s": (x) => x.ash(0.6, { variant: "s" }),
  "ash-p": (x) => x.ash(0.6, { variant: "p", interpolation: "linear" }),
  "ash-b": (x) => x.ash(0.6, { variant: "b" }),
  scale: (x) => x.scale(0.6),
  "scale-linear": (x) => x.scale(0.6, { interpolation: "linear" }),
};

const EXPONENTIAL = /^k2_text_sequential (ash-s|scale)$/;

const refused: string[] = [];
const folder = await Deno.makeTempDir();
try {
  let numCases = 0;
  for (const name of modelNames()) numCases += await writeModel(name);
  for (const name of goldenNames()) {
    numCases += await unlessRefused(name, () => writeLayer(name));
  }
  console.log(`${numCases} files written, ${refused.length} refused:`);
  for (const why of refused) console.log(`refused ${why}`);
  const script = new URL("../data/check_export.py", import.meta.url).pathname;
  const { code } = await new Deno.Command(PYTHON, {
    args: [decodeURIComponent(script), folder],
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  Deno.exitCode = code;
} finally {
  await Deno.remove(folder, { recursive: true });
}

function modelNames(): string[] {
  return [...Deno.readDirSync(KERAS_MODELS)].map(({ name }) => name)
    .filter((name) => name.endsWith(".keras"))
    .map((name) => name.replace(/\.keras$/, "")).sort();
}

/** All listed layers of a whole model, in each of the settings. */
async function writeModel(name: string): Promise<number> {
  const { inputs } = kerasRecord(name);
  await using model = await loadModel(modelPath(`${name}.keras`));
  const { inputNames = [] } = kerasRecord(name);
  const layers = Object.keys(kerasRecord(name).layers);
  const extractor = new FeatureExtractor(model)
    .layers(layers.length === 0 ? [-1] : layers);
  const { head } = await extractor.plan();
  const all = head === undefined ? PLAIN : { ...PLAIN, ...OF_A_HEAD };
  let count = 0;
  for (const [key, settings] of Object.entries(all)) {
    const feeds = model.inputs.map(({ name }, i) => {
      const position = inputNames.indexOf(name);
      return inputs[position < 0 ? i : position]!;
    });
    const what = `${name} ${key}`;
    count += await unlessRefused(
      what,
      () => writeCase(what, settings(extractor), feeds),
    );
  }
  return count;
}

/** What cannot be opened or asked for says why. */
async function unlessRefused(
  name: string,
  write: () => Promise<void>,
): Promise<number> {
  try {
    await write();
    return 1;
  } catch (error) {
    refused.push(`${name}: ${(error as Error).message}`);
    return 0;
  }
}

async function writeLayer(name: string): Promise<void> {
  const path = new URL(`${name}.keras`, LAYERS);
  await using model = await loadModel(path);
  const extractor = new FeatureExtractor(model).layers([-1]);
  await writeCase(`layer ${name}`, extractor, goldenCase(name).inputs);
}

/** One file, what goes into it, and what must come out. */
async function writeCase(
  name: string,
  extractor: FeatureExtractor,
  inputs: readonly Host[],
): Promise<void> {
  const bytes = await extractor.toOnnx();
  const engine = EXPONENTIAL.test(name) ? "onnx" : "tfjs";
  const names = extractor.model.inputs.map(({ name }) => name);
  const record = Object.fromEntries(names.map((n, i) => [n, inputs[i]!]));
  const set = await extractor.engine(engine).predict(record as never, QUIET);
  const { features, logits, penultimate } = set;
  const outputs = [...features, logits, penultimate].filter((x) =>
    x !== undefined
  );
  const file = `${folder}/${name.replaceAll(/[^\w-]/g, "_")}`;
  await Deno.writeFile(`${file}.onnx`, bytes);
  await Deno.writeTextFile(
    `${file}.json`,
    JSON.stringify({
      name,
      source: set.source,
      inputs: inputs.map(packed),
      outputs: (outputs as Host[]).map(packed),
    }),
  );
}

function packed({ data, shape, dtype }: Host) {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { shape, dtype, base64: bytes.toBase64() };
}
