import { assert, assertEquals } from "@std/assert";
import { openFeatures } from "@sonde/sonde";
import { runExtract } from "../../lib/cli/run_extract.ts";
import { npyHead } from "../../lib/formats/npy_writer.ts";
import { numbers } from "../extractor/_models.ts";
import { bytesAt, inFolder } from "../store/_sets.ts";

const MODEL = "notebooks/models/keras/digits.keras";

/** Runs the command, and says what it wrote. */
async function run(
  args: readonly string[],
  signal = new AbortController().signal,
): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runExtract(args, {
    print: (line) => out.push(line),
    warn: (line) => err.push(line),
    signal,
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
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
    assert(err.includes("the same command goes on where it was"), err);
    assertEquals((await run([...args, ...target])).code, 0);
  }));

Deno.test("extract shows its help", async () => {
  for (const args of [[], ["--help"], ["-h"]]) {
    const { code, out } = await run(args);
    assertEquals(code, 0);
    assert(out.includes("usage: extract MODEL DATA --out TARGET"), out);
  }
});

const WRONG: Readonly<Record<string, [string[], string]>> = {
  "no data": [["m.keras", "--out", "x.npz"], "a model and the data"],
  "no target": [["m.keras", "d"], "no --out"],
  "a misspelt option": [["m", "d", "--layer", "3"], "did you mean --layers"],
  "an option without its value": [["m", "d", "--out"], "--out"],
  "a batch of none": [["m", "d", "--out", "x", "--batch", "0"], "--batch"],
  "a shard beyond the last": [
    ["m", "d", "--out", "x", "--shard", "2/2"],
    "K < N",
  ],
  "a merge of something": [["m", "--merge", "x"], "stand alone"],
};

for (const [what, [args, message]] of Object.entries(WRONG)) {
  Deno.test(`extract ends with 2 at ${what}`, async () => {
    const { code, err } = await run(args);
    assertEquals(code, 2);
    assert(err.includes(message), err);
  });
}

Deno.test("extract ends with 2 at options that such data do not have, with 1 at other errors", async () => {
  const where = [MODEL, "photos", "--out", "x.npz", "--where", "a = 1"];
  assertEquals((await run(where)).code, 2);
  const size = [MODEL, "photos", "--out", "x.npz", "--size", "28"];
  assertEquals((await run(size)).code, 2);
  const { code, err } = await run(["no.keras", "photos", "--out", "x.npz"]);
  assertEquals(code, 1);
  assert(err.startsWith("error: "), err);
});
