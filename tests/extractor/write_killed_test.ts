import { assert, assertEquals } from "@std/assert";
import { FeatureExtractor, type WriteOptions } from "@sonde/sonde";
import { bytesAt, inFolder } from "../store/_sets.ts";
import { atOperation } from "../support/file_operations.ts";
import { RUNS_ALL } from "../support/extent.ts";
import { ROOT } from "../support/fresh_process.ts";
import { array, mlp } from "./_models.ts";

const X = array([20, 4]);
const extractor = new FeatureExtractor(mlp()).layers(["hidden"]).batch(4);

const TARGETS: readonly (readonly [string, WriteOptions])[] = [
  ["x.safetensors", {}],
  ["folder", { format: "safetensors", shardSize: 9 }],
];

for (const [name, layout] of TARGETS) {
  Deno.test(`write() of ${name} goes on from wherever it died, to the same bytes`, () =>
    inFolder(async (folder) => {
      const options = { ...layout, partSize: 8 };
      const whole = `${folder}/one-${name}`;
      const count = await atOperation(
        0,
        () => {},
        () => extractor.write(X, whole, options),
      );
      const expected = bytesAt(whole);
      // Every third operation, and the last ones, at which files are renamed.
      const operations = Array.from({ length: count }, (_, i) => i + 1)
        .filter((i) => i % 3 === 1 || i > count - 4);
      assert(operations.length >= 10, String(count));
      let numDied = 0;
      for (const operation of operations) {
        const target = `${folder}/${operation}-${name}`;
        const write = () => extractor.write(X, target, options);
        // It may have less to do than the first time, as reads are cut anew.
        const isDone = await atOperation(operation, () => {}, write)
          .then(() => true, () => false);
        if (!isDone) numDied++;
        const files = [...Deno.readDirSync(folder)].map(({ name }) => name);
        if (files.includes(`${operation}-${name}`)) {
          assertEquals(bytesAt(target), expected, "half-written");
        }
        await write();
        assertEquals(bytesAt(target), expected, `operation ${operation}`);
        const left = [...Deno.readDirSync(folder)].map(({ name }) => name);
        assert(!left.includes(`${operation}-${name}.partial`));
        Deno.removeSync(target, { recursive: true });
      }
      assert(numDied >= 10, String(numDied));
    }));
}

/** Runs the program that kills itself. */
async function killed(target: string, operation: number): Promise<number> {
  const program = `${ROOT}tests/support/programs/write_killed.ts`;
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", program, target, String(operation)],
    stderr: "inherit",
  }).output();
  return code;
}

Deno.test("write() goes on after kill -9, to the same bytes", () =>
  inFolder(async (folder) => {
    await extractor.write(X, `${folder}/one.npz`, { partSize: 4 });
    // Seeded: the same moments in every run.
    const seeds = Array.from(
      { length: RUNS_ALL ? 20 : 2 },
      (_, i) => 17 + 11 * i,
    );
    const target = `${folder}/x.npz`;
    let numKilled = 0;
    for (const operation of seeds.map((seed) => 5 + (seed * 7919) % 40)) {
      const code = await killed(target, operation);
      if (code === 0) Deno.removeSync(target); // it had less to do than that
      else assertEquals(code, 128 + 9);
      if (code !== 0) numKilled++;
    }
    assert(numKilled > 0);
    await extractor.write(X, target);
    assertEquals(bytesAt(target), bytesAt(`${folder}/one.npz`));
  }));
