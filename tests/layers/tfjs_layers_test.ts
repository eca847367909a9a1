import { assertEquals } from "@std/assert";
import { LAYERS } from "../../lib/layers/layer_table.ts";
import { TFJS_LAYERS } from "../../lib/layers/tfjs_layers.ts";
import { tf } from "../../lib/tf.ts";

Deno.test("TFJS_LAYERS has every layer whose class TF.js can make", () => {
  const makers = new Set(
    Object.keys(tf.layers).map((name) => name.toLowerCase()),
  );
  const made = Object.keys(LAYERS).filter((name) =>
    makers.has(name.toLowerCase())
  );
  assertEquals(made.length > 50, true);
  assertEquals(made.filter((name) => !Object.hasOwn(TFJS_LAYERS, name)), []);
});
