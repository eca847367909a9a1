/**
 * `deno task fuzz:layers folder [engine…]`: opens the models that
 * `tests/data/fuzz_layers.py` wrote into a folder, runs each on the engines
 * (default: `cpu` and `onnx`), and compares. Prints how many are right, refused
 * with their reasons, and wrong; exits with 1 if any is wrong, or fails with an
 * error of another library. `tests/data/fuzz_second_opinion.py` examines the wrong
 * ones. `--keep=file.zip` packs those that are right and differ in kind, those of
 * `--first=file,file` before all others; `tests/data/fuzz_layers.zip` is made so.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command that prints its result
import type { FuzzCase, FuzzResult } from "./fuzz_cases.ts";
import type { FuzzAnswer, FuzzTask } from "./fuzz_part.ts";
import { buildZip } from "./build_zip.ts";
import type { OurEngine } from "./open_on.ts";

/** Reads the cases that lie in a folder, with the second opinions of some. */
function casesIn(folder: string): FuzzCase[] {
  const lines = (pattern: RegExp) =>
    [...Deno.readDirSync(folder)].map(({ name }) => name)
      .filter((name) => pattern.test(name)).sort()
      .flatMap((name) => Deno.readTextFileSync(`${folder}/${name}`).split("\n"))
      .filter((line) => line.endsWith("}"))
      .map((line) => JSON.parse(line) as FuzzCase);
  const opinions = Map.groupBy(lines(/^opinions\.jsonl$/), ({ file }) => file);
  return lines(/^cases.*\.jsonl$/).map((each) => ({
    ...each,
    opinions: opinions.get(each.file)?.map(({ outputs }) => outputs) ?? [],
  }));
}

/** Runs a part of the cases in a process of its own. */
async function runPart(task: FuzzTask): Promise<FuzzAnswer[]> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", import.meta.resolve("./fuzz_part.ts")],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const input = new Blob([JSON.stringify(task)]).stream();
  await input.pipeTo(child.stdin);
  const answers: FuzzAnswer[] = [];
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      // TF.js prints a greeting on stdout.
      if (line.startsWith("@@")) answers.push(JSON.parse(line.slice(2)));
    }
  }
  const wanted = task.cases.length * task.engines.length;
  if (answers.length !== wanted) {
    throw new Error(
      `A process ended after ${answers.length} of ${wanted} results, with ${
        (await child.status).code
      }; the last was ${answers.at(-1)?.file}`,
    );
  }
  return answers;
}

/** Runs the cases, as many processes at once as there are cores; `each` hears what is there. */
async function runAll(
  task: FuzzTask,
  each: (answers: readonly FuzzAnswer[]) => void,
): Promise<FuzzAnswer[]> {
  const parts: FuzzTask[] = [];
  for (let at = 0; at < task.cases.length; at += PART) {
    parts.push({ ...task, cases: task.cases.slice(at, at + PART) });
  }
  const answers: FuzzAnswer[] = [];
  const workOff = async () => {
    for (let part = parts.shift(); part; part = parts.shift()) {
      answers.push(...await runPart(part));
      each(answers);
    }
  };
  await Promise.all(
    Array.from({ length: navigator.hardwareConcurrency }, workOff),
  );
  return answers;
}

/** A reason without what is of one case alone. */
function reasonOf({ text }: FuzzResult): string {
  return text.replace(/^.*?Cannot/s, "Cannot")
    .replace(/file:\S+|"\/[^"]*"/g, "…")
    .replace(/layers? "[^"]*"/g, "layer …").replace(/[-\d.e]*\d/g, "0")
    .replace(/\[[0, ]*\]/g, "[…]").slice(0, 240);
}

function counted<K>(keys: readonly K[]): [K, number][] {
  const counts = new Map<K, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

/** Cases that a process runs. */
const PART = 100;

/** Most cases that are kept as fixtures. */
const MOST_KEPT = 360;

/** The class, who wrote the file, and all options but their numbers. */
function kindOf({ api, class: name, file, layers }: FuzzCase): string {
  const options = layers.join().replace(/[-\d.e]*\d/g, "0");
  return [api, name, file.replace(/^.*\./, ""), options].join();
}

/** One case of each kind, classes in turn, packed with their files. */
function packed(
  folder: string,
  right: readonly FuzzCase[],
  first: readonly string[],
): Uint8Array {
  const inOrder = right.toSorted((a, b) =>
    Number(first.includes(a.file)) - Number(first.includes(b.file))
  ); // the last of a kind is kept
  const kinds = new Map(inOrder.map((each) => [kindOf(each), each] as const));
  const turns = new Map<string, number>();
  const inTurn = [...kinds.values()].map((each) => {
    const turn = turns.get(each.class) ?? 0;
    turns.set(each.class, turn + 1);
    return { each, turn: first.includes(each.file) ? -1 : turn };
  }).sort((a, b) => a.turn - b.turn).slice(0, MOST_KEPT);
  const lines = inTurn.map(({ each }) => JSON.stringify(each)).join("\n");
  const files = inTurn.map(({ each: { file } }) => ({
    name: file,
    data: Deno.readFileSync(`${folder}/${file}`),
  }));
  const text = { name: "cases.jsonl", data: new TextEncoder().encode(lines) };
  return buildZip([text, ...files].map((m) => ({ ...m, isDeflated: true })));
}

if (import.meta.main) {
  const keep = Deno.args.find((arg) => arg.startsWith("--keep="))?.slice(7);
  const first = Deno.args.find((arg) => arg.startsWith("--first="))?.slice(8)
    .split(",") ?? [];
  const [folder, ...named] = Deno.args.filter((arg) => !arg.startsWith("--"));
  if (folder === undefined) throw new TypeError("Name the folder of the cases");
  const engines = named.length > 0 ? named as OurEngine[] : ["cpu", "onnx"];
  const cases = casesIn(folder);
  const answers = await runAll(
    { folder, cases, engines: engines as OurEngine[] },
    ({ length }) =>
      console.error(`${length / engines.length} of ${cases.length} cases`),
  );
  const byFile = new Map(cases.map((each) => [each.file, each]));
  for (const engine of engines) {
    const of = (outcome: string) =>
      answers.filter((answer) =>
        answer.engine === engine && answer.result.outcome === outcome
      );
    const outcomes = ["right", "disputed", "refused", "failed", "wrong"];
    const numbers = outcomes.map((outcome) =>
      `${of(outcome).length} ${outcome}`
    );
    const worst = Math.max(0, ...of("right").map(({ result }) => result.error));
    console.log(
      `${engine}: ${cases.length} cases, ${
        numbers.join(", ")
      }; the right ones differ by ${worst.toExponential(1)} at the most`,
    );
    const refusals = of("refused").map(({ result }) => reasonOf(result));
    for (const [reason, count] of counted(refusals)) {
      console.log(`  ${count} refused: ${reason}`);
    }
    const shown = ["disputed", "failed", "wrong"].flatMap(of);
    for (const { file, result } of shown) {
      const { api, class: name, layers } = byFile.get(file)!;
      console.log(
        `  ${result.outcome} ${file} ${name} of ${api}: ${
          result.text.slice(0, 400)
        }\n    ${layers.join(" → ").slice(0, 700)}`,
      );
    }
  }
  if (keep !== undefined) {
    const notRight = new Set(
      answers.filter(({ result }) => result.outcome !== "right")
        .map(({ file }) => file),
    );
    const right = cases.filter(({ file }) => !notRight.has(file));
    Deno.writeFileSync(keep, packed(folder, right, first));
  }
  const bad = answers.filter(({ result }) =>
    result.outcome === "wrong" || result.outcome === "failed"
  );
  Deno.exit(bad.length === 0 ? 0 : 1);
}
