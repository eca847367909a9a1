import { assertEquals } from "@std/assert";
import { TF_ELEMENTWISE } from "../../lib/layers/tf_elementwise.ts";
import { TF_OPERATIONS } from "../../lib/layers/tf_operations.ts";

Deno.test("TF_ELEMENTWISE names functions as Keras 2 writes them", () => {
  for (const [name, factory] of Object.entries(TF_ELEMENTWISE)) {
    assertEquals(/^tf\.[\w.]+$/.test(name), true, name);
    assertEquals(TF_OPERATIONS[name], factory, name);
  }
});
