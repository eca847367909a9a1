import { text } from "../../support/build_zip.ts";
import type { Json } from "../../support/keras_spec.ts";
import {
  type Bytes,
  DENSE,
  DENSE_WEIGHTS,
  type Files,
  kerasOf,
  LISTED,
  type ListedWeight,
  modelJsonOf,
  type Weights,
} from "../../support/model_files.ts";
import type { RefusedCase, RefusedInput } from "./_input.ts";

function keras(what: string, weights: Weights, ...says: string[]): RefusedCase {
  return { what, file: () => kerasOf(DENSE, weights), says };
}

/** A `model.json` whose list of weights is another. */
function listed(
  what: string,
  weights: readonly ListedWeight[],
  bytes: number,
  ...says: string[]
): RefusedCase {
  return {
    what: `${what}, in model.json`,
    name: "model.json",
    file: () => modelJsonOf(DENSE, weights, ["weights.bin"], bytes),
    says,
  };
}

/** A `model.json` that looks for its weights elsewhere. */
function elsewhere(path: unknown): RefusedCase {
  return {
    what: `weights in ${JSON.stringify(path)}`,
    name: "model.json",
    file: () => modelJsonOf(DENSE, LISTED, [path]),
    says: [
      "its weight files must lie in its own folder: current path is " +
      JSON.stringify(path),
    ],
  };
}

function quantised(quantization: Json): ListedWeight[] {
  return [{ ...LISTED[0]!, quantization }, LISTED[1]!];
}

const KERNEL = "layers/dense/vars/0";
const BIAS = "layers/dense/vars/1";
const [kernel, bias] = LISTED as [ListedWeight, ListedWeight];

/** The weights of a `model.json` with one value that is another. */
function withValue(value: number): Files {
  const files = modelJsonOf(DENSE);
  new Float32Array((files["weights.bin"] as Bytes).buffer)[1] = value;
  return files;
}

/** What is wrong with the weights: 44 to 47. */
export const WEIGHTS: readonly RefusedInput[] = [
  {
    number: 44,
    what: "weights of another number or shape than the layer's",
    refused: [
      keras(
        "one too few",
        { [KERNEL]: [2, 2] },
        'layer "d" must have the 2 weights "kernel", "bias"',
        `["${KERNEL} [2, 2]"]`,
      ),
      keras(
        "one too many",
        { ...DENSE_WEIGHTS, "layers/dense/vars/2": [2] },
        'layer "d" must have the 2 weights "kernel", "bias"',
        "layers/dense/vars/2 [2]",
      ),
      keras(
        "another shape",
        { ...DENSE_WEIGHTS, [KERNEL]: [3, 2] },
        'layer "d" (Dense)',
        'the shape of its "kernel" must be [2, 2]: current value is [3, 2]',
      ),
      keras(
        "another rank",
        { ...DENSE_WEIGHTS, [BIAS]: [2, 1] },
        'the shape of its "bias" must be [2]: current value is [2, 1]',
      ),
      listed(
        "one too few",
        [kernel],
        16,
        'layer "d" must have the 2 weights "kernel", "bias"',
        "d/kernel [2, 2]",
      ),
      listed(
        "another shape",
        [{ ...kernel, shape: [4, 1] }, bias],
        24,
        'the shape of its "kernel" must be [2, 2]: current value is [4, 1]',
      ),
    ],
  },
  {
    number: 45,
    what: "weights that are left over or missing",
    refused: [
      keras(
        "of a layer that is not there",
        { ...DENSE_WEIGHTS, "layers/dense_1/vars/0": [2] },
        'every stored weight must belong to a layer: current value is ["layers/dense_1/vars/0"]',
      ),
      keras(
        "of the model itself",
        { ...DENSE_WEIGHTS, "vars/0": [2] },
        'every stored weight must belong to a layer: current value is ["vars/0"]',
      ),
      keras("none", {}, 'layer "d" must have the 2 weights'),
      listed(
        "of a layer that is not there",
        [kernel, bias, { ...bias, name: "e/bias" }],
        32,
        "e/bias",
        "must name one of its layers",
      ),
    ],
  },
  {
    number: 46,
    what: "weights that are NaN or infinite",
    refused: [
      ...[NaN, Infinity, -Infinity].map((value): RefusedCase => ({
        what: String(value),
        atRun: true,
        file: () =>
          kerasOf(DENSE, {
            ...DENSE_WEIGHTS,
            [KERNEL]: [[2, 2], [1, value, 1, 1]],
          }),
        says: [
          'weight "kernel" of layer "d" must be finite',
          "1 of 4 NaN or infinite",
          "allowNonFinite: true",
        ],
      })),
      {
        what: "NaN, in model.json",
        name: "model.json",
        atRun: true,
        file: () => withValue(NaN),
        says: ['weight "kernel" of layer "d" must be finite', "1 of 4 NaN"],
      },
    ],
    opened: [{
      what: "allowNonFinite: true",
      name: "model.json",
      file: () => withValue(NaN),
      options: { allowNonFinite: true },
    }],
  },
  {
    number: 47,
    what:
      "a model.json whose weights are elsewhere, or differ from its manifest",
    refused: [
      ...["/etc/hostname", "../weights.bin", "a/../../weights.bin", "a\\b", ""]
        .map(elsewhere),
      ...["http://127.0.0.1:1/w", "file:///etc/hostname", "data:,x"]
        .map(elsewhere),
      ...["%2e%2e/weights.bin", "a%2fb", "a\0b", 3].map(elsewhere),
      listed("too few bytes", LISTED, 20, "must hold 24 bytes", "size is 20"),
      listed("too many bytes", LISTED, 28, "must hold 24 bytes", "size is 28"),
      listed(
        "quantised without a scale",
        quantised({ dtype: "uint8", min: 0 }),
        12,
        'weight "d/kernel", quantised to uint8, must have a scale and a minimum',
        "undefined and 0",
      ),
      listed(
        "quantised without a minimum",
        quantised({ dtype: "uint16", scale: 1 }),
        16,
        "must have a scale and a minimum",
        "1 and undefined",
      ),
      listed(
        "an unknown dtype",
        [{ ...kernel, dtype: "float8" }, bias],
        24,
        'weight "d/kernel" must have a shape and a dtype of float32',
        '"float8"',
      ),
      listed(
        "a shape that is none",
        [{ ...kernel, shape: [-2, 2] }, bias],
        24,
        "[-2,2]",
      ),
      listed(
        "a shape beyond all numbers",
        [{ ...kernel, shape: [2 ** 40, 2 ** 40] }, bias],
        24,
        "must hold",
      ),
      {
        what: "a group of weights without paths",
        name: "model.json",
        file: () => {
          const files = modelJsonOf(DENSE);
          const json = new TextDecoder().decode(files["model.json"]);
          return {
            ...files,
            "model.json": text(json.replace('"paths"', '"patsh"')),
          };
        },
        says: ['each group of "weightsManifest" must have "paths"'],
      },
    ],
  },
];
