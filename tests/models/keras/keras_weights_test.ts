import { assertEquals, assertStrictEquals } from "@std/assert";
import type { LayerSpec } from "../../../lib/models/keras/keras_topology.ts";
import {
  type BoundWeights,
  type StoredVocabulary,
  vocabularyOptions,
} from "../../../lib/models/keras/keras_weights.ts";

const spec = (className: string, options: LayerSpec["options"]) =>
  ({ name: "l", className, options }) as LayerSpec;
const bound = (stored: StoredVocabulary | undefined) =>
  ({ vocabulary: () => stored }) as unknown as BoundWeights;

Deno.test("vocabularyOptions() adds what lies beside the config", () => {
  const strings = spec("StringLookup", { vocabulary: null });
  assertEquals(vocabularyOptions(strings, bound({ lines: ["a", "1"] })), {
    vocabulary: ["a", "1"],
  });
  const numbers = spec("IntegerLookup", { vocabulary: null });
  assertEquals(
    vocabularyOptions(numbers, bound({ lines: ["-1", "7"], weights: [1, 2] })),
    { vocabulary: [-1, 7], "idf_weights": [1, 2] },
  );
});

Deno.test("vocabularyOptions() leaves what the config says, and other layers", () => {
  const passed = spec("StringLookup", { vocabulary: ["x"] });
  assertEquals(vocabularyOptions(passed, bound({ lines: ["a"] })), {
    vocabulary: ["x"],
  });
  assertStrictEquals(
    vocabularyOptions(passed, bound(undefined)),
    passed.options,
  );
  const dense = spec("Dense", {});
  assertStrictEquals(
    vocabularyOptions(dense, bound({ lines: ["a"] })),
    dense.options,
  );
});
