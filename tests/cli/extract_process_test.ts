/**
 * The command `extract` as processes of the system: what stops it, and several
 * at once. Processes take seconds to start, so this runs in `test:all`.
 */
import { assert, assertEquals } from "@std/assert";
import { RUNS_ALL } from "../support/extent.ts";
import { ROOT } from "../support/fresh_process.ts";
import { npyHead } from "../../lib/formats/npy_writer.ts";
import { numbers } from "../extractor/_models.ts";
import { bytesAt, inFolder } from "../store/_sets.ts";

const MODEL = `${ROOT}notebooks/models/keras/digits.keras`;
const ignore = !RUNS_ALL;

/** Images as an array of NumPy. */
function images(folder: string, count: number): string {
  const path = `${folder}/images.npy`;
  const values = new Uint8Array(numbers(count * 784).buffer);
  const head = npyHead("float32", [count, 28, 28, 1]);
  using file = Deno.openSync(path, { create: true, write: true });
  for (const bytes of [head, values]) {
    for (let at = 0; at < bytes.length;) {
      at += file.writeSync(bytes.subarray(at));
    }
  }
  return path;
}

function started(args: readonly string[]): Deno.ChildProcess {
  const program = `${ROOT}lib/cli/extract.ts`;
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", program, ...args],
    ...{ stdout: "piped", stderr: "piped" },
  }).spawn();
}

async function ended(process: Deno.ChildProcess) {
  const { code, stdout, stderr } = await process.output();
  const [out, err] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  );
  return { code, out: out!, err: err! };
}

/** Waits for a part of a run. */
async function firstPart(folder: string): Promise<void> {
  for await (const { paths } of Deno.watchFs(folder, { recursive: true })) {
    if (paths.some((path) => /part-[\d-]+\.safetensors$/.test(path))) return;
  }
}

Deno.test({
  name: "extract stops at SIGINT with 130, and the same command goes on",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const data = images(folder, 2000);
      const args = [MODEL, data, "--layers", "pool", "--batch", "1"];
      args.push("--part-size", "20", "--quiet", "--out");
      const target = `${folder}/x.npz`;
      const part = firstPart(folder);
      const process = started([...args, target]);
      await part;
      process.kill("SIGINT");
      const { code, err } = await ended(process);
      assertEquals(code, 130, err);
      assert(err.startsWith("stopped: AbortError: "), err);
      assert(err.includes("The same command goes on where it was."), err);
      const parts = [...Deno.readDirSync(`${target}.partial`)];
      assert(parts.length > 1 && parts.length < 100, String(parts.length));
      const again = await ended(started([...args, target]));
      assertEquals([again.code, again.err], [0, ""]);
      assert(again.out.startsWith(`2000 samples in ${target}, `), again.out);
      await ended(started([...args, `${folder}/one.npz`]));
      assertEquals(bytesAt(target), bytesAt(`${folder}/one.npz`));
    }),
});

for (const name of ["x.safetensors", "x.parquet"]) {
  Deno.test({
    name: `extract in three processes at once gives ${name} the bytes of one`,
    ignore,
    fn: () =>
      inFolder(async (folder) => {
        const args = [MODEL, images(folder, 50), "--layers", "pool"];
        args.push("--batch", "4", "--quiet", "--out");
        const target = `${folder}/${name}`;
        const shards = [0, 1, 2].map((k) =>
          ended(started([...args, target, "--shard", `${k}/3`]))
        );
        for (const { code, err } of await Promise.all(shards)) {
          assertEquals([code, err], [0, ""]);
        }
        const { code } = await ended(started(["--merge", target]));
        assertEquals(code, 0);
        const one = `${folder}/one-${name}`;
        assertEquals((await ended(started([...args, one]))).code, 0);
        assertEquals(bytesAt(target), bytesAt(one));
      }),
  });
}

Deno.test({
  name: "extract twice at once on one target writes it once",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const args = [MODEL, images(folder, 50), "--layers", "pool", "--quiet"];
      const target = `${folder}/x.npz`;
      args.push("--out", target);
      const both = await Promise.all([0, 1].map(() => ended(started(args))));
      const codes = both.map(({ code }) => code).sort();
      assert(codes[0] === 0, both.map(({ err }) => err).join("\n"));
      for (const { code, err } of both) {
        if (code === 0) continue;
        assert(err.includes("no other process must be writing it"), err);
      }
      assertEquals((await ended(started(args))).code, 0);
      assertEquals([...Deno.readDirSync(folder)].length, 2);
    }),
});
