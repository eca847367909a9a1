import { assert, assertEquals } from "@std/assert";
import { openKeras } from "../../support/open_keras.ts";
import { ModelFormatError } from "../../../lib/errors.ts";
import { bytesSource, fileSource } from "../../../lib/formats/byte_source.ts";
import { ZipArchive } from "../../../lib/formats/zip.ts";
import type {
  WeightLayer,
  WeightModel,
} from "../../../lib/models/keras/keras_weights.ts";
import { seededRandom } from "../../../lib/math/seeded_random.ts";
import { RUNS_ALL } from "../../support/extent.ts";
import { buildZip, type BuiltMember, text } from "../../support/build_zip.ts";

const FOLDER = new URL("../../data/keras_models/", import.meta.url);

/** Bits that are flipped in each file. */
const NUM_FLIPS = RUNS_ALL ? 250 : 80;

/** The weights of the layers of the small models, in Keras' order. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  Dense: ["kernel", "bias"],
  Conv2D: ["kernel", "bias"],
  SeparableConv2D: ["depthwise_kernel", "pointwise_kernel", "bias"],
  DepthwiseConv2D: ["kernel", "bias"],
  Conv2DTranspose: ["kernel", "bias"],
  PReLU: ["alpha"],
  GroupNormalization: ["gamma", "beta"],
  LayerNormalization: ["gamma", "beta"],
  BatchNormalization: ["gamma", "beta", "moving_mean", "moving_variance"],
  MultiHeadAttention: ["query", "key", "value", "output"]
    .flatMap((part) => [`${part}_dense/kernel`, `${part}_dense/bias`]),
};

interface Config {
  readonly "class_name": string;
  readonly config: {
    readonly name?: string;
    readonly layers: readonly {
      readonly "class_name": string;
      readonly module?: string;
      readonly name?: string;
      readonly config: { readonly name: string };
    }[];
  };
}

function modelOf(config: unknown): WeightModel {
  const { class_name: className, config: { layers } } = config as Config;
  return {
    isSequential: className === "Sequential",
    layers: layers.map((layer): WeightLayer => ({
      name: layer.name ?? layer.config.name,
      className: layer.class_name,
      module: layer.module,
      model: undefined,
    })),
  };
}

/** Every weight of a file of one level, by layer and name. */
async function weightsOf(
  source: string | URL | Uint8Array | Blob,
): Promise<Record<string, [readonly number[], number[]]>> {
  const file = await openKeras(source);
  try {
    const model = modelOf(file.config);
    const bound = file.bindWeights(model);
    const weights: Record<string, [readonly number[], number[]]> = {};
    for (const layer of model.layers) {
      for (
        const { name, shape, read } of bound.take(
          layer,
          NAMES[layer.className] ?? [],
        )
      ) {
        weights[`${layer.name}/${name}`] = [shape, [...(await read()).data]];
      }
    }
    bound.finish();
    return weights;
  } finally {
    file.close();
  }
}

function bytesOf(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(name, FOLDER));
}

for (const name of ["k2_mlp", "k2_conv", "k3_mlp", "k3_conv"]) {
  Deno.test(`openKerasFile() gives one and the same weights of ${name}.keras and ${name}.h5`, async () => {
    const keras = await weightsOf(new URL(`${name}.keras`, FOLDER));
    const h5 = await weightsOf(new URL(`${name}.h5`, FOLDER));
    assertEquals(keras, h5);
    assert(Object.keys(keras).length >= 8);
  });
}

Deno.test("openKerasFile() gives weights that compute what Keras computed", async () => {
  const weights = await weightsOf(new URL("k3_mlp.keras", FOLDER));
  // The model is dense, relu, batch norm, (dropout), dense, softmax.
  const file = await openKeras(new URL("k3_mlp.keras", FOLDER));
  const { layers } = (file.config as Config).config;
  const activation = layers.map(({ config }) =>
    (config as { activation?: string }).activation
  );
  file.close();
  assertEquals(activation.filter(Boolean), ["relu", "softmax"]);
  const cases = JSON.parse(new TextDecoder().decode(bytesOf("k3_mlp.json")));
  const [input, output] = [cases.in[0], cases.out[0]];
  const get = (name: string) => weights[name]![1];
  for (let row = 0; row < 5; row++) {
    const x: number[] = input.data.slice(4 * row, 4 * row + 4);
    const hidden = dense(x, get("my_custom/kernel"), get("my_custom/bias"))
      .map((value) => Math.max(0, value))
      .map((value, i) =>
        (value - get("batch_normalization/moving_mean")[i]!) /
          Math.sqrt(get("batch_normalization/moving_variance")[i]! + 1e-3) *
          get("batch_normalization/gamma")[i]! +
        get("batch_normalization/beta")[i]!
      );
    const exps = dense(hidden, get("dense/kernel"), get("dense/bias"))
      .map(Math.exp);
    const sum = exps.reduce((a, b) => a + b);
    exps.forEach((value, i) => {
      assert(Math.abs(value / sum - output.data[3 * row + i]) < 1e-6);
    });
  }
});

function dense(x: number[], kernel: number[], bias: number[]): number[] {
  return bias.map((offset, j) =>
    x.reduce(
      (sum, value, i) => sum + value * kernel[i * bias.length + j]!,
      offset,
    )
  );
}

for (const name of ["k2_mlp", "k3_mlp"]) {
  Deno.test(`openKerasFile() reads ${name}.keras zipped again by hand`, async () => {
    const bytes = bytesOf(`${name}.keras`);
    const archive = new ZipArchive(bytesSource(bytes, "x"));
    const expected = await weightsOf(bytes);
    const members = [...archive.members.keys()]
      .map((name): BuiltMember => ({ name, data: archive.bytes(name) }));
    const inFolder = [
      ...members.map((member) => ({ ...member, name: `my/${member.name}` })),
      { name: "__MACOSX/my/._config.json", data: text("x") },
    ];
    const bare = members.filter(({ name }) => name !== "metadata.json");
    for (const packed of [inFolder, bare]) {
      assertEquals(await weightsOf(buildZip(packed)), expected);
    }
  });
}

Deno.test("openKerasFile() reads bytes, blobs and unpacked folders alike", async () => {
  const bytes = bytesOf("k3_mlp.keras");
  const expected = await weightsOf(bytes);
  assertEquals(await weightsOf(new Blob([bytes])), expected);
  const folder = Deno.makeTempDirSync();
  const archive = new ZipArchive(bytesSource(bytes, "x"));
  for (const name of archive.members.keys()) {
    Deno.writeFileSync(`${folder}/${name}`, archive.bytes(name));
  }
  assertEquals(await weightsOf(folder), expected);
  assertEquals(await weightsOf(new URL(`file://${folder}/`)), expected);
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("openKerasFile() says what it opened", async () => {
  const two = await openKeras(new URL("k2_mlp.h5", FOLDER));
  const three = await openKeras(bytesOf("k3_mlp.keras"));
  assertEquals(
    [two.format, two.kerasVersion, two.major],
    ["keras-h5", "2.21.0", 2],
  );
  assertEquals(
    [three.format, three.kerasVersion, three.major, three.source],
    ["keras", "3.15.1", 3, "bytes"],
  );
  two.close();
  three.close();
  three.close();
});

Deno.test("openKerasFile() opens every one-layer model, and leaves no file open", async () => {
  const layers = new URL("../../data/keras_layers/", import.meta.url);
  const files = [...Deno.readDirSync(layers)]
    .filter(({ name }) => name.endsWith(".keras"));
  for (const { name } of files) {
    const file = await openKeras(new URL(name, layers));
    file.bindWeights(modelOf(file.config));
    file.close();
  }
  assertEquals(files.length, 173);
});

/** The members of a good archive, with some left out or put in their place. */
function archiveWith(
  change: Readonly<Record<string, Partial<BuiltMember> | undefined>>,
): Uint8Array<ArrayBuffer> {
  const archive = new ZipArchive(bytesSource(bytesOf("k3_mlp.keras"), "x"));
  const members = new Map<string, BuiltMember>();
  for (const name of archive.members.keys()) {
    members.set(name, { name, data: archive.bytes(name) });
  }
  for (const [name, member] of Object.entries(change)) {
    if (member === undefined) members.delete(name);
    else members.set(name, { ...members.get(name), name, ...member });
  }
  return buildZip([...members.values()]);
}

Deno.test("openKerasFile() reads a packed archive, and weights as .npz", async () => {
  const expected = await weightsOf(bytesOf("k3_mlp.keras"));
  const packed = archiveWith({ "model.weights.h5": { isDeflated: true } });
  assertEquals(await weightsOf(packed), expected);
  const npz = buildZip(
    Object.entries({
      "layers/dense/vars/0": "my_custom/kernel",
      "layers/dense/vars/1": "my_custom/bias",
      "layers/dense_1/vars/0": "dense/kernel",
      "layers/dense_1/vars/1": "dense/bias",
      "layers/batch_normalization/vars/0": "batch_normalization/gamma",
      "layers/batch_normalization/vars/1": "batch_normalization/beta",
      "layers/batch_normalization/vars/2": "batch_normalization/moving_mean",
      "layers/batch_normalization/vars/3":
        "batch_normalization/moving_variance",
    }).map(([path, name]) => ({
      name: `${path}.npy`,
      data: npyOf(...expected[name]!),
    })),
  );
  const changed = archiveWith({
    "model.weights.h5": undefined,
    "model.weights.npz": { data: npz },
  });
  assertEquals(await weightsOf(changed), expected);
});

function npyOf(shape: readonly number[], values: number[]): Uint8Array {
  const header = text(
    `{'descr': '<f4', 'fortran_order': False, 'shape': (${
      shape.map((size) => `${size},`).join(" ")
    }), }\n`,
  );
  const data = new Uint8Array(Float32Array.from(values).buffer);
  return Uint8Array.from([
    0x93,
    ...text("NUMPY"),
    1,
    0,
    header.length,
    0,
    ...header,
    ...data,
  ]);
}

Deno.test("openKerasFile() gives an error or the same weights of a .keras with a flipped bit", async () => {
  const random = seededRandom(5);
  for (const name of ["k3_mlp.keras", "k2_mlp.keras"]) {
    const bytes = bytesOf(name);
    const expected = await weightsOf(bytes);
    let numRefused = 0;
    for (let i = 0; i < NUM_FLIPS; i++) {
      const at = Math.floor(random() * bytes.length);
      const mask = 1 << Math.floor(random() * 8);
      bytes[at]! ^= mask;
      try {
        assertEquals(await weightsOf(bytes), expected);
      } catch (error) {
        if (!(error instanceof ModelFormatError)) throw error;
        numRefused++;
      }
      bytes[at]! ^= mask;
    }
    assert(numRefused > 0.8 * NUM_FLIPS);
  }
});

Deno.test("openKerasFile() gives an error or one changed value of an .h5 with a flipped bit", async () => {
  const random = seededRandom(6);
  for (const name of ["k3_mlp.h5", "k2_mlp.h5"]) {
    const bytes = bytesOf(name);
    const expected = Object.values(await weightsOf(bytes));
    for (let i = 0; i < NUM_FLIPS; i++) {
      const at = Math.floor(random() * bytes.length);
      const mask = 1 << Math.floor(random() * 8);
      bytes[at]! ^= mask;
      const found = await weightsOf(bytes).catch((error) => {
        if (error instanceof ModelFormatError) return undefined;
        throw error;
      });
      bytes[at]! ^= mask;
      if (found === undefined) continue;
      const arrays = Object.values(found);
      const numChanged = arrays.reduce((sum, [shape, values], j) => {
        assertEquals(shape, expected[j]![0]);
        return sum +
          values.filter((value, k) => !Object.is(value, expected[j]![1][k]))
            .length;
      }, 0);
      assert(numChanged <= 1, `byte ${at} changed ${numChanged} values`);
    }
  }
});

Deno.test("fileSource() of a fixture is what its bytes are", () => {
  const source = fileSource(new URL("k3_mlp.keras", FOLDER));
  assertEquals(source.size, bytesOf("k3_mlp.keras").length);
  source.close();
});
