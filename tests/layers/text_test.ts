// deno-lint-ignore-file camelcase -- Keras' own keys
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { called, layerOf } from "./_one_call.ts";

const V = ["a", "b"];

function computed(
  className: string,
  options: Record<string, unknown>,
  data: readonly string[] | readonly number[],
  shape: readonly number[] = [data.length],
) {
  const { onHost } = layerOf(className, options);
  const { data: values, shape: sizes } = onHost!.compute({ data, shape });
  return { values: [...values], sizes };
}

Deno.test("StringLookup numbers tokens after the mask and the unknown ones", () => {
  const options = { vocabulary: V, mask_token: "", num_oov_indices: 1 };
  assertEquals(computed("StringLookup", options, ["b", "", "x", "a"]), {
    values: [3, 0, 1, 2],
    sizes: [4],
  });
  const marked = { ...options, vocabulary: ["", "[UNK]", "a", "b"] };
  assertEquals(
    computed("StringLookup", marked, ["b", "", "x", "a"]).values,
    [3, 0, 1, 2],
  );
  assertThrows(
    () =>
      computed("StringLookup", { vocabulary: V, num_oov_indices: 0 }, ["x"]),
    RangeError,
    'Cannot call layer "it" as every token must be in its vocabulary, as it has no index for unknown ones: current value is "x"',
  );
});

Deno.test("StringLookup weighs counts, unknown tokens by the mean", () => {
  const options = {
    vocabulary: V,
    output_mode: "tf_idf",
    idf_weights: [1, 3],
  };
  assertEquals(
    computed("StringLookup", options, ["a", "a", "x", "b"], [1, 4]),
    {
      values: [2, 2, 3],
      sizes: [1, 3],
    },
  );
});

Deno.test("layers on strings refuse what they do not understand, by name", () => {
  const refused = (
    className: string,
    options: Record<string, unknown>,
    text: string,
  ) => assertThrows(() => layerOf(className, options), TypeError, text);
  refused("StringLookup", { vocabulary: V, invert: true }, '"invert"');
  refused("StringLookup", {}, '"vocabulary" must be known');
  refused("StringLookup", { vocabulary: ["a", "a"] }, "hold each string once");
  refused("StringLookup", { vocabulary: V, encoding: "latin-1" }, '"encoding"');
  refused("IntegerLookup", { vocabulary: [2 ** 40] }, "range of int32");
  refused("IntegerLookup", {
    vocabulary: [1],
    num_oov_indices: 2,
    oov_method: "farmhash",
  }, '"oov_method" must be "floormod"');
  refused("TextVectorization", {
    vocabulary: V,
    split: { class_name: "function", config: "mine" },
  }, '"split" must not be a Python function');
  refused("TextVectorization", { vocabulary: V, ngrams: [0] }, '"ngrams"');
  refused("Hashing", { num_bins: 3, salt: [1, 2, 3] }, '"salt"');
});

Deno.test("TextVectorization fills rows up to the longest, or to a length", () => {
  const strings = ["a b", "", "a x b a"];
  assertEquals(computed("TextVectorization", { vocabulary: V }, strings), {
    values: [2, 3, 0, 0, 0, 0, 0, 0, 2, 1, 3, 2],
    sizes: [3, 4],
  });
  const cut = { vocabulary: V, output_sequence_length: 2 };
  assertEquals(computed("TextVectorization", cut, strings, [3, 1]).values, [
    ...[2, 3, 0, 0, 2, 1],
  ]);
  const { onHost } = layerOf("TextVectorization", { vocabulary: V });
  assertThrows(
    () => onHost!.shapeOf([null, 3]),
    TypeError,
    "it must get one string per sample, [N] or [N, 1]",
  );
});

Deno.test("a layer on the host is not called by an engine", () => {
  const layer = layerOf("Hashing", { num_bins: 3 });
  assertThrows(
    () => layer.call({} as never, [], {}, { masks: [], args: {} }),
    TypeError,
    "it must be called on an input of the model",
  );
});

Deno.test("IntegerLookup without an index for unknown integers takes one that no input holds", async () => {
  const layer = layerOf("IntegerLookup", {
    vocabulary: [1, 2, 3],
    num_oov_indices: 0,
  });
  const input = [[3], [2]];
  assertEquals(await called(layer, input, { dtype: "int32" }), [[2], [1]]);
  // 3, the first that is no index, would be found in the row before.
  await assertRejects(
    () => called(layer, [[3], [99]], { dtype: "int32" }),
    Error,
    "the index value -2147483648 is not in",
  );
});
