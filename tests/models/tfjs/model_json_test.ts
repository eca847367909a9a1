// deno-lint-ignore-file camelcase -- the names are those of the file format
import { assertEquals, assertThrows } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import {
  isGraph,
  parseModelJson,
} from "../../../lib/models/tfjs/model_json.ts";

function parsed(text: string | Uint8Array<ArrayBuffer>) {
  const bytes = typeof text === "string"
    ? new TextEncoder().encode(text)
    : text;
  return parseModelJson(bytes, "here/model.json");
}

const LAYER = { class_name: "Dense", config: { name: "d" } };
const MODEL = {
  modelTopology: { class_name: "Sequential", config: { layers: [LAYER] } },
  weightsManifest: [],
};

Deno.test("parseModelJson() gives what a model.json holds", () => {
  const json = parsed(
    JSON.stringify({ ...MODEL, userDefinedMetadata: { a: 1 } }),
  );
  assertEquals({ ...json }, { ...MODEL, userDefinedMetadata: { a: 1 } });
});

Deno.test("isGraph() tells operations from layers", () => {
  assertEquals(isGraph({ node: [] }), true);
  assertEquals(isGraph(MODEL.modelTopology), false);
});

const REFUSED: readonly [string, string, string][] = [
  [
    "text that is no JSON",
    "<html>",
    `line 1, column 1, there must be a value`,
  ],
  ["an empty file", "", `current value is "the end"`],
  ["null", "null", `JSON object: current value is null`],
  [
    "a key that objects inherit",
    `{"__proto__": 1}`,
    `no key must be "__proto__"`,
  ],
  ["a key twice", `{"a": 1, "a": 2}`, `key "a" must be unique`],
  [
    "a pointer to a file elsewhere",
    "version https://git-lfs.github.com/spec/v1\n",
    `current value is "version https://git-`,
  ],
  ["an empty object", "{}", "current keys are none"],
  [
    "a topology that is text",
    `{"modelTopology":"x","weightsManifest":[]}`,
    "current keys are modelTopology, weightsManifest",
  ],
  [
    "a graph whose tables must be filled",
    JSON.stringify({
      modelTopology: { node: [] },
      weightsManifest: [],
      modelInitializer: { node: [] },
    }),
    `must run without "modelInitializer"`,
  ],
];

for (const [fault, text, says] of REFUSED) {
  Deno.test(`parseModelJson() refuses ${fault}`, () => {
    const error = assertThrows(() => parsed(text), ModelFormatError, says);
    assertEquals(error.source, "here/model.json");
  });
}

Deno.test("parseModelJson() refuses bytes that are no text", () => {
  assertThrows(
    () => parsed(Uint8Array.of(0x80, 4)),
    ModelFormatError,
    "must be UTF-8",
  );
});
