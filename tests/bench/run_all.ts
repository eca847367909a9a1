// deno-lint-ignore-file no-console
import { csvFile, mergedLines } from "./results_csv.ts";

/** A script, and what it is told. */
export interface Script {
  readonly script: URL;
  readonly args?: readonly string[];
  /** What its rows begin with. */
  readonly benchmark: string;
}

/**
 * Runs benchmarks, each in its own process, and keeps their rows: at full
 * length, in the place of older ones of the same cases. The process ends with 1
 * where a claim fails.
 *
 * @param scripts All that there are, by name.
 * @param file Where results are kept, beside this module.
 */
export async function runAll(
  scripts: Readonly<Record<string, Script>>,
  file: string,
): Promise<void> {
  const names = Deno.args.filter((arg) => !arg.startsWith("--"));
  const options = Deno.args.filter((arg) => arg.startsWith("--"));
  for (const name of names.length > 0 ? names : Object.keys(scripts)) {
    const script = scripts[name];
    if (script === undefined) {
      const known = Object.keys(scripts).join(", ");
      throw new RangeError(
        `Cannot run "${name}" as it must be one of ${known}: current value is "${name}"`,
      );
    }
    const begin = performance.now();
    const lines = await linesOf(script, options);
    const seconds = Math.round((performance.now() - begin) / 1000);
    console.error(`${name}: ${seconds} s`);
    if (options.length === 0) await keep(lines, file);
  }
}

/** Kept at once: a long run that is stopped has what it measured. */
async function keep(lines: readonly string[], file: string): Promise<void> {
  const url = new URL(file, import.meta.url);
  await Deno.mkdir(new URL("./", url), { recursive: true });
  let text = "";
  try {
    text = await Deno.readTextFile(url);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const [, ...before] = text.split("\n").filter((line) => line !== "");
  await Deno.writeTextFile(url, csvFile(mergedLines(before, lines)));
  console.error(`kept in tests/bench/${file}`);
}

/** Runs one benchmark; a line is a row. */
async function linesOf(
  { script, args = [], benchmark }: Script,
  options: readonly string[],
): Promise<string[]> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script.href, ...args, ...options],
    stderr: "inherit",
  }).output();
  if (code !== 0) Deno.exitCode = 1;
  const text = new TextDecoder().decode(stdout);
  return text.split("\n").filter((line) => line.startsWith(`${benchmark},`));
}
