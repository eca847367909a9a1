/**
 * Bad inputs: values of layers that are invalid or not supported.
 *
 * @module
 */
import { text } from "../../support/build_zip.ts";
import {
  dense,
  functional,
  input,
  type Json,
  layer,
} from "../../support/keras_spec.ts";
import {
  archiveWith,
  DENSE,
  DENSE_WEIGHTS,
  kerasOf,
  modelJsonOf,
  on,
} from "../../support/model_files.ts";
import { both, denseWith, one, opened, X } from "./_model_cases.ts";
import type { RefusedCase, RefusedInput } from "./_input.ts";

/** Bad inputs 38 to 43. */
export const LAYER_VALUES: readonly RefusedInput[] = [
  {
    number: 38,
    what: "invalid sizes, or too large ones",
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
        "at least 10000000000 positions: current value is 8",
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
    what: "inputs of sizes or types that a layer does not accept",
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
      ...both(
        "a ragged input that is no boolean",
        functional(
          "m",
          [{
            ...input("x", [2]),
            config: { ...input("x", [2]).config as Json, ragged: 1 },
          }],
          X,
          X,
        ),
        `input "x"`,
        `"ragged" must be false`,
      ),
      ...["string", "complex64"].flatMap((dtype) => {
        const x = input("x", [2]);
        return both(
          `a ${dtype} input`,
          functional(
            "m",
            [
              { ...x, config: { ...x.config as Json, dtype } },
              dense("d", 2, on("x")),
            ],
            X,
            ["d", 0, 0],
          ),
          dtype,
        );
      }),
    ],
  },
  {
    number: 40,
    what: "a dtype policy of quantised weights",
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
        says: ['layer "l"', '"vocabulary" must be known', vocabulary],
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
