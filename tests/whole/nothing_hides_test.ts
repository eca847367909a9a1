import { assert, assertEquals } from "@std/assert";
import { ConfigReader } from "../../lib/layers/config_reader.ts";
import type { Dialect } from "../../lib/layers/layer.ts";
import { LAYERS } from "../../lib/layers/layer_table.ts";
import { layerCases } from "../support/layer_cases.ts";

// Changes of layers that the one-layer cases detect, measured with real Keras:
// tests/data/check_nothing_hides.py.

/** The case that detects a change and its size, or the number of changes without effect. */
type Row = readonly [string, number | string] | number;

const TABLE = JSON.parse(
  await Deno.readTextFile(
    new URL("../data/nothing_hides.json", import.meta.url),
  ),
) as Record<string, Record<string, Row>>;

/**
 * Classes without a layer module of Keras: those of applications, a function by
 * its name, cells, those of old TensorFlow, which `old_layers_test.ts` compares,
 * and one of two inputs on the host, of `categories_test.ts`.
 */
const WITHOUT_TABLE: readonly string[] = [
  "LayerScale",
  "StochasticDepth",
  "Lambda",
  "SimpleRNNCell",
  "LSTMCell",
  "GRUCell",
  "StackedRNNCells",
  "LocallyConnected1D",
  "LocallyConnected2D",
  "AddLoss",
  "AddMetric",
  "CuDNNLSTM",
  "CuDNNGRU",
  "RandomFourierFeatures",
  "RandomHeight",
  "RandomWidth",
  "HashedCrossing",
];

/** Class, what no case sees, and why. */
const UNSEEN: readonly (readonly [RegExp, RegExp, string])[] = [
  [/./, /(^option |\/)(name|trainable=\w+)$/, "says how it is called, trained"],
  [
    /./,
    /(_initializer|_regularizer|_constraint|unit_forget_bias=\w+)$/,
    "how weights are drawn and trained, which the file holds",
  ],
  [
    /./,
    /(dropout|rate|noise_shape|stddev|l1|l2|seed|momentum|renorm_\w+|synchronized=\w+|power_iterations)$/,
    "for training alone",
  ],
  [/./, /(implementation|unroll=\w+)$/, "how fast, not what"],
  [
    /./,
    /(input_length|batch_input_shape|value_shape|key_shape|query_shape|num_bins)$/,
    "says again what inputs or other options say",
  ],
  [
    /./,
    /(quantization_config|time_major=True|softmax_robust_masking=True|pad_to_aspect_ratio=True|min_power|ref_power|top_db)$/,
    "refused, or read only by what is refused",
  ],
  [
    /^(String|Integer)Lookup|^TextVectorization/,
    /vocabulary_size$/,
    "says again how many tokens the vocabulary has",
  ],
  [/^StringLookup/, /oov_method=/, "strings are hashed whatever it says"],
  [
    /^IntegerLookup/,
    /oov_token=/,
    "what inverse lookups give, of `categories_test.ts`",
  ],
  [
    /^TextVectorization/,
    /pad_to_max_tokens=True$/,
    "of no effect on what is as long as the vocabulary; false is seen",
  ],
  [/^AutoContrast/, /data_format/, "one picture's values, wherever they stand"],
  [
    /^Softmax of Keras 2/,
    /robust_masking=False$/,
    "true, where it is false, is seen",
  ],
  [/^Resizing/, /fill_value$/, "of padding to the ratio, which is refused"],
  [
    /^(Random|RandAug|AugMix|CutMix|MixUp|Solarization|SpatialDropout)/,
    /^option/,
    "gives its input back at inference",
  ],
  [/^ReversibleEmbedding/, /reverse_dtype$/, "policies are read as float32"],
  [
    /^(Depthwise|Separable)?Conv\w* of Keras 2|of Keras 2$/,
    /(groups|dilation_rate)$/,
    "not read by Keras 2, or not there in TensorFlow on a CPU; seen in Keras 3",
  ],
  [
    /Attention/,
    /key\/bias$/,
    "adds the same to all scores of a query, which a softmax takes away",
  ],
  [/^Normalization/, /count$/, "for adapting"],
  [/^SpectralNormalization/, /vector_u$/, "for training alone"],
  [/^Discretization/, /epsilon$/, "for adapting"],
  [
    /^STFTSpectrogram/,
    /(window|scaling|periodic)=/,
    "in the kernels, which the file holds",
  ],
  [
    /^(Bidirectional|TimeDistributed)/,
    /zero_output_for_mask=/,
    "set by the wrapper, to return_sequences",
  ],
  [
    /^ConvLSTM\dD of Keras 3/,
    /zero_output_for_mask=/,
    "Keras 3 on JAX masks no maps; LSTM walks alike, and sees it",
  ],
  [
    /^Bidirectional of Keras 3/,
    /(dilation_rate|kernel_size|strides)$/,
    "those of a ConvLSTM, which sees them",
  ],
];

/** Arguments that stand in no case's call by name, and why. */
const ARGUMENTS: readonly (readonly [RegExp, RegExp, string])[] = [
  [
    /RNN|LSTM|GRU|Bidirectional|TimeDistributed|Attention/,
    /^argument (mask|initial_state|query_mask|value_mask|key_mask|key|value)$/,
    "as an input, or its mask, in the cases; by name in the family's tests",
  ],
  [/RNN|Bidirectional/, /constants$/, "refused: nobody reads it"],
  [/^CategoryEncoding/, /count_weights$/, "by name in the family's tests"],
  [/^GroupQueryAttention/, /attention_mask$/, "read as in MultiHeadAttention"],
  [/^(Batch|Group)Normalization of Keras 2|^Pipeline/, /mask$/, "not written"],
];

/** Masks of layers on pictures: no layer before them gives one. */
const PICTURES =
  /^(Random|RandAug|AugMix|CutMix|MixUp|Solarization|Pipeline|SpatialDropout[23]D|ConvLSTM)/;

/** All rows, with the class and Keras' version before them. */
const ROWS = Object.entries(TABLE).flatMap(([owner, rows]) =>
  Object.entries(rows).map(([what, row]) => ({ owner, what, row }))
);

function isListed(list: typeof UNSEEN, owner: string, what: string): boolean {
  return list.some(([of, row]) => of.test(owner) && row.test(what));
}

Deno.test("nothing_hides.json holds every class of ours", () => {
  const known = new Set(
    Object.keys(TABLE).map((owner) => owner.replace(/ of Keras \d$/, "")),
  );
  const factories = new Map(
    Object.entries(LAYERS).filter(([name]) => known.has(name))
      .map(([name, factory]) => [factory, name]),
  );
  const missing = Object.entries(LAYERS).filter(([name, factory]) =>
    !known.has(name) && !factories.has(factory)
  );
  assertEquals(missing.map(([name]) => name).sort(), WITHOUT_TABLE.toSorted());
});

Deno.test("a case sees each option and each weight, or it has no effect", () => {
  const hidden = ROWS.filter(({ owner, what, row }) =>
    typeof row === "number" && /^(option|weight) /.test(what) &&
    !isListed(UNSEEN, owner, what)
  );
  assertEquals(hidden, []);
});

Deno.test("a case sees each argument of a call, or it is refused", () => {
  const hidden = ROWS.filter(({ owner, what, row }) =>
    typeof row === "number" && what.startsWith("argument ") &&
    !isListed(ARGUMENTS, owner, what)
  );
  assertEquals(hidden, []);
});

Deno.test("a case has a mask wherever one counts or goes on", () => {
  const hidden = ROWS.filter(({ owner, what, row }) =>
    typeof row !== "number" && what.startsWith("mask given") &&
    TABLE[owner]![what.replace(" given", "")] === undefined &&
    !PICTURES.test(owner) &&
    !owner.startsWith("SpectralNormalization") // by hand, in wrappers_test.ts
  );
  assertEquals(hidden, []);
});

Deno.test("what a case sees moves by 20 times its tolerance", () => {
  for (const { owner, what, row } of ROWS) {
    if (typeof row === "number") continue;
    const [, by] = row;
    assert(typeof by === "string" || by >= 20, `${owner}: ${what}`);
  }
});

Deno.test("each reason why something is unseen is needed", () => {
  for (const list of [UNSEEN, ARGUMENTS]) {
    for (const [of, what, reason] of list) {
      assert(
        ROWS.some((each) =>
          typeof each.row === "number" && of.test(each.owner) &&
          what.test(each.what)
        ),
        reason,
      );
    }
  }
});

interface Config {
  readonly class: string;
  readonly dialect: Dialect;
  readonly operation?: boolean;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Which options the layers of a class read, over all its cases. */
function readOptions(): Map<string, Set<string>> {
  const folder = new URL("../data/layer_cases/", import.meta.url);
  const found = new Map<string, Set<string>>();
  for (const { name } of Deno.readDirSync(folder)) {
    const cases = layerCases(name.replace(/\.json$/, ""));
    for (const each of cases as unknown as Config[]) {
      const factory = LAYERS[each.class];
      if (each.operation || factory === undefined) continue;
      const className = each.class.replace("GroupedQuery", "GroupQuery");
      const owner = `${className} of Keras ${each.dialect}`;
      const read = found.get(owner) ?? new Set<string>();
      found.set(owner, read);
      const options = new Proxy(each.config, {
        get(target, key) {
          read.add(String(key));
          return target[key as string];
        },
      });
      factory(
        new ConfigReader({
          name: "it",
          className: each.class,
          dialect: each.dialect,
          options,
          factoryOf: (inner) => LAYERS[inner]!,
        }),
      );
    }
  }
  return found;
}

Deno.test("each option that moves a case is read, whatever its value", () => {
  const read = readOptions();
  const unread = ROWS.filter(({ owner, what, row }) => {
    const key = /^option ([^=/]+)/.exec(what)?.[1];
    if (key === undefined || typeof row === "number") return false;
    // If frozen, it lists its weights in another order, which files record.
    if (/^SpectralNormalization/.test(owner) && key === "trainable") {
      return false;
    }
    return read.has(owner) && !read.get(owner)!.has(key);
  });
  assertEquals(unread.map(({ owner, what }) => `${owner}: ${what}`), []);
});
