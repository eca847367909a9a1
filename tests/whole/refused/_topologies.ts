import { text } from "../../support/build_zip.ts";
import {
  call,
  dense,
  functional,
  input,
  type Json,
  layer,
  tensor,
} from "../../support/keras_spec.ts";
import {
  archiveWith,
  DENSE,
  DENSE_WEIGHTS,
  kerasOf,
  modelJsonOf,
  modelOf,
  on,
} from "../../support/model_files.ts";
import { both, denseWith, one, opened, X } from "./_model_cases.ts";
import type { RefusedCase, RefusedInput } from "./_input.ts";

const CORE = functional(
  "core",
  [input("c", [2]), layer("r", "ReLU", {}, on("c"))],
  ["c", 0, 0],
  ["r", 0, 0],
  on("x"),
);

/** What is wrong with the description of the model: 33 to 43. */
export const TOPOLOGIES: readonly RefusedInput[] = [
  {
    number: 33,
    what: "a call on a layer that is not there",
    refused: both(
      "lost",
      modelOf(dense("d", 2, on("lost"))),
      '"d" must be called on layers that are there',
      "call 0 of lost",
    ),
  },
  {
    number: 34,
    what: "a call or an output that is not there",
    refused: [
      ...both(
        "call 3",
        modelOf(dense("d", 2, [call([tensor("x", 3)])])),
        '"d" must be called on layers that are there',
        "call 3 of x",
      ),
      ...both(
        "output 7",
        modelOf(dense("d", 2, [call([tensor("x", 0, 7)])])),
        '"d" must use outputs that are there',
        'output 7 of "x"',
      ),
      ...both(
        "output -1",
        modelOf(dense("d", 2, [call([tensor("x", 0, -1)])])),
        "output -1 of",
      ),
      ...both(
        "an output of a nested model",
        modelOf(
          CORE,
          layer("l", "ReLU", {}, [call([tensor("core", 0, 4)])]),
        ),
        '"l" must use outputs that are there',
        'output 4 of "core"',
      ),
    ],
  },
  {
    number: 35,
    what: "a cycle, or a layer that nothing feeds",
    refused: [
      ...both(
        "a layer on itself",
        modelOf(dense("d", 2, on("d"))),
        'layer "d" must not feed itself',
      ),
      ...both(
        "two layers on each other",
        modelOf(
          layer("a", "ReLU", {}, on("b")),
          layer("b", "ReLU", {}, on("a")),
        ),
        "must not feed itself",
      ),
      ...both(
        "a model within itself",
        modelOf({ ...CORE, inbound_nodes: on("core") }),
        'layer "core" must not feed itself',
      ),
      ...both(
        "a layer that is never called",
        modelOf(layer("lonely", "ReLU", {}, []), dense("d", 2, on("x"))),
        'layer "lonely" must be called, or be an input',
      ),
      ...both(
        "a second input that the model does not list",
        modelOf(input("stray", [2]), dense("d", 2, on("x"))),
        'layer "stray" must be called, or be an input',
      ),
    ],
  },
  {
    number: 36,
    what: "two layers of one name",
    refused: both(
      "d twice",
      modelOf(dense("d", 2, on("x")), dense("d", 2, on("x"))),
      'names of layers must differ: current value is "d"',
    ),
  },
  {
    number: 37,
    what: "inputs or outputs that are missing",
    refused: [
      ...both(
        "no outputs",
        functional("m", [input("x", [2])], X, []),
        "a model must have output_layers",
      ),
      ...both(
        "no inputs",
        functional("m", [dense("d", 2, [])], [], ["d", 0, 0]),
        "a model must have input_layers",
      ),
      ...both(
        "no list of them",
        functional("m", [input("x", [2])], undefined, X),
        "inputs and outputs must be",
      ),
      ...both(
        "an output of a layer that is not there",
        functional("m", [input("x", [2])], X, ["y", 0, 0]),
        '"the model" must be called on layers that are there',
        "call 0 of y",
      ),
      ...both(
        "an input that is not there",
        functional("m", [input("x", [2])], [X, ["y", 0, 0]], X),
        '"the model" must be called on layers that are there',
        "call 0 of y",
      ),
      ...both(
        "a model without layers",
        { class_name: "Sequential", config: { name: "s", layers: [] } },
        "a model must have layers",
      ),
    ],
  },
  {
    number: 38,
    what: "sizes that are no sizes, or too large",
    refused: [
      ...["3", 2.5, -3, 0, 1e15].flatMap((units) =>
        both(
          `${JSON.stringify(units)} units`,
          denseWith({ units }),
          'layer "d" (Dense)',
          `${JSON.stringify(units)}`,
        )
      ),
      ...[[0, 3], [2.5, 1], [-1, 1], ["3", 1]].flatMap((size) =>
        both(
          `a kernel of ${JSON.stringify(size)}`,
          functional(
            "m",
            [
              input("x", [8, 8, 1]),
              layer("l", "MaxPooling2D", { pool_size: size }, on("x")),
            ],
            X,
            ["l", 0, 0],
          ),
          'layer "l"',
          JSON.stringify(size).replaceAll(",", ", "),
        )
      ),
      ...both(
        "a kernel of 1e10",
        functional(
          "m",
          [
            input("x", [8, 8, 1]),
            layer("l", "MaxPooling2D", { pool_size: 1e10 }, on("x")),
          ],
          X,
          ["l", 0, 0],
        ),
        'layer "l" (MaxPooling2D)',
        "at least 10000000000: current value is 8",
      ),
      ...[1e12, 0, -1, 1.5].flatMap((n) =>
        both(
          `${n} repetitions`,
          one("RepeatVector", { n }),
          'layer "l"',
          String(n),
        )
      ),
      ...both(
        "an upsampling by 1e9",
        functional(
          "m",
          [
            input("x", [8, 8, 1]),
            layer("l", "UpSampling2D", { size: [1e9, 1e9] }, on("x")),
          ],
          X,
          ["l", 0, 0],
        ),
        'layer "l" (UpSampling2D)',
        "values for one sample",
      ),
      ...[-3, 2.5, 1e20, "2", 0].flatMap((size) =>
        both(
          `an input of ${JSON.stringify(size)}`,
          functional("m", [input("x", [size as number])], X, X),
          'input "x"',
          "[null, ",
        )
      ),
    ],
  },
  {
    number: 39,
    what: "inputs of sizes or kinds that a layer cannot take",
    refused: [
      ...both(
        "a size that is not known where a layer needs it",
        functional(
          "m",
          [
            input("x", [null]),
            layer("l", "Activation", { activation: "sparsemax" }, on("x")),
          ],
          X,
          ["l", 0, 0],
        ),
        'layer "l" (Activation)',
        "the last axis must be known",
      ),
      ...["sparse", "ragged"].flatMap((kind) => {
        const x = input("x", [2]);
        const config = { ...x.config as Json, [kind]: true };
        return both(
          `a ${kind} input`,
          functional("m", [{ ...x, config }], X, X),
          `input "x"`,
          `"${kind}" must be false`,
        );
      }),
      ...["string", "complex64"].flatMap((dtype) => {
        const x = input("x", [2]);
        return both(
          `a ${dtype} input`,
          functional(
            "m",
            [{ ...x, config: { ...x.config as Json, dtype } }],
            X,
            X,
          ),
          `"${dtype}"`,
        );
      }),
    ],
  },
  {
    number: 40,
    what: "a policy of numbers that are stored otherwise",
    refused: [
      "int8_from_float32",
      "int4_from_float32",
      "float8_from_float32",
    ].flatMap((name) =>
      both(
        name,
        denseWith({
          dtype: {
            module: "keras",
            class_name: "QuantizedDTypePolicy",
            config: { name },
          },
        }),
        'layer "d"',
        '"dtype" must be a policy without quantisation',
        `"name":"${name}"`,
      )
    ),
    opened: ["mixed_float16", "bfloat16", "mixed_bfloat16"].map((name) =>
      opened(`${name}, read as float32`, () =>
        kerasOf(
          denseWith({ dtype: { class_name: "DTypePolicy", config: { name } } }),
          DENSE_WEIGHTS,
        ))
    ),
  },
  {
    number: 41,
    what: "a vocabulary that is a file",
    refused: ["/etc/passwd", "http://127.0.0.1:1/words"].flatMap((vocabulary) =>
      ["StringLookup", "IntegerLookup", "TextVectorization"].map((
        className,
      ): RefusedCase => ({
        what: `${className} of ${vocabulary}`,
        file: () => kerasOf(one(className, { vocabulary })),
        says: [`"l" (${className} of keras.layers)`],
      }))
    ),
  },
  {
    number: 42,
    what: "a subclassed model",
    refused: both(
      "Mine",
      { class_name: "Mine", config: { units: 3 }, registered_name: "lab>Mine" },
      'subclassed models cannot be read: current value is "Mine"',
    ),
  },
  {
    number: 43,
    what: "keys that objects inherit",
    refused: ["__proto__", "constructor", "prototype"].flatMap((key) => {
      const put = (json: string) =>
        text(json.replace('"units":', `"${key}":{"units":1},"units":`));
      const says = [`no key must be "${key}"`, "line 1, column "];
      return [
        {
          what: key,
          file: () =>
            archiveWith(kerasOf(DENSE, DENSE_WEIGHTS), {
              "config.json": { data: put(JSON.stringify(DENSE)) },
            }),
          says: ["config.json", ...says],
        },
        {
          what: `${key}, in model.json`,
          name: "model.json",
          file: () => {
            const files = modelJsonOf(DENSE);
            const json = new TextDecoder().decode(files["model.json"]);
            return { ...files, "model.json": put(json) };
          },
          says,
        },
      ];
    }),
  },
];
