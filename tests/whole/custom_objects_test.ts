/**
 * Files of the real Keras with custom objects and constant arrays:
 * `tests/data/make_custom_objects.py`.
 */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { FeatureExtractor, ModelFormatError, tf } from "@sonde/sonde";
import type { Layer, LayerConfig } from "../../lib/layers/layer.ts";
import { modelGraphOf } from "../../lib/models/graph/model_graph.ts";
import type { Ops } from "../../lib/ops/ops.ts";
import { checkFile, EXPECTED, open } from "../support/custom_files.ts";

const CONSTANTS = [
  ...["resnet50_preprocess.keras", "resnet50_preprocess.h5"],
  ...["densenet_preprocess.keras", "vgg16_preprocess.keras"],
  ...["mobilenet_v2_preprocess.keras", "plus_array.keras"],
  ...["add_layer.keras", "maximum_array.keras", "k2_shape.h5"],
];

for (const name of CONSTANTS) {
  Deno.test(`loadModel() reads the constants in ${name}`, () =>
    checkFile(name));
}

const mish = <T>(ops: Ops<T>, x: T): T =>
  ops.multiply(x, ops.tanh(ops.log1p(ops.exp(x))));

const twice = (): Layer => ({
  weights: [],
  call: (ops, [x]) => [ops.multiply(x!, ops.constant(2))],
});

function block(config: LayerConfig): Layer {
  const units = config.number("units");
  const proj = config.build("Dense", { units, activation: "tanh" }, "proj");
  const gate = config.build("Dense", { units }, "gate");
  return {
    weights: [...proj.weights, ...gate.weights],
    call(ops, inputs, weights, context) {
      const [p] = proj.call(ops, inputs, weights, context);
      const [g] = gate.call(ops, inputs, weights, context);
      return [ops.multiply(p!, ops.sigmoid(g!))];
    },
  };
}

const scaled = <T>(
  ops: Ops<T>,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): T => {
  const [x, y] = args as [T, T];
  const factor = ops.constant(kwargs.factor as number);
  return ops.add(ops.multiply(x, factor), y);
};

for (const end of ["keras", "h5"]) {
  for (const key of ["mish_like", "my>mish_like"]) {
    Deno.test(`customObjects: an activation in .${end}, by ${key}`, () =>
      checkFile(`mish.${end}`, { [key]: mish }));
  }
  for (const key of ["Twice", "my>Twice"]) {
    Deno.test(`customObjects: a layer in .${end}, by ${key}`, () =>
      checkFile(`twice.${end}`, { [key]: twice }));
  }
  Deno.test(`customObjects: an alias of a known class in .${end}`, () =>
    checkFile(`my_dense.${end}`, { MyDense: "Dense" }));
  Deno.test(`customObjects: a layer that builds known ones in .${end}`, () =>
    checkFile(`block.${end}`, { Block: block }));
}

for (const end of ["keras", "h5"]) {
  Deno.test(`customObjects: an alias beside its class in .${end} of Keras 2`, () =>
    checkFile(`k2_two_classes.${end}`, { OldDense: "Dense" }));
  Deno.test(`customObjects: a layer that builds known ones in .${end} of Keras 2`, () =>
    checkFile(`k2_block.${end}`, {
      OldBlock(config: LayerConfig): Layer {
        const units = config.number("units");
        const proj = config.build("Dense", { units }, "proj");
        const norm = config.build("LayerNormalization", {}, "norm");
        return {
          weights: [...proj.weights, ...norm.weights],
          call(ops, inputs, weights, context) {
            const inner = proj.call(ops, inputs, weights, context);
            return norm.call(ops, inner, weights, context);
          },
        };
      },
    }));
  Deno.test(`customObjects: a recurrent layer of a custom cell in .${end}`, async () => {
    await assertRejects(
      () => open(`cell.${end}`),
      ModelFormatError,
      "pass customObjects: { RNN: … }",
    );
    await checkFile(`cell.${end}`, { RNN: subtracting });
  });
}

for (const end of ["keras", "h5"]) {
  for (const key of ["Cell", "my>Cell"]) {
    Deno.test(`customObjects: a recurrent cell in .${end}, by ${key}`, () =>
      checkFile(`cell.${end}`, { [key]: cell }));
  }
}

/** `h = tanh(x K - h)`. */
function cell(config: LayerConfig): Layer {
  return {
    weights: ["kernel"],
    stateSizes: [config.number("units")],
    call(ops, [x, h], { kernel }) {
      const next = ops.tanh(ops.subtract(ops.matmul(x!, kernel!), h!));
      return [next, next];
    },
  };
}

/** The last of `h = tanh(x K - h)` along a sequence. */
function subtracting(config: LayerConfig): Layer {
  for (
    const key of [
      ...["cell", "return_sequences", "return_state", "go_backwards"],
      ...["stateful", "unroll", "zero_output_for_mask", "dtype"],
    ]
  ) config.raw(key);
  return {
    weights: ["cell/kernel"],
    call(ops, [x], weights) {
      const projected = ops.matmul(x!, weights["cell/kernel"]!);
      const zero = ops.multiply(
        ops.takeLast(
          ops.transpose(projected, [0, 2, 1]),
          0,
        ),
        ops.constant(0),
      );
      const { state } = ops.scan(
        ([h], [step]) => {
          const next = ops.tanh(ops.subtract(step!, h!));
          return { state: [next], outputs: [] };
        },
        [zero],
        [projected],
      );
      return [...state];
    },
  };
}

Deno.test("customObjects: an alias of a known activation", () =>
  checkFile("softmax_v2.keras", { "softmax_v2": "softmax" }));

Deno.test("customObjects: an operation gets arguments, and its options by name", () =>
  checkFile("scaled.keras", { Scaled: scaled }));

Deno.test("customObjects: a function of TensorFlow, under its name in the file", () =>
  checkFile("k2_betainc.h5", {
    // Of b = 1 it is x to the power of a.
    "tf.math.betainc": <T>(
      ops: Ops<T>,
      [a]: readonly unknown[],
      { x }: Readonly<Record<string, unknown>>,
    ) => ops.power(ops.constant(x as number), a as T),
  }));

Deno.test("customObjects: an alias and a custom activation keep the head", async () => {
  await using dense = await open("my_dense.keras", {
    customObjects: { MyDense: "Dense" },
  });
  const { x } = EXPECTED["my_dense.keras"]!;
  const input = {
    shape: x[0]!.shape,
    data: Float32Array.from(x[0]!.data),
    dtype: "float32" as const,
  };
  const set = await new FeatureExtractor(dense).layers([-1]).predict(input);
  assertEquals(set.logits?.shape, [2, 3]);
  await using hidden = await open("mish.keras", {
    customObjects: { "mish_like": mish },
  });
  const other = await new FeatureExtractor(hidden).layers(["d"]).predict(input);
  assertEquals(other.logits?.shape, [2, 2]);
});

Deno.test("customLayers is another name of customObjects", async () => {
  await using model = await open("twice.keras", {
    customLayers: { Twice: twice },
  });
  assertEquals(model.layers.length, 2);
  await assertRejects(
    () =>
      open("twice.keras", {
        customLayers: { Twice: twice },
        customObjects: { Twice: () => twice() },
      }),
    TypeError,
    "not in both",
  );
});

Deno.test("loadModel() says how to pass what it does not know", async () => {
  await assertRejects(
    () => open("mish.keras"),
    Error,
    'pass customObjects: { "my>mish_like": (ops, x) => … }',
  );
  await assertRejects(
    () => open("k2_betainc.h5"),
    Error,
    'pass customObjects: { "tf.math.betainc": … }',
  );
  await assertRejects(
    () => open("twice.keras"),
    Error,
    "pass customObjects: { Twice: … }",
  );
});

Deno.test("fingerprints tell models apart by the values in their calls", async () => {
  const prints = new Set<string>();
  for (const name of ["plus_1.keras", "plus_1.keras", "plus_2.keras"]) {
    await using model = modelGraphOf(await open(name))!;
    prints.add(await model.fingerprint());
  }
  assertEquals(prints.size, 2);
});

Deno.test("customObjects: what a function gives is checked where it is called", async () => {
  const wrong = (value: unknown) => (() => value) as unknown as () => Layer;
  const two = (value: unknown) => (_ops: unknown, _x: unknown) => value;
  const cases = [
    ["mish.keras", { mish_like: two(undefined) }, "it must return one tensor"],
    ["mish.keras", { mish_like: two([]) }, "it must return one tensor"],
    ["mish.keras", { mish_like: two(3) }, "current value is 3"],
    [
      "twice.keras",
      { Twice: wrong(undefined) },
      "must return { weights, call }",
    ],
    ["twice.keras", { Twice: wrong({ weights: [] }) }, "call a function"],
    [
      "twice.keras",
      { Twice: (config: LayerConfig) => config.number("absent") as never },
      'as "absent" must be there',
    ],
    [
      "twice.keras",
      { Twice: wrong({ weights: [], call: () => undefined }) },
      "must return a list of tensors: current value is undefined",
    ],
    [
      "twice.keras",
      {
        Twice: wrong({ weights: [], call: (_: unknown, [x]: [unknown]) => x }),
      },
      'must return a list of tensors: current value is "a tensor alone"',
    ],
    [
      "twice.keras",
      { Twice: wrong({ weights: [], call: () => [1] }) },
      'current value is "[1]"',
    ],
    ["twice.keras", { Twice: two(1) }, "it must return a tensor"],
    [
      "scaled.keras",
      { Scaled: (_ops: unknown, _args: unknown, _named: unknown) => null },
      "it must return a tensor, or a list of tensors: current value is null",
    ],
  ] as const;
  for (const [name, customObjects, text] of cases) {
    const error = await assertRejects(
      () => open(name, { customObjects: customObjects as never }),
      ModelFormatError,
      text,
    );
    assertEquals(/is not a function|undefined \(/.test(error.message), false);
  }
  const doubled = (x: { mul(factor: number): Layer }) => x.mul(2);
  await assertRejects(
    () => open("twice.keras", { customObjects: { Twice: doubled as never } }),
    ModelFormatError,
    'custom object "Twice" throws for its config: x.mul is not a function; it must return { weights, call }',
  );
});

Deno.test("customObjects: classes, and aliases of what is not there, are refused", async () => {
  class Twice extends tf.layers.Layer {}
  const error = await assertRejects(
    () => open("twice.keras", { customObjects: { Twice: Twice as never } }),
    TypeError,
    'custom object "Twice" must be a function over ops, not a class',
  );
  assertMatch(error.message, /fromLayersModel\(\)$/);
  await assertRejects(
    () => open("my_dense.keras", { customObjects: { MyDense: "Dence" } }),
    RangeError,
    'or the name of a known class: current value is "Dence"; nearest class is "Dense"',
  );
  await assertRejects(
    () => open("my_dense.keras", { customObjects: { MyDense: "MyDense" } }),
    RangeError,
    'current value is "MyDense"',
  );
  await assertRejects(
    () => open("twice.keras", { customObjects: { twice } }),
    ModelFormatError,
    'of its keys, "twice" is near "Twice"',
  );
});
