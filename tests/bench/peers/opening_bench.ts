/**
 * From the file of a ResNet-50 (98 MB) to the first table of layers, and to the
 * first logits, ours against Keras 3; each in fresh processes, in pairs.
 *
 *     deno run -A tests/bench/peers/opening_bench.ts [--quick]
 *
 * A timing is as many processes as fill 2 s. "With imports" is the time from
 * the start of the process to its last word, so that starting Deno and Python
 * counts too.
 *
 * @module
 */
import { differenceOf, type Pair } from "../measure.ts";
import { IS_QUICK, report } from "../report.ts";
import { RUNTIME_VERSION } from "../runtime_version.ts";
import { ROOT, THREADS } from "./peers.ts";

const PAIRS = IS_QUICK ? 6 : 8;
const MIN_MS = IS_QUICK ? 0 : 2000;
const MB = 1e6;
const HERE = new URL("./", import.meta.url).pathname;
const FOLDER = new URL("out/peers/resnet50", ROOT).pathname;
const KERAS = new URL(".venv-keras/bin/python", ROOT).pathname;

/** What one process says, and what was seen from outside. */
interface Opening {
  readonly tableMs: number;
  readonly logitsMs: number;
  readonly wallMs: number;
  readonly peak: number;
  readonly logits: readonly number[];
  readonly resident?: number;
  readonly bare?: number;
}

type Side = readonly [string, ...string[]];

const SCRIPT_ARGS = [FOLDER, String(THREADS)] as const;
const OURS: Side = [
  Deno.execPath(),
  ...["run", "-A", "--no-check", `${HERE}opening_ours.ts`, ...SCRIPT_ARGS],
];
const keras = (way: string): Side => [
  KERAS,
  ...[`${HERE}opening_keras.py`, ...SCRIPT_ARGS, way],
];

await compareWith("predict", true);
await compareWith("call", false);

async function compareWith(way: string, isClaimed: boolean): Promise<void> {
  await open(OURS);
  await open(keras(way)); // files are in the system's cache from here on
  const pairs: { ours: Opening; theirs: Opening }[] = [];
  for (let i = 0; i < PAIRS; i++) {
    if (i % 2 === 0) {
      const ours = await timed(OURS);
      pairs.push({ ours, theirs: await timed(keras(way)) });
    } else {
      const theirs = await timed(keras(way));
      pairs.push({ ours: await timed(OURS), theirs });
    }
  }
  const [{ ours, theirs }] = pairs as [typeof pairs[0]];
  const common = {
    benchmark: "opening",
    threads: THREADS,
    difference: differenceOf(ours.logits, theirs.logits),
    tolerance: 1e-4,
    versions: `${RUNTIME_VERSION}; keras 3.15.1 on tensorflow 2.21.0`,
  };
  const claims = isClaimed
    ? [0.5, 0.4, 0.3].map((most) => ({ bound: { most } }))
    : [{}, {}, {}];
  const timings = [
    ["file to first table", "tableMs"],
    ["file to first logits", "logitsMs"],
    ["start of the process to first logits", "wallMs"],
  ] as const;
  for (const [i, [what, key]] of timings.entries()) {
    report({
      ...common,
      ...claims[i]!,
      case: `${what}, Keras ${way}`,
      pairs: pairsOf(pairs, key),
      unit: "ms",
    });
  }
  if (!isClaimed) return;
  report({
    ...common,
    case: `peak of the process, Keras ${way}`,
    pairs: pairsOf(pairs, "peak", MB),
    unit: "MB",
    bound: { most: 0.8 },
  });
  const { size } = await Deno.stat(`${FOLDER}/weights.npz`);
  report({
    ...common,
    case: "resident above the bare process, to the weights",
    pairs: pairs.map(({ ours }) => ({
      ours: (ours.resident! - ours.bare!) / MB,
      theirs: size / MB,
    })),
    unit: "MB",
    bound: { most: 2.5 },
  });
}

function pairsOf(
  pairs: readonly { ours: Opening; theirs: Opening }[],
  key: "tableMs" | "logitsMs" | "wallMs" | "peak",
  unit = 1,
): Pair[] {
  return pairs.map(({ ours, theirs }) => ({
    ours: ours[key] / unit,
    theirs: theirs[key] / unit,
  }));
}

/** Fresh processes until the time is up; means of what they say. */
async function timed(side: Side): Promise<Opening> {
  const found: Opening[] = [];
  let total = 0;
  do {
    const opening = await open(side);
    found.push(opening);
    total += opening.logitsMs;
  } while (total < MIN_MS);
  const mean = (key: "tableMs" | "logitsMs" | "wallMs") =>
    found.reduce((sum, opening) => sum + opening[key], 0) / found.length;
  return {
    ...found[0]!,
    tableMs: mean("tableMs"),
    logitsMs: mean("logitsMs"),
    wallMs: mean("wallMs"),
  };
}

async function open([program, ...args]: Side): Promise<Opening> {
  const begin = performance.now();
  const { success, stdout, stderr } = await new Deno.Command(program, { args })
    .output();
  const wallMs = performance.now() - begin;
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const last = new TextDecoder().decode(stdout).trim().split("\n").at(-1)!;
  return { ...JSON.parse(last), wallMs };
}
