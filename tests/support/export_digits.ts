/**
 * Writes the features of two digits models that
 * `tests/data/make_detector_cases.py` scores:
 *
 *     deno run -A tests/support/export_digits.ts
 *
 * `digits_ten` is the network of `notebooks/models/keras`, for ten digits; its
 * unknown images are the held-out ones, transposed. `digits_five` is
 * the network of `notebooks/models/digits`, for 0 to 4; its unknown images are 5
 * to 9. Each file of `tests/data/detector_features` contains the penultimate,
 * logits and labels of a fit set, of known and of unknown images, and the head.
 *
 * @module
 */
import { FeatureExtractor, type FeatureSet, loadModel } from "@sonde/sonde";
import type { NdArray } from "@sonde/sonde";
import { type Digits, digits } from "../../notebooks/digits.ts";

const TARGET = new URL("../data/detector_features/", import.meta.url);
const MODELS = new URL("../../notebooks/models/", import.meta.url);
const TEN = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/** Every picture on its side: rows become columns. */
function transposed({ xs, ys }: Digits): Digits {
  const data = xs.data.map((_, i) => {
    const [image, row, column] = [
      Math.floor(i / 784),
      Math.floor(i / 28) % 28,
      i % 28,
    ];
    return xs.data[image * 784 + column * 28 + row]!;
  }); // [N, 28, 28, 1]
  return { xs: { ...xs, data }, ys };
}

function encoded({ data, shape }: NdArray<Float32Array | Int32Array>) {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const dtype = data instanceof Int32Array ? "int32" : "float32";
  return { shape, dtype, data: bytes.toBase64() };
}

/** Exports what one model makes of three sets of pictures. */
async function exportModel(
  name: string,
  path: string,
  sets: Readonly<Record<string, Digits>>,
): Promise<void> {
  await using model = await loadModel(new URL(path, MODELS));
  const extractor = new FeatureExtractor(model).penultimate();
  const arrays: Record<string, ReturnType<typeof encoded>> = {};
  for (const [part, { xs, ys }] of Object.entries(sets)) {
    const set: FeatureSet = await extractor.predict([xs, ys]);
    arrays[`${part}.z`] = encoded(set.penultimate!);
    arrays[`${part}.logits`] = encoded(set.logits!);
    arrays[`${part}.labels`] = encoded(set.labels!);
    arrays["kernel"] ??= encoded(set.head!.kernel);
    arrays["bias"] ??= encoded(set.head!.bias);
  }
  await Deno.mkdir(TARGET, { recursive: true });
  await Deno.writeTextFile(
    new URL(`${name}.json`, TARGET),
    JSON.stringify(arrays, null, 1) + "\n",
  );
}

if (import.meta.main) {
  const heldOut = await digits(TEN, { split: "held-out", most: 5 });
  await exportModel("digits_ten", "keras/digits.keras", {
    fit: await digits(TEN, { split: "train", most: 25 }),
    known: heldOut,
    unknown: transposed(heldOut),
  });
  await exportModel("digits_five", "digits/model.json", {
    fit: await digits([0, 1, 2, 3, 4], { split: "train", most: 40 }),
    known: await digits([0, 1, 2, 3, 4], { split: "held-out", most: 10 }),
    unknown: await digits([5, 6, 7, 8, 9], { split: "held-out", most: 10 }),
  });
}
