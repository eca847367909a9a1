// deno-lint-ignore-file camelcase -- the keys are those of Keras
import { assertEquals, assertThrows } from "@std/assert";
import { ConfigReader, readLayer } from "../../lib/layers/config_reader.ts";
import type { LayerFactory } from "../../lib/layers/layer.ts";
import { LAYERS } from "../../lib/layers/layer_table.ts";
import { ShapeOps } from "../../lib/ops/shape_ops.ts";
import { layerOf } from "./_one_call.ts";

function readerOf(options: Record<string, unknown>) {
  return new ConfigReader({
    name: "it",
    className: "It",
    dialect: 3,
    options,
    factoryOf: (name) => LAYERS[name]!,
  });
}

Deno.test("ConfigReader says of each option what it must be", () => {
  const it = readerOf({ wrong: {}, list: [1, 2], units: 3 });
  assertThrows(() => it.number("wrong"), TypeError, `"wrong" must be a number`);
  assertThrows(() => it.boolean("wrong"), TypeError, "be true or false");
  assertThrows(() => it.string("wrong"), TypeError, "be a string");
  assertThrows(() => it.layer("wrong"), TypeError, "be a layer");
  assertThrows(() => it.layerList("wrong"), TypeError, "be a list of layers");
  assertThrows(() => it.ints("list", 3), TypeError, "be 3 whole numbers");
  assertThrows(() => it.number("unit"), TypeError, `be there (found "units")`);
  assertEquals(it.ints("units", 2), [3, 3]);
  assertEquals([it.has("units"), it.has("none")], [true, false]);
});

Deno.test("checkAllRead() refuses an option that nobody read", () => {
  const nobody: LayerFactory = () => ({ weights: [], call: (_o, x) => [...x] });
  const read = (options: Record<string, unknown>) =>
    readLayer({
      name: "it",
      className: "It",
      dialect: 3,
      options,
      factoryOf: () => nobody,
    });
  for (const options of [{ gain: 2 }, { sparse: true }, { ragged: true }]) {
    assertThrows(
      () => read(options),
      TypeError,
      `option "${Object.keys(options)[0]}" must be a known one`,
    );
  }
  read({ gain: null, sparse: false, kernel_initializer: "zeros", name: "it" });
});

Deno.test("readLayer() names all options that nobody read at once", () => {
  assertThrows(
    () => layerOf("Dense", { units: 1, warp: 2, use_bias: true, twist: [3] }),
    TypeError,
    'options "warp", "twist" must be known ones: current value is "{"warp":2,"twist":[3]}"',
  );
});

Deno.test("activation() reads names, functions and layers without weights", () => {
  const config = { units: 1, use_bias: false };
  const named = [
    "relu",
    { class_name: "function", config: "relu" },
    { class_name: "LeakyReLU", config: { negative_slope: 0.1 } },
    null,
  ];
  for (const activation of named) layerOf("Dense", { ...config, activation });
  for (
    const [activation, text] of [
      [
        "my_own",
        'be an activation of Keras: current value is "my_own"; pass it as customObjects: { "my_own": (ops, x) => … }',
      ],
      [{ class_name: "PReLU", config: {} }, "be a layer without weights"],
      [{ class_name: "function", config: "mine" }, "be an activation of Keras"],
    ] as const
  ) {
    assertThrows(
      () => layerOf("Dense", { ...config, activation }),
      TypeError,
      text,
    );
  }
});

Deno.test("activation() and build() refuse what cannot be meant", () => {
  const reader = new ConfigReader({
    name: "it",
    className: "It",
    dialect: 3,
    options: { activation: "mine" },
    factoryOf: (name) => LAYERS[name]!,
    customObjects: { mine: ((x: unknown) => x) as never },
  });
  assertThrows(
    () => reader.activation("activation"),
    TypeError,
    '"activation" must be a custom function of two parameters, (ops, x) => …: current value is "mine, of fewer"',
  );
  for (const key of [undefined, ""]) {
    assertThrows(
      () => reader.build("ReLU", {}, key as string),
      TypeError,
      "the key of a layer that it builds must be a string",
    );
  }
});

Deno.test("activation() refuses a layer that returns two tensors", () => {
  const two: LayerFactory = () => ({
    weights: [],
    call: (_ops, [x]) => [x!, x!],
  });
  const reader = new ConfigReader({
    name: "it",
    className: "It",
    dialect: 3,
    options: { activation: { class_name: "Two" } },
    factoryOf: () => two,
  });
  const x = { shape: [1], dtype: "float32" } as const;
  assertThrows(
    () => reader.activation("activation")(new ShapeOps(), x),
    TypeError,
    '"activation" must be a layer with one output: current value is "Two"',
  );
});

Deno.test("readLayer() refuses element types that Keras does not have, by name", () => {
  const read = (dtype: unknown) =>
    readLayer({
      name: "it",
      className: "ReLU",
      dialect: 3,
      options: { dtype },
      factoryOf: (name) => LAYERS[name]!,
    });
  const policy = (name: unknown) => ({
    module: "keras",
    class_name: "DTypePolicy",
    config: { name },
  });
  for (
    const dtype of [
      ...[undefined, null, "float32", "mixed_bfloat16", "int64", "string"],
      ...[policy("float16"), policy("mixed_float16")],
    ]
  ) read(dtype);
  for (const name of ["float99", "float8_e4m3fn", "", "__proto__", "f32"]) {
    for (const dtype of [name, policy(name)]) {
      assertThrows(
        () => read(dtype),
        TypeError,
        `Cannot read layer "it" (ReLU) as "dtype" must be an element type of Keras: current value is "${name}"`,
      );
    }
  }
});

Deno.test("readLayer() says how a custom class, or one behind an alias, gets its options", () => {
  const read = (parts: Partial<Parameters<typeof readLayer>[0]>) =>
    assertThrows(
      () =>
        readLayer({
          name: "a",
          className: "Identity",
          dialect: 3,
          options: { strength: 2 },
          factoryOf: () => () => ({ weights: [], call: (_, [x]) => [x!] }),
          ...parts,
        }),
      TypeError,
    ).message.split("; ")[1];
  assertEquals(read({}), undefined); // an operation
  assertEquals(
    read({ customObjects: {} }),
    "if the class is not of Keras, pass customObjects: { Identity: (config) => … }",
  );
  assertEquals(
    read({ customObjects: { Identity: () => undefined! } }),
    'read it by config.raw("strength")',
  );
  assertEquals(
    read({ customObjects: {}, storedClass: "my>Reverse" }),
    'pass customObjects: { "my>Reverse": (config) => … }, which reads it by config.raw("strength"), instead of the alias',
  );
});

Deno.test("a custom layer that wraps a stateful one must be stateful", () => {
  const config = { units: 2, activation: "tanh", stateful: true };
  const layer = { class_name: "SimpleRNN", config };
  const read = (state: { keepsState?: true }) => {
    const custom: LayerFactory = (config) => ({
      ...config.layer("layer"),
      keepsState: false,
      ...state,
    });
    return readLayer({
      name: "it",
      className: "Wrap",
      dialect: 3,
      options: { layer },
      customObjects: { Wrap: custom },
      factoryOf: (name) => name === "Wrap" ? custom : LAYERS[name]!,
    });
  };
  assertThrows(
    () => read({}),
    TypeError,
    'Cannot read layer "it" (Wrap) as "keepsState" must be true, as it wraps a stateful layer: current value is false; return { weights, call, keepsState: true } if it calls "it/layer" once',
  );
  assertEquals(read({ keepsState: true }).keepsState, true);
});
