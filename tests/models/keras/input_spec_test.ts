// deno-lint-ignore-file camelcase -- Keras' own keys
import { assertEquals, assertThrows } from "@std/assert";
import { inputSpec } from "../../../lib/models/keras/input_spec.ts";

Deno.test("inputSpec() reads a shape, as Keras 2 and 3 write it, and leaves the batch open", () => {
  assertEquals(inputSpec("x", { batch_shape: [7, null, 3], dtype: "int64" }), {
    name: "x",
    shape: [null, null, 3],
    dtype: "int32",
  });
  assertEquals(
    inputSpec("x", { batch_input_shape: [null], dtype: "bool" }),
    { name: "x", shape: [null], dtype: "bool" },
  );
});

Deno.test("inputSpec() reads half precision and policies as float32", () => {
  const policy = { class_name: "DTypePolicy", config: { name: "float16" } };
  for (const dtype of [undefined, "bfloat16", "mixed_float16", policy]) {
    assertEquals(
      inputSpec("x", { batch_shape: [null, 1], dtype }).dtype,
      "float32",
    );
  }
});

Deno.test("inputSpec() knows inputs of strings", () => {
  const options = { batch_shape: [null, 1], dtype: "string" };
  assertEquals(inputSpec("x", options), {
    name: "x",
    shape: [null, 1],
    dtype: "string",
  });
});

Deno.test("inputSpec() refuses what is no plain array of numbers", () => {
  const refused = (options: Record<string, unknown>, rule: string) =>
    assertThrows(
      () => inputSpec("x", { batch_shape: [null, 2], ...options }),
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
  refused({ sparse: true }, '"sparse" must be false: current value is true');
  refused({ ragged: true }, '"ragged" must be false');
  refused({ dtype: "complex64" }, "its element type must be a number's");
});
