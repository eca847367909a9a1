// deno-lint-ignore-file camelcase -- Keras' own keys
import { assert, assertEquals, assertThrows } from "@std/assert";
import { inputCall, withInput } from "../../../lib/models/keras/input_spec.ts";
import { readTopology } from "../../../lib/models/keras/keras_topology.ts";
import type { LayerDraft } from "../../../lib/models/keras/layer_draft.ts";
import type { TensorSpec } from "../../../lib/types.ts";

/** The specification that an input layer with these options gets. */
function inputSpec(options: Record<string, unknown>): TensorSpec {
  const call = inputCall(
    { name: "x", spec: { options } } as LayerDraft,
    undefined,
  );
  assert(call.kind === "input");
  return call.spec;
}

Deno.test("inputCall() reads a shape, as Keras 2 and 3 write it, with the batch size if it is fixed", () => {
  assertEquals(inputSpec({ batch_shape: [7, null, 3], dtype: "int64" }), {
    name: "x",
    shape: [7, null, 3],
    dtype: "int32",
  });
  assertEquals(
    inputSpec({ batch_input_shape: [null], dtype: "bool" }),
    { name: "x", shape: [null], dtype: "bool" },
  );
});

Deno.test("inputCall() reads half precision and policies as float32", () => {
  const policy = { class_name: "DTypePolicy", config: { name: "float16" } };
  for (const dtype of [undefined, "bfloat16", "mixed_float16", policy]) {
    assertEquals(
      inputSpec({ batch_shape: [null, 1], dtype }).dtype,
      "float32",
    );
  }
});

Deno.test("inputCall() knows inputs of strings", () => {
  const options = { batch_shape: [null, 1], dtype: "string" };
  assertEquals(inputSpec(options), {
    name: "x",
    shape: [null, 1],
    dtype: "string",
  });
});

Deno.test("inputCall() takes sparse inputs as dense ones, and the key of TF.js", () => {
  const shape = [null, 2];
  assertEquals(inputSpec({ batch_shape: shape, sparse: true }).shape, shape);
  assertEquals(inputSpec({ batchInputShape: shape }).shape, shape);
});

Deno.test("inputCall() refuses what is no plain array of numbers", () => {
  const refused = (options: Record<string, unknown>, rule: string) =>
    assertThrows(
      () => inputSpec({ batch_shape: [null, 2], ...options }),
      TypeError,
      `Cannot read input "x" as ${rule}`,
    );
  refused({ batch_shape: undefined }, "its shape must be known");
  refused({ batch_shape: [] }, "its shape must be known");
  for (const size of [-1, 0, 2.5, "3", 1e20]) {
    refused({ batch_shape: [null, size] }, "its sizes must be positive");
  }
  for (const dtype of ["float99", "floating", "", "__proto__", "complex64"]) {
    refused({ dtype }, "its element type must be a number's");
  }
  refused({ sparse: 2 }, '"sparse" must be false: current value is 2');
  refused({ ragged: 1 }, '"ragged" must be false: current value is 1');
  refused({ dtype: "complex64" }, "its element type must be a number's");
});

Deno.test("withInput() takes the input of a nested model that a Sequential of Keras 2.2 starts with", () => {
  const inner = {
    class_name: "Model",
    config: {
      name: "inner",
      layers: [{
        class_name: "InputLayer",
        name: "x",
        config: { name: "x", batch_input_shape: [null, 3], dtype: "int32" },
        inbound_nodes: [],
      }, {
        class_name: "Flatten",
        name: "f",
        config: { name: "f" },
        inbound_nodes: [[["x", 0, 0, {}]]],
      }],
      input_layers: [["x", 0, 0]],
      output_layers: [["f", 0, 0]],
    },
  };
  const first = { class_name: "Dropout", config: { name: "d", rate: 0.5 } };
  const shaped = { ...first.config, batch_input_shape: [null, 4] };
  const chain = (...layers: unknown[]) => ({
    class_name: "Sequential",
    config: { name: "s", layers },
  });
  const optionsOf = (model: unknown) =>
    withInput(readTopology(model, 2, "m.h5"))[0]!.options;
  const expected = { batch_shape: [null, 3], dtype: "int32" };
  assertEquals(optionsOf(chain(inner, first)), expected);
  const named = { ...chain(inner), name: "t" };
  assertEquals(optionsOf(chain(named)), expected);
  assertEquals(
    optionsOf(chain({ class_name: "Dropout", config: shaped })),
    { batch_shape: [null, 4] },
  );
});
