/**
 * `deno run -A tests/support/run_golden.ts [engine] [name…]`: all one-layer
 * cases, or those named, in a table of what is right, wrong or refused.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command that prints its result
import {
  type GoldenEngine,
  goldenError,
  goldenNames,
} from "./golden_layers.ts";

const [engine = "cpu", ...names] = Deno.args;
const counts = { right: 0, wrong: 0, refused: 0 };
for (const name of names.length > 0 ? names : goldenNames()) {
  try {
    const error = await goldenError(name, engine as GoldenEngine);
    const isRight = error <= 1e-5;
    counts[isRight ? "right" : "wrong"]++;
    if (!isRight || names.length > 0) {
      console.log(
        `${isRight ? "right" : "WRONG"}   ${name} ${error.toExponential(1)}`,
      );
    }
  } catch (error) {
    counts.refused++;
    const text = error instanceof Error ? error.message : String(error);
    console.log(`refused ${name}: ${text.slice(0, 260)}`);
  }
}
console.log(counts);
