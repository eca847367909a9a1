/**
 * `deno task fuzz:bytes [flips] [seed]`: flips bytes of real model files, one at a
 * time, and opens and runs each. A `.keras` file must give an error or the same
 * numbers; a file without checksums may give others only if the byte is part of a
 * weight's values or of the model's description. Nothing may hang, leak a tensor,
 * or take much memory.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command that prints its result
import { seededRandom } from "../../lib/math/seeded_random.ts";
import type { Flip, FlipResult } from "./flip_worker.ts";
import {
  type BytePurpose,
  FLIP_KINDS,
  type FlipKind,
  flipSubject,
  purposesOf,
  subjectNames,
} from "./flip_subjects.ts";

/** What flips of one kind of file came to. */
export interface FlipCounts {
  flips: number;
  error: number;
  same: number;
  /** Other numbers, by what the byte is for. */
  weight: number;
  config: number;
}

/** What a run found. */
export interface FlipReport {
  readonly counts: Readonly<Record<FlipKind, FlipCounts>>;
  /** What must not be, in words. */
  readonly faults: readonly string[];
  /** Most bytes of resident memory that one flip took. */
  readonly memory: number;
}

const MOST_MS = 10_000;
const MOST_MEMORY = 256 * 2 ** 20;

/**
 * Flips bytes, in equal parts of each kind of file.
 *
 * @param flips Number of flips in all.
 * @param seed Selects the bytes.
 * @param kinds The kinds of files.
 * @param tell Called for every flip.
 * @returns The outcomes.
 */
export async function flipBytes(
  flips: number,
  seed: number,
  kinds: readonly FlipKind[] = FLIP_KINDS,
  tell: (line: string) => void = () => {},
): Promise<FlipReport> {
  const random = seededRandom(seed);
  const counts = Object.fromEntries(FLIP_KINDS.map((kind) => [
    kind,
    { flips: 0, error: 0, same: 0, weight: 0, config: 0 },
  ])) as Record<FlipKind, FlipCounts>;
  const faults: string[] = [];
  const purposes = new Map<string, Awaited<ReturnType<typeof purposesOf>>>();
  let worker = new FlipWorker();
  let memory = 0;
  for (let i = 0; i < flips; i++) {
    const kind = kinds[i % kinds.length]!;
    const flip = drawFlip(kind, random);
    const { name, file, at } = flip;
    const result = await worker.run(flip);
    counts[kind].flips++;
    if (result === undefined) {
      worker = new FlipWorker();
      faults.push(`${JSON.stringify(flip)}: more than ${MOST_MS} ms`);
      continue;
    }
    const { outcome, text, leaked } = result;
    memory = Math.max(memory, result.memory);
    let purpose: BytePurpose = "structure";
    if (outcome === "other") {
      const key = `${kind}/${name}`;
      const known = purposes.get(key) ??
        await purposesOf(flipSubject(kind, name));
      purposes.set(key, known);
      purpose = known(file, at);
    }
    tell(`${JSON.stringify(flip)} ${outcome} ${purpose} ${text.slice(0, 300)}`);
    const isMeant = purpose === "config" ||
      (purpose === "weight" && text === "1 weights");
    if (outcome === "fault" || (outcome === "other" && !isMeant)) {
      faults.push(`${JSON.stringify(flip)}: ${outcome} (${purpose}), ${text}`);
    }
    if (leaked !== 0) faults.push(`${JSON.stringify(flip)}: leaks ${leaked}`);
    if (outcome === "error" || outcome === "same") counts[kind][outcome]++;
    if (outcome === "other" && purpose !== "structure") counts[kind][purpose]++;
  }
  worker.close();
  if (memory > MOST_MEMORY) faults.push(`memory: ${memory} bytes`);
  return { counts, faults, memory };
}

/** A file, a place in it, and bits. */
function drawFlip(kind: FlipKind, random: () => number): Flip {
  const below = (n: number) => Math.floor(random() * n);
  const names = subjectNames(kind);
  const name = names[below(names.length)]!;
  const { files } = flipSubject(kind, name);
  const mask = random() < 0.5 ? 1 << below(8) : 1 + below(255);
  const total = [...files.values()].reduce(
    (sum, { length }) => sum + length,
    0,
  );
  let at = below(total);
  for (const [file, { length }] of files) {
    if (at < length) return { kind, name, file, at, mask };
    at -= length;
  }
  throw new RangeError("no files");
}

/** A worker that is ended if it takes too long. */
class FlipWorker {
  readonly #worker = new Worker(import.meta.resolve("./flip_worker.ts"), {
    type: "module",
  });
  #isWarm = false;

  /** Gives nothing if it took too long; then it can not be used again. */
  async run(flip: Flip): Promise<FlipResult | undefined> {
    const most = this.#isWarm ? MOST_MS : 6 * MOST_MS; // modules load first
    const { promise, resolve } = Promise.withResolvers<
      FlipResult | undefined
    >();
    const timer = setTimeout(() => resolve(undefined), most);
    this.#worker.onmessage = ({ data }) => resolve(data);
    this.#worker.postMessage(flip);
    const result = await promise;
    clearTimeout(timer);
    this.#isWarm = true;
    if (result === undefined) this.close();
    return result;
  }

  close(): void {
    this.#worker.terminate();
  }
}

if (import.meta.main) {
  const [flips = "2000", seed = "1", kind] = Deno.args;
  const kinds = kind === undefined ? FLIP_KINDS : [kind as FlipKind];
  const log = Deno.env.get("FLIP_LOG");
  const lines: string[] = [];
  const report = await flipBytes(Number(flips), Number(seed), kinds, (line) => {
    lines.push(line);
  });
  if (log !== undefined) Deno.writeTextFileSync(log, lines.join("\n"));
  console.table(report.counts);
  console.log(
    `memory: ${
      Math.round(report.memory / 2 ** 20)
    } MB more at the most, after one flip`,
  );
  for (const fault of report.faults) console.log(fault);
  Deno.exit(report.faults.length === 0 ? 0 : 1);
}
