import { assertEquals, assertThrows } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import { bytesSource } from "../../../lib/formats/byte_source.ts";
import type {
  WeightLayer,
  WeightModel,
} from "../../../lib/models/keras/keras_weights.ts";
import { manifestWeights } from "../../../lib/models/tfjs/manifest_weights.ts";
import type { ManifestWeight } from "../../../lib/models/tfjs/weight_files.ts";

function layer(name: string, inner?: WeightModel): WeightLayer {
  return { name, className: "Dense", module: undefined, model: inner };
}

function model(...layers: WeightLayer[]): WeightModel {
  return { isSequential: false, layers };
}

/** One number under a name. */
function weight(
  name: string,
  data: ArrayBufferView<ArrayBuffer>,
  more: object = {},
): ManifestWeight {
  const { buffer, byteOffset, byteLength } = data;
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  const shape = [(data as Float32Array).length];
  return {
    spec: { name, shape, dtype: "float32", ...more },
    bytes: bytesSource(bytes, name),
  };
}

const of = (...numbers: number[]) => Float32Array.from(numbers);

async function selected(
  weights: readonly ManifestWeight[],
  spec: WeightModel,
  target: WeightLayer,
  names: readonly string[],
): Promise<number[][]> {
  const bound = manifestWeights(weights, "m", "model.json")(spec);
  const sources = bound.take(target, names);
  const read = await Promise.all(sources.map((source) => source.read()));
  return read.map(({ data }) => [...data as Float32Array]);
}

Deno.test("manifestWeights() finds layers by name, behind models, and with slashes in it", async () => {
  const deep = layer("dense");
  const top = layer("a/b");
  const spec = model(top, layer("inner", model(deep)), layer("dense_1"));
  const weights = [
    weight("dense/kernel", of(1)),
    weight("dense/bias", of(2)),
    weight("m/a/b/kernel", of(3)),
    weight("dense_1/kernel", of(4)),
  ];
  assertEquals(await selected(weights, spec, deep, ["kernel", "bias"]), [[1], [
    2,
  ]]);
  assertEquals(await selected(weights, spec, top, ["kernel"]), [[3]]);
});

Deno.test("manifestWeights() gives cells the weights that TF.js names without them", async () => {
  const lstm = layer("lstm");
  const weights = ["kernel", "recurrent_kernel", "bias"].map((name, i) =>
    weight(`lstm/${name}`, of(i))
  );
  const names = ["cell/kernel", "cell/recurrent_kernel", "cell/bias"];
  assertEquals(await selected(weights, model(lstm), lstm, names), [[0], [1], [
    2,
  ]]);
});

Deno.test("manifestWeights() decodes what is stored in fewer bits", async () => {
  const d = layer("d");
  const scaled = (dtype: string) => ({
    quantization: { dtype, scale: 0.5, min: -1 },
  });
  const stored: readonly [ManifestWeight, number[]][] = [
    [weight("d/w", Uint8Array.of(0, 255), scaled("uint8")), [-1, 126.5]],
    [weight("d/w", Uint16Array.of(0, 65535), scaled("uint16")), [-1, 32766.5]],
    [
      weight("d/w", Uint8Array.of(1, 4), {
        dtype: "int32",
        ...scaled("uint8"),
      }),
      [Math.round(-0.5), 1],
    ],
    [
      weight("d/w", Float16Array.of(0.5, -2), {
        quantization: { dtype: "float16" },
      }),
      [0.5, -2],
    ],
    [weight("d/w", Int32Array.of(-7, 9), { dtype: "int32" }), [-7, 9]],
    [weight("d/w", Uint8Array.of(0, 1), { dtype: "bool" }), [0, 1]],
  ];
  for (const [one, expected] of stored) {
    assertEquals(await selected([one], model(d), d, ["w"]), [expected]);
  }
});

Deno.test("manifestWeights() takes weights without a layer's name by their position, as Keras 2 names those of a Normalization", async () => {
  const [n, d] = [layer("n"), layer("d")];
  const weights = [weight("mean", of(1)), weight("d/kernel", of(2))];
  assertEquals(await selected(weights, model(n, d), n, ["mean"]), [[1]]);
  assertEquals(await selected(weights, model(n, d), d, ["kernel"]), [[2]]);
});

Deno.test("manifestWeights() refuses names of no layer, of two, and complex numbers", () => {
  const twins = model(
    layer("p", model(layer("d"))),
    layer("q", model(layer("d"))),
  );
  const refused = (one: ManifestWeight, spec: WeightModel, says: string) =>
    assertThrows(
      () => manifestWeights([one], "m", "model.json")(spec),
      ModelFormatError,
      says,
    );
  refused(
    weight("nobody/kernel", of(1)),
    model(layer("d")),
    'weight "nobody/kernel" of model "m" must name one of its layers',
  );
  refused(weight("d/kernel", of(1)), twins, "m/p/d");
  refused(
    weight("d/kernel", of(1), { dtype: "complex64" }),
    model(layer("d")),
    'weight "d/kernel" must be of real numbers: current dtype is "complex64"',
  );
});

Deno.test("manifestWeights() refuses weights that its layers do not have", () => {
  const d = layer("d");
  const weights = [weight("d/kernel", of(1)), weight("d/bias", of(1))];
  const bound = manifestWeights(weights, "m", "model.json")(model(d));
  assertThrows(() => bound.take(d, ["kernel"]), ModelFormatError, "d/bias");
  assertThrows(() => bound.finish(), ModelFormatError, "d/kernel");
});
