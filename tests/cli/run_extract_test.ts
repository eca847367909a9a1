import { assert, assertEquals } from "@std/assert";
import { openFeatures } from "@sonde/sonde";
import { runExtract } from "../../lib/cli/run_extract.ts";
import { npyHead } from "../../lib/formats/npy_writer.ts";
import { numbers } from "../extractor/_models.ts";
import { bytesAt, inFolder } from "../store/_sets.ts";
import { modelPath } from "../support/keras_models.ts";

const MODEL = "notebooks/models/keras/digits.keras";

/** Runs the command, and says what it wrote. */
async function run(
  args: readonly string[],
  signal = new AbortController().signal,
): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runExtract(args, {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    signal,
  });
  return { code, out: out.join(""), err: err.join("") };
}

function images(folder: string): string {
  const path = `${folder}/images.npy`;
  const head = npyHead("float32", [7, 28, 28, 1]);
  const values = new Uint8Array(numbers(7 * 784).buffer);
  Deno.writeFileSync(path, new Uint8Array([...head, ...values]));
  return path;
}

Deno.test("extract writes a file, and says so", () =>
  inFolder(async (folder) => {
    const target = `${folder}/x.parquet`;
    const { code, out, err } = await run([
      ...[MODEL, images(folder), "--layers", "-2,conv", "--pool", "mean"],
      ...["--penultimate", "--batch", "3", "--out", target, "--quiet"],
      ...["--row-group-size", "4"],
    ]);
    assertEquals([code, err], [0, ""]);
    assert(out.startsWith(`7 samples in ${target}, `), out);
    await using stored = await openFeatures(target);
    const set = await stored.load();
    assertEquals(set.layerNames, ["dropout", "conv"]);
    assertEquals(set.layer("conv").shape, [7, 64]);
    assertEquals(set.penultimate?.shape, [7, 64]);
  }));

Deno.test("extract does shards, merges them, and reads their number from Slurm", () =>
  inFolder(async (folder) => {
    const data = images(folder);
    const common = [MODEL, data, "--batch", "2", "--no-logits", "--quiet"];
    const layer = ["--layers", "pool"];
    const one = [...common, ...layer, "--out", `${folder}/one.npz`];
    assertEquals((await run(one)).code, 0);
    const target = `${folder}/x.npz`;
    const first = [...common, ...layer, "--out", target, "--shard", "0/2"];
    assertEquals((await run(first)).code, 0);
    const early = await run(["--merge", target]);
    assertEquals(early.code, 1);
    assert(early.err.includes("shard 1"), early.err);
    Deno.env.set("SLURM_ARRAY_TASK_ID", "6");
    Deno.env.set("SLURM_ARRAY_TASK_MIN", "5");
    Deno.env.set("SLURM_ARRAY_TASK_COUNT", "2");
    try {
      const env = [...common, ...layer, "--out", target, "--shard", "env"];
      assertEquals((await run(env)).code, 0);
    } finally {
      for (const name of ["ID", "MIN", "COUNT"]) {
        Deno.env.delete(`SLURM_ARRAY_TASK_${name}`);
      }
    }
    assertEquals((await run(["--merge", target])).code, 0);
    assertEquals(bytesAt(target), bytesAt(`${folder}/one.npz`));
  }));

Deno.test("extract goes on where it was stopped", () =>
  inFolder(async (folder) => {
    const args = [MODEL, images(folder), "--batch", "1", "--quiet"];
    const stop = AbortSignal.abort();
    const target = ["--out", `${folder}/x.npz`];
    const { code, err } = await run([...args, ...target], stop);
    assertEquals(code, 130);
    assert(err.includes("The same command goes on where it was"), err);
    assertEquals((await run([...args, ...target])).code, 0);
  }));

Deno.test("extract shows its help", async () => {
  for (const args of [[], ["--help"], ["-h"]]) {
    const { code, out } = await run(args);
    assertEquals(code, 0);
    assert(out.includes("Usage: extract MODEL DATA --out TARGET"), out);
  }
});

const OUT = ["--out", "x.npz"];
const GOOD = ["m.keras", "d", ...OUT];
const WRONG: Readonly<Record<string, [string[], string]>> = {
  "no data": [["m.keras", ...OUT], "missing required argument 'DATA'"],
  "no model": [OUT, "missing required argument 'MODEL'"],
  "too many arguments": [[...GOOD, "e"], "too many arguments"],
  "no target": [["m.keras", "d"], "'--out <target>' not specified"],
  "a folder without a format": [["m", "d", "--out", "x"], "needs '--format"],
  "a misspelt option": [[...GOOD, "--layer", "3"], "Did you mean --layers?"],
  "an option at the end without its value": [["m", "d", "--out"], "'--out <"],
  "an option instead of a value": [
    ["m", "d", "--out", "--quiet"],
    "option '--out <target>' argument missing",
  ],
  "the help instead of a value": [["m", "d", "--out", "--help"], "missing"],
  "a batch of none": [[...GOOD, "--batch", "0"], "--batch"],
  "a limit that is no number": [[...GOOD, "--limit", "x"], "positive integer"],
  "a seed below 0": [[...GOOD, "--shuffle", "-1"], "at least 0"],
  "a way to pool that is none": [[...GOOD, "--pool", "min"], "mean, max"],
  "a shard beyond the last": [[...GOOD, "--shard", "2/2"], "K < N"],
  "a number of shards without a scheduler": [
    [...GOOD, "--shards", "2"],
    "needs '--shard env'",
  ],
  "files of a folder in one file": [
    [...GOOD, "--shard-size", "2"],
    "'--shard-size <n>' is for a folder",
  ],
  "groups of rows outside Parquet": [
    ["m", "d", "--out", "x.npz", "--row-group-size", "2"],
    "is for Parquet, not for npz",
  ],
  "a merge of something": [["m", "--merge", "x"], "stand alone, without m"],
  "a merge with options": [["--merge", "x", "--half"], "without --half"],
  "a condition on images": [[...GOOD, "--where", "a = 1"], "is not for data"],
  "a size of arrays": [["m", "a.npz", ...OUT, "--size", "2x2"], "as a.npz"],
  "columns of an array": [["m", "a.npy", ...OUT, "--labels", "a"], "as a.npy"],
  "half a size": [[...GOOD, "--size", "28"], "HEIGHTxWIDTH"],
};

for (const [what, [args, message]] of Object.entries(WRONG)) {
  Deno.test(`extract ends with 2 at ${what}`, async () => {
    const { code, err } = await run(args);
    assertEquals(code, 2);
    assert(err.includes(message), err);
  });
}

Deno.test("extract ends with 1 at other errors, with those underneath", async () => {
  const missing = await run(["no.keras", "photos", ...OUT]);
  assertEquals(missing.code, 1);
  assert(missing.err.startsWith("error: "), missing.err);
  const mixed = ["--inputs", "input_layer=a", "--inputs", "b"];
  const { code, err } = await run([
    ...[modelPath("k3_mlp.keras"), "tests/data/tables/flowers.csv"],
    ...[...OUT, ...mixed],
  ]);
  assertEquals(code, 1);
  assert(err.includes("for all columns or for none"), err);
});

Deno.test("extract takes the settings of worker, and columns by name", () =>
  inFolder(async (folder) => {
    const target = `${folder}/x.npz`;
    const { code, err } = await run([
      ...[modelPath("k3_mlp.keras"), "tests/data/tables/flowers.csv"],
      ...["--layers", "-2", "--normalize", "--half", "--quiet"],
      ...["--out", target, "--limit", "3"],
    ]);
    assertEquals([code, err], [0, ""]);
    await using stored = await openFeatures(target);
    const set = await stored.load();
    assertEquals(set.features[0]!.dtype, "float16");
  }));

Deno.test("extract reads every table that table() reads, and says that a target is complete", () =>
  inFolder(async (folder) => {
    const data = `${folder}/rows.txt`;
    Deno.copyFileSync("tests/data/tables/flowers.csv", data);
    const target = `${folder}/x.npz`;
    const args = [
      ...[modelPath("k3_mlp.keras"), data, "--limit", "2"],
      ...["--out", target, "--quiet"],
    ];
    const first = await run(args);
    assertEquals([first.code, first.err], [0, ""]);
    assert(first.out.includes("samples/s"), first.out);
    const { code, out } = await run(args);
    assertEquals(code, 0);
    assert(out.startsWith(`2 samples in ${target}, `), out);
    assert(out.endsWith(" bytes, already complete\n"), out);
  }));
