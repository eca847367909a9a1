// Custom layers that are made of others, and those with masks: files of real
// Keras, of tests/data/make_custom_objects.py.
import { assertRejects } from "@std/assert";
import { ModelFormatError } from "@sonde/sonde";
import type {
  CallContext,
  Layer,
  LayerConfig,
} from "../../lib/layers/layer.ts";
import type { Ops } from "../../lib/ops/ops.ts";
import { checkFile, open } from "../support/custom_files.ts";

/** A cell of `tanh(x · kernel − state)`. */
function subtractingCell(config: LayerConfig): Layer {
  return {
    weights: ["kernel"],
    stateSizes: [config.number("units")],
    call(ops, [x, h], { kernel }) {
      const next = ops.tanh(ops.subtract(ops.matmul(x!, kernel!), h!));
      return [next, next];
    },
  };
}

function maskedMean(): Layer {
  return {
    weights: [],
    masks: () => [undefined],
    call(ops, [x], _weights, { masks: [mask] }) {
      const kept = ops.expandDims(ops.float(mask!), 2);
      const sum = ops.sum(ops.multiply(x!, kept), { axis: 1 });
      return [ops.divide(sum, ops.sum(kept, { axis: 1 }))];
    },
  };
}

function transformer(config: LayerConfig): Layer {
  const heads = { "num_heads": 2, "key_dim": 3 };
  const att = config.build("MultiHeadAttention", heads, "att");
  const first = config.build(
    "Dense",
    { units: 5, activation: "relu" },
    "ffn/layers/dense",
  );
  const second = config.build("Dense", { units: 4 }, "ffn/layers/dense_1");
  const norm = config.build("LayerNormalization", {}, "norm");
  return {
    weights: [att, first, second, norm].flatMap(({ weights }) => weights),
    call<T>(
      ops: Ops<T>,
      [x]: readonly T[],
      weights: Readonly<Record<string, T>>,
      context: CallContext<T>,
    ) {
      const run = (layer: Layer, ...inputs: T[]) =>
        layer.call(ops, inputs, weights, context)[0]!;
      const y = run(norm, ops.add(x!, run(att, x!, x!)));
      return [ops.add(y, run(second, run(first, y)))];
    },
  };
}

/** Of `{ v, w }`, gives `{ difference, sum }`. */
function records(): Layer {
  return {
    weights: [],
    call: (ops, [v, w]) => [ops.subtract(w!, v!), ops.add(w!, v!)],
  };
}

for (const end of ["keras", "h5"]) {
  Deno.test(`customObjects: records are lists in the order of their keys, .${end}`, () =>
    checkFile(`records.${end}`, { Records: records }));
  Deno.test(`customObjects: custom cells and others are stacked, .${end}`, () =>
    checkFile(`stacked.${end}`, { "my>Cell": subtractingCell }));
  Deno.test(`customObjects: a layer receives the mask of its input, .${end}`, () =>
    checkFile(`masked_mean.${end}`, { MaskedMean: maskedMean }));
  Deno.test(`customObjects: a layer builds those of a Sequential, .${end}`, () =>
    checkFile(`transformer.${end}`, { Transformer: transformer }));
}

Deno.test("customObjects: weights that are not found are told apart from others", async () => {
  const wrong = (config: LayerConfig): Layer => {
    const layer = transformer(config);
    const weights = layer.weights.map((name) => name.replace("layers/", ""));
    return { ...layer, weights };
  };
  await assertRejects(
    () => open("transformer.keras", { customObjects: { Transformer: wrong } }),
    ModelFormatError,
    'layer "t" must have the 4 weights "ffn/dense/kernel", "ffn/dense/bias", "ffn/dense_1/kernel", "ffn/dense_1/bias" in "layers/transformer": current value is ["layers/transformer/ffn/layers/dense/vars/0 [4, 5]", ',
  );
});

Deno.test("customObjects: an argument that a layer does not read is refused with advice", async () => {
  const ignoring = (): Layer => ({
    weights: [],
    call: (ops, [x]) => [ops.mean(x!, { axis: 1 })],
  });
  await assertRejects(
    () =>
      open("masked_mean.keras", { customObjects: { MaskedMean: ignoring } }),
    ModelFormatError,
    'argument "mask" must be a known one: current value is "MaskedMean"; read it from the fourth parameter, as in call: (ops, [x], weights, { args: { mask } }) => …',
  );
});
