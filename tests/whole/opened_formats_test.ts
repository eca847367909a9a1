/**
 * Every format that `loadModel` opens, from every kind of source, and the part of
 * a file that is read for it.
 *
 * @module
 */
import { tf } from "../../lib/tf.ts";
import { assert, assertEquals } from "@std/assert";
import { sampled } from "../support/extent.ts";
import {
  type ByteSource,
  bytesSource,
  fileSource,
} from "../../lib/formats/byte_source.ts";
import { Hdf5File } from "../../lib/formats/hdf5.ts";
import { ZipArchive } from "../../lib/formats/zip.ts";
import { modelFileOf } from "../../lib/models/files/open_model_file.ts";
import { openKerasFile } from "../../lib/models/keras/keras_file.ts";
import { modelOfKerasFile } from "../../lib/models/keras/keras_file.ts";
import { loadModel } from "../../lib/extractor/load_model.ts";
import { modelGraphOf } from "../../lib/models/graph/model_graph.ts";
import { buildZip, text } from "../support/build_zip.ts";
import {
  assertAsKeras,
  kerasRecord,
  modelPath,
} from "../support/keras_models.ts";
import { archiveWith, type Bytes, npzOf } from "../support/model_files.ts";
import { openOn } from "../support/open_on.ts";

await tf.setBackend("cpu");

/** A model gives what Keras gave. */
async function isAsKeras(
  name: string,
  source: string | URL | Uint8Array | Blob,
): Promise<void> {
  await using model = await loadModel(source);
  await using session = await openOn(modelGraphOf(model)!, "cpu");
  const { inputs, outputs } = kerasRecord(name);
  const found = await session.run(inputs);
  outputs.forEach((output, i) => assertAsKeras(found[i]!, output, name));
}

/** Files of a folder, served as they are. */
function served(folder: string) {
  return Deno.serve({ port: 0, onListen() {} }, async (request) => {
    const path = decodeURIComponent(new URL(request.url).pathname);
    return new Response(await Deno.readFile(`${folder}${path}`));
  });
}

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const before = tf.memory().numTensors;
  try {
    await run(folder);
    assertEquals(tf.memory().numTensors, before);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const read = (file: string): Bytes => Deno.readFileSync(modelPath(file));

/** An archive whose weights are `.npz`, packed or not. */
async function withNpz(file: string, isDeflated: boolean): Promise<Bytes> {
  const whole = read(file);
  const archive = new ZipArchive(bytesSource(whole, file));
  const weights = await Hdf5File.open(await archive.part("model.weights.h5"));
  const npz = npzOf(Object.fromEntries(
    [...weights.datasets].filter(([path]) => !path.startsWith("optimizer"))
      .map(([path, { read }]) => {
        const { data, shape } = read();
        return [path, [shape, [...data].map(Number)]];
      }),
  ));
  weights.close();
  return archiveWith(whole, {
    "model.weights.h5": undefined,
    "model.weights.npz": { data: npz, isDeflated },
  });
}

/** What the Python converter makes of an `.h5`: description and names as they stand. */
async function converted(file: string, folder: string): Promise<string> {
  const h5 = await Hdf5File.open(bytesSource(read(file), file));
  const [config] = h5.strings("", "model_config")!;
  const [version] = h5.strings("", "keras_version")!;
  const weights: { name: string; shape: readonly number[]; dtype: string }[] =
    [];
  const parts: Uint8Array[] = [];
  for (const layer of h5.strings("model_weights", "layer_names")!) {
    const group = `model_weights/${layer}`;
    for (const name of h5.strings(group, "weight_names")!) {
      const { shape, dtype, read } = h5.datasets.get(`${group}/${name}`)!;
      weights.push({ name: name.replace(/:0$/, ""), shape, dtype });
      parts.push(new Uint8Array(read().data.buffer as ArrayBuffer));
    }
  }
  h5.close();
  const blob = new Blob(parts as Bytes[]);
  await Deno.writeFile(`${folder}/w.bin`, await blob.bytes());
  const json = {
    format: "layers-model",
    generatedBy: `keras v${version}`,
    convertedBy: "TensorFlow.js Converter v4.22.0",
    modelTopology: {
      keras_version: version,
      backend: "tensorflow",
      model_config: JSON.parse(config!),
    },
    weightsManifest: [{ paths: ["w.bin"], weights }],
  };
  await Deno.writeTextFile(`${folder}/model.json`, JSON.stringify(json));
  return `${folder}/model.json`;
}

for (const name of sampled(["k3_mlp", "k3_conv", "k2_mlp", "k2_conv"], 2)) {
  for (const ending of ["keras", "h5"]) {
    Deno.test(`loadModel() opens ${name}.${ending} from a path, URLs, bytes and a Blob`, () =>
      inFolder(async (folder) => {
        const bytes = read(`${name}.${ending}`);
        // The name does not reveal the format.
        const path = `${folder}/a model.bin`;
        await Deno.writeFile(path, bytes);
        const server = served(folder);
        const base = `http://127.0.0.1:${server.addr.port}`;
        for (
          const source of [
            path,
            new URL(`file://${folder}/a%20model.bin`),
            `${base}/a%20model.bin`,
            new URL(`${base}/a%20model.bin`),
            bytes,
            new Blob([bytes]),
          ]
        ) await isAsKeras(name, source);
        await server.shutdown();
      }));
  }

  Deno.test(`loadModel() opens ${name}.keras unpacked, packed tighter, and with weights as .npz`, () =>
    inFolder(async (folder) => {
      const whole = read(`${name}.keras`);
      const archive = new ZipArchive(bytesSource(whole, name));
      const members = [...archive.members.keys()];
      for (const member of members) {
        await Deno.writeFile(`${folder}/${member}`, archive.bytes(member));
      }
      await isAsKeras(name, folder);
      await isAsKeras(name, new URL(`file://${folder}/`));
      const packed = members.map((name) => ({
        name,
        data: archive.bytes(name),
        isDeflated: true,
      }));
      await isAsKeras(name, buildZip(packed));
      for (const isDeflated of [false, true]) {
        await isAsKeras(name, await withNpz(`${name}.keras`, isDeflated));
      }
    }));

  Deno.test(`loadModel() opens ${name} as the Python converter writes it, from a path and a server`, () =>
    inFolder(async (folder) => {
      const path = await converted(`${name}.h5`, folder);
      const server = served(folder);
      await isAsKeras(name, path);
      await isAsKeras(name, `http://127.0.0.1:${server.addr.port}/model.json`);
      await server.shutdown();
    }));
}

/** A source that writes down what is read of it. */
function watched(source: ByteSource): ByteSource & { reads: number[] } {
  const reads: number[] = [];
  return {
    ...source,
    reads,
    read(position, into) {
      reads.push(into.length);
      source.read(position, into);
    },
  };
}

const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);

Deno.test("a stored .keras is read once to be verified, a piece at a time, and then where its weights lie", () =>
  inFolder(async (folder) => {
    const asset = new Uint8Array(24 * 2 ** 20).fill(1);
    const whole = archiveWith(read("k3_mlp.keras"), {
      "assets/large": { data: asset },
      "assets/text": { data: text("x") },
    });
    await Deno.writeFile(`${folder}/m`, whole);
    const source = watched(fileSource(`${folder}/m`));
    const file = modelFileOf(source);
    assert(file.kind === "keras");
    const model = await modelOfKerasFile(await openKerasFile(file));
    const opening = sum(source.reads);
    assert(opening >= whole.length, "not all of it was verified");
    assert(opening < whole.length + 2 ** 18, `${opening} of ${whole.length}`);
    assert(Math.max(...source.reads) <= 2 ** 20, "too much at once");
    source.reads.length = 0;
    const { kernel, bias } = await model.getWeights("dense");
    assertEquals(source.reads, [
      kernel!.data.byteLength,
      bias!.data.byteLength,
    ]);
    await model.close();
  }));
