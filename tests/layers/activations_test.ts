import { assert, assertEquals, assertThrows } from "@std/assert";
import { activationNamed } from "../../lib/layers/activations.ts";
import { ShapeOps } from "../../lib/ops/shape_ops.ts";
import { called, layerOf } from "./_one_call.ts";

// Numbers of real Keras: activation_layers_test.ts.

Deno.test("activationNamed() knows the names of TF.js and of aliases", () => {
  for (const name of ["hardSigmoid", "softMax", "logSoftmax", "gelu_new"]) {
    const found = activationNamed(
      name === "softMax" ? "softmax" : name,
      "tfjs",
    );
    assertEquals(typeof found, "function", name);
  }
  assertEquals(activationNamed("swish", 2), activationNamed("silu", 2));
  assertEquals(
    activationNamed("hard_swish", 3),
    activationNamed("hard_silu", 3),
  );
});

Deno.test("activationNamed() gives nothing for names it does not know", () => {
  for (const name of ["myOwn", "constructor", "toString", ""]) {
    assertEquals(activationNamed(name, 3), undefined, name);
  }
});

Deno.test("relu() keeps NaN", async () => {
  const layer = layerOf("Activation", { activation: "relu" });
  assertEquals(await called(layer, [[NaN, -1, 2]]), [[NaN, 0, 2]]);
});

Deno.test("tanhShrink() keeps its digits near 0", async () => {
  const layer = layerOf("Activation", { activation: "tanh_shrink" });
  const input = [0, 1e-4, -0.01, 0.1, -0.49, 0.51, 3, NaN];
  const [found] = await called(layer, [input]) as number[][];
  for (const [i, x] of input.entries()) {
    // Math.tanh() is off by 1e-16, which the difference shows below 0.001.
    const wanted = Math.abs(x) < 0.001 ? x ** 3 / 3 : x - Math.tanh(x);
    const isClose = Math.abs(found![i]! - wanted) <= 2e-6 * Math.abs(wanted);
    assert(isClose || Number.isNaN(wanted) && Number.isNaN(found![i]), `${x}`);
  }
});

Deno.test("glu() and sparsemax() refuse a last axis that they cannot take", () => {
  const ops = new ShapeOps();
  for (
    const [name, size, text] of [
      ["glu", 3, "its axis must have an even size"],
      ["glu", null, "its axis must have an even size"],
      ["sparsemax", null, "the last axis must be known"],
    ] as const
  ) {
    const x = { shape: [null, size], dtype: "float32" as const };
    assertThrows(() => activationNamed(name, 3)!(ops, x), TypeError, text);
  }
});
