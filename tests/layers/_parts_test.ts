import { assertEquals } from "@std/assert";
import { namesInPart, weightsOfPart } from "../../lib/layers/_parts.ts";

Deno.test("namesInPart() puts the part before each weight, in order", () => {
  assertEquals(
    namesInPart("forward_layer", ["cell/kernel", "bias"]),
    ["forward_layer/cell/kernel", "forward_layer/bias"],
  );
  assertEquals(namesInPart("cell", []), []);
});

Deno.test("weightsOfPart() leaves out the whole's own and other parts", () => {
  const weights = {
    kernel: 0,
    "cell/kernel": 1,
    "cells/kernel": 2,
    "cell/cell/bias": 3,
    "other/cell/kernel": 4,
  };
  assertEquals(weightsOfPart(weights, "cell"), { kernel: 1, "cell/bias": 3 });
  assertEquals(weightsOfPart(weights, "kernel"), {});
});

Deno.test("weightsOfPart() gives back what namesInPart() named", () => {
  const names = namesInPart("layer", ["a", "layer/b"]);
  const weights = Object.fromEntries(names.map((name, i) => [name, i]));
  assertEquals(weightsOfPart(weights, "layer"), { a: 0, "layer/b": 1 });
});
