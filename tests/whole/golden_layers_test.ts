import { tf } from "../../lib/tf.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { inTurn, RUNS_ALL } from "../support/extent.ts";
import { goldenErrors, goldenNames } from "../support/golden_layers.ts";
import { OUR_ENGINES } from "../support/open_on.ts";

await tf.setBackend("cpu");

/** What is refused, and what the error says. */
const REFUSED: Readonly<Record<string, string>> = {
  melspec: `"power_to_db" must be false`,
};

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
    const refused = REFUSED[name];
    if (refused !== undefined) {
      Deno.test(`loadModel() refuses ${name} before it runs (${engine})`, async () => {
        await assertRejects(
          () => goldenErrors(name, engine, []),
          Error,
          refused,
        );
      });
      continue;
    }
    Deno.test(`${name} is as in Keras, each row by itself (${engine})`, async () => {
      const before = tf.memory().numTensors;
      const errors = await goldenErrors(name, engine, CHOICES);
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
