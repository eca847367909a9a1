/**
 * Runs all benchmarks, each in its own process, and keeps their results.
 *
 *     deno task bench [--quick] [by_hand] [predict_tensor] [import] [memory]
 *
 * The results go into `results/`, one file a machine, where all benchmarks ran
 * at full length. Ends with 1 where a claim fails.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { csvFile } from "./results_csv.ts";

const BENCHMARKS = [
  "by_hand",
  "predict_tensor",
  "large_maps",
  "import",
  "memory",
];

const names = Deno.args.filter((arg) => !arg.startsWith("--"));
const options = Deno.args.filter((arg) => arg.startsWith("--"));
const lines: string[] = [];
for (const name of names.length > 0 ? names : BENCHMARKS) {
  lines.push(...await linesOf(name));
}
if (names.length === 0 && options.length === 0) {
  const file = `results/${navigator.hardwareConcurrency}cores_wasm.csv`;
  const url = new URL(file, import.meta.url);
  await Deno.mkdir(new URL("./", url), { recursive: true });
  await Deno.writeTextFile(url, csvFile(lines));
  console.log(`kept in tests/bench/${file}`);
}

/** Runs one benchmark; a line is a row. */
async function linesOf(name: string): Promise<string[]> {
  const script = new URL(`./${name}_bench.ts`, import.meta.url).href;
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script, ...options],
    stderr: "inherit",
  }).output();
  if (code !== 0) Deno.exitCode = 1;
  const text = new TextDecoder().decode(stdout);
  return text.split("\n").filter((line) => line.startsWith(`${name},`));
}
