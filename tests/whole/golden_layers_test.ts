import { tf } from "../../lib/tf.ts";
import { assert, assertEquals } from "@std/assert";
import { inTurn, RUNS_ALL } from "../support/extent.ts";
import { goldenErrors, goldenNames } from "../support/golden_layers.ts";
import { OUR_ENGINES } from "../support/open_on.ts";

await tf.setBackend("cpu");

/** Layers that compute over a batch: other rows give other values. */
const MIXING = new Set(["melspec"]);

/** Of the largest value of the output. */
const TOLERANCE = 1e-5;

/** As it is; seven rows; one; two, the last first; all, backwards. */
const CHOICES = [
  undefined,
  (count: number) => [2, 0, 1, 1, 0, 2, 0].map((row) => row % count),
  (count: number) => [count - 1],
  (count: number) => [count - 1, 0],
  (count: number) => Array.from({ length: count }, (_, i) => count - 1 - i),
].slice(0, RUNS_ALL ? 5 : 2);

for (const [i, name] of goldenNames().entries()) {
  for (const engine of inTurn(OUR_ENGINES, i)) {
    Deno.test(`${name} is as in Keras, each row by itself (${engine})`, async () => {
      const before = tf.memory().numTensors;
      const errors = await goldenErrors(
        name,
        engine,
        MIXING.has(name) ? [undefined, CHOICES[3]] : CHOICES,
      );
      assert(
        errors.every((error) => error <= TOLERANCE),
        `differs by ${errors.map((error) => error.toExponential(1))}`,
      );
      assertEquals(tf.memory().numTensors, before);
    });
  }
}

Deno.test("the one-layer models are all here", () => {
  assertEquals(goldenNames().length, 173);
});
