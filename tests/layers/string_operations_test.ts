// Whole models: `tests/data/make_moved_strings.py`.
import { assertEquals, assertThrows } from "@std/assert";
import { readLayer } from "../../lib/layers/config_reader.ts";
import { STRING_OPERATIONS } from "../../lib/layers/string_operations.ts";
import { ShapeOps } from "../../lib/ops/shape_ops.ts";

function layerOf(name: string, kwargs: Record<string, unknown> = {}) {
  return readLayer({
    name: "it",
    className: "TFOpLambda",
    dialect: 2,
    options: { function: `strings.${name}`, args: [{ input: 0 }], kwargs },
    factoryOf: () => STRING_OPERATIONS[`tf.strings.${name}`]!,
  });
}

Deno.test("STRING_OPERATIONS change ASCII letters, or all in UTF-8", () => {
  const change = (name: string, text: string, kwargs = {}) =>
    layerOf(name, kwargs).onEachString!(text);
  const all = { encoding: "utf-8" };
  assertEquals(change("lower", "ÄbC"), "Äbc");
  assertEquals(change("lower", "ÄbC", all), "äbc");
  assertEquals(change("upper", "äbC"), "äBC");
  assertEquals(change("upper", "äbC", all), "ÄBC");
  // Unicode's spaces stay, as in TensorFlow.
  assertEquals(change("strip", "\t a b\u00a0\r\n"), "a b\u00a0");
});

Deno.test("STRING_OPERATIONS refuse unknown arguments, and numbers", () => {
  assertThrows(
    () => layerOf("lower", { encoding: "latin-1" }),
    TypeError,
    '"encoding" must be "" or "utf-8": current value is "latin-1"',
  );
  assertThrows(
    () => layerOf("strip", { fast: true }),
    TypeError,
    '"fast" must be a known one',
  );
  const x = { shape: [null], dtype: "int32" } as const;
  assertThrows(
    () =>
      layerOf("strip").call(new ShapeOps(), [x], {}, { masks: [], args: {} }),
    TypeError,
    "it must be called on strings",
  );
});
