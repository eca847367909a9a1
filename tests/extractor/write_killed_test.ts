import { assert, assertEquals, assertRejects } from "@std/assert";
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

/** A process dies at every STEPth operation. */
const STEP = RUNS_ALL ? 6 : 18;

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
      // Some operations, and the last ones, at which files are renamed.
      const operations = Array.from({ length: count }, (_, i) => i + 1)
        .filter((i) => i % STEP === 1 || i > count - 4);
      assert(operations.length >= 3 + 42 / STEP, String(count));
      for (const operation of operations) {
        const target = `${folder}/${operation}-${name}`;
        const write = () => extractor.write(X, target, options);
        // Parts do not depend on how quick the machine is: each one dies.
        await assertRejects(
          () => atOperation(operation, () => {}, write),
          Error,
          "the process is dead",
        );
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
    }));
}

/** Runs the program that kills itself. */
async function killed(
  target: string,
  operation: number,
  layout: WriteOptions,
): Promise<number> {
  const program = `${ROOT}tests/support/programs/write_killed.ts`;
  const run = ["run", "-A", "--no-check", program];
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [...run, target, String(operation), JSON.stringify(layout)],
    stderr: "inherit",
  }).output();
  return code;
}

/** Moments at which a process is killed, of each target. */
const MOMENTS = RUNS_ALL ? 20 : 1;
/** Operations after which a process is killed again. */
const AGAIN = RUNS_ALL ? 20 : 60;
const KILLED: readonly (readonly [string, WriteOptions])[] = [
  ["x.npz", {}],
  ...(RUNS_ALL
    ? [...TARGETS, ["x.parquet", { rowGroupSize: 8 }], ["parts", {
      format: "parquet",
      shardSize: 9,
    }]] as const
    : []),
];

for (const [name, layout] of KILLED) {
  Deno.test(`write() of ${name} goes on after kill -9, to the same bytes`, () =>
    inFolder(async (folder) => {
      const options = { ...layout, partSize: 4 };
      const whole = `${folder}/one-${name}`;
      const count = await atOperation(
        0,
        () => {},
        () => extractor.write(X, whole, options),
      );
      // Seeded: the same moments in every run.
      for (let i = 0; i < MOMENTS; i++) {
        const operation = 1 + (17 + 11 * i) * 7919 % count;
        const target = `${folder}/${i}-${name}`;
        assertEquals(await killed(target, operation, layout), 128 + 9);
        await extractor.write(X, target, options);
        assertEquals(bytesAt(target), bytesAt(whole), `operation ${operation}`);
      }
      // A run may be killed again and again.
      const target = `${folder}/again-${name}`;
      for (let at = AGAIN; await killed(target, at, layout) !== 0;) at += AGAIN;
      assertEquals(bytesAt(target), bytesAt(whole));
    }));
}
