/**
 * Extraction against peers, on one network: logits and three layers, pooled
 * where they are maps, of the same inputs with the same weights.
 *
 *     deno run -A tests/bench/peers/peers_bench.ts mobilenet_v2 [--quick] [--full] [--only=PyTorch] [--batch=16]
 *
 * Every peer is a process of its own that is idle while another is timed, which
 * is checked. Opening is left out.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { fromNpy } from "../../../lib/formats/npy.ts";
import { differenceOf, type Pair, timeRounds } from "../measure.ts";
import { IS_QUICK, report } from "../report.ts";
import { PeerProcess } from "./peer_process.ts";
import * as peers from "./peers.ts";

/** Differences from the reference beyond this do not count. */
const TOLERANCE = 1e-4;
/** How long a timing is to last; shorter ones are repeated beyond 2 s. */
const AIM_MS = IS_QUICK ? 250 : 2250;
const TIMING = {
  pairs: 6,
  minMs: IS_QUICK ? 200 : 2000,
  warmUps: 1,
};
/** Passes are whole: 2,000 inputs, however long that takes. */
const IS_FULL = Deno.args.includes("--full");
/** An idle process may take this share of one core. */
const MOST_IDLE = 0.05;

/** A peer that can run the network. */
interface Ready {
  readonly process: PeerProcess;
  readonly versions: string;
}

const network = Deno.args.find((arg) => !arg.startsWith("--")) as peers.Network;
const folder = new URL(`out/peers/${network}`, peers.ROOT).pathname;
const only = optionOf("only");
const wholePass = network === "resnet50" ? 256 : 2000;
await measure();

function optionOf(name: string): string | undefined {
  const start = `--${name}=`;
  return Deno.args.find((arg) => arg.startsWith(start))?.slice(start.length);
}

async function measure(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const ours = await opened(stack.use(peers.ourProcess())); // it writes the ONNX file
  const started = Object.entries(peers.PEERS)
    .filter(([name]) => only === undefined || only.split("|").includes(name))
    .map(([name, command]) => stack.use(new PeerProcess(name, command)));
  const others: Ready[] = [];
  for (const ready of await Promise.all(started.map(opened))) {
    if (ready !== undefined) others.push(ready);
  }
  const wanted = optionOf("batch")?.split(",").map(Number) ?? peers.BATCHES;
  for (const batch of wanted) await measureBatch(ours!, others, batch);
}

/** Loads the network; undefined, and said, where the peer cannot. */
async function opened(process: PeerProcess): Promise<Ready | undefined> {
  const request = { do: "load", folder, threads: peers.THREADS };
  const { versions, cannot } = await process.ask(request);
  if (cannot === undefined) return { process, versions: versions as string };
  console.error(`peers | ${network}: ${process.name} cannot: ${cannot}`);
}

async function measureBatch(
  ours: Ready,
  others: readonly Ready[],
  batch: number,
): Promise<void> {
  const all = [ours, ...others];
  const inputs: number[] = [];
  const differences: number[] = [];
  for (const { process } of all) {
    inputs.push(await fitted(process, batch));
    differences.push(await distance(process));
  }
  await checkIdle(all);
  const pass = ({ process }: Ready) => () => process.ask({ do: "run" });
  const found = await timeRounds(pass(ours), others.map(pass), TIMING);
  const rates = (pairs: readonly Pair[], i: number) =>
    pairs.map((pair) => ({
      ours: 1000 * inputs[0]! / pair.ours,
      theirs: 1000 * inputs[i]! / pair.theirs,
    }));
  const common = {
    benchmark: "peers",
    unit: "inputs/s",
    threads: peers.THREADS,
    tolerance: TOLERANCE,
  };
  for (const [i, { process: { name }, versions }] of others.entries()) {
    const bound = peers.boundOf(name, network, batch);
    report({
      ...common,
      case: `${network}, batch ${batch}, ${name}`,
      pairs: rates(found.others[i]!, i + 1),
      difference: Math.max(differences[0]!, differences[i + 1]!),
      inputs: `${inputs[0]} and ${inputs[i + 1]}`,
      versions: `${ours.versions}; ${versions}`,
      ...(bound === undefined ? {} : { bound }),
    });
  }
  report({
    ...common,
    case: `${network}, batch ${batch}, ours against itself`,
    pairs: rates(found.self, 0),
    difference: differences[0]!,
    inputs: `${inputs[0]}`,
    versions: ours.versions,
  });
}

/** Prepares passes of as many inputs as fill a timing; whole batches, at most all. */
async function fitted(process: PeerProcess, batch: number): Promise<number> {
  const prepare = (inputs: number) =>
    process.ask({ do: "prepare", batch, inputs });
  if (IS_FULL) {
    await prepare(wholePass);
    return wholePass;
  }
  let inputs = Math.max(64, batch);
  await prepare(inputs);
  for (let i = 0; i < 3; i++) {
    await process.ask({ do: "run" }); // the first one compiles
    const begin = performance.now();
    await process.ask({ do: "run" });
    const ms = performance.now() - begin;
    const batches = Math.max(1, Math.round(inputs / batch * AIM_MS / ms));
    const next = Math.min(wholePass, batches * batch);
    const isEnough = next <= 1.5 * inputs;
    if (next !== inputs) await prepare(inputs = next);
    if (isEnough) break;
  }
  await process.ask({ do: "run" });
  return inputs;
}

/** How far the results of the last pass are from the reference, at their worst. */
async function distance(process: PeerProcess): Promise<number> {
  const target = await Deno.makeTempDir();
  const { arrays } = await process.ask({ do: "keep", folder: target });
  const read = async (path: string) => fromNpy(await Deno.readFile(path));
  const differences: number[] = [];
  for (let i = 0; i < (arrays as number); i++) {
    const found = await read(`${target}/found_${i}.npy`);
    const reference = await read(`${folder}/reference_${i}.npy`);
    // As many rows as the pass had.
    const values = reference.data as Float32Array;
    const rows = found.shape[0]! / reference.shape[0]!;
    differences.push(differenceOf(
      found.data as Float32Array,
      values.subarray(0, rows * values.length),
    ));
  }
  await Deno.remove(target, { recursive: true });
  return Math.max(...differences);
}

/** Threads that wait by turning round would slow down whoever is timed. */
async function checkIdle(all: readonly Ready[]): Promise<void> {
  await new Promise((done) => setTimeout(done, 300));
  const times = () => Promise.all(all.map(({ process }) => process.cpuMs()));
  const [begin, before] = [performance.now(), await times()];
  await new Promise((done) => setTimeout(done, 1000));
  const [after, ms] = [await times(), performance.now() - begin];
  for (const [i, { process }] of all.entries()) {
    const share = (after[i]! - before[i]!) / ms;
    if (share <= MOST_IDLE) continue;
    throw new Error(
      `Cannot time as an idle process must take at most ${MOST_IDLE} of a core: ${process.name} takes ${share}`,
    );
  }
}
