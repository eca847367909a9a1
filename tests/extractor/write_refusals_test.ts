import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type DataSource,
  FeatureExtractor,
  mergeFeatures,
  openFeatures,
  table,
  type WriteOptions,
} from "@sonde/sonde";
import { bytesAt, inFolder } from "../store/_sets.ts";
import { array, mlp, rowsOf } from "./_models.ts";

const X = array([20, 4]);
const MODEL = mlp();

function extractor(model = MODEL): FeatureExtractor {
  return new FeatureExtractor(model).layers(["hidden"]).batch(4);
}

/** A source over X that stops with an error behind some batches. */
function source(batches = Infinity, name = "x"): DataSource {
  return {
    length: 20,
    fingerprint: () => Promise.resolve(name),
    async *batches({ size, start }) {
      for (let at = start; at < 20; at += size) {
        if (at === start + batches * size) throw new Error("stopped");
        yield await Promise.resolve(rowsOf(X, at, Math.min(20, at + size)));
      }
    },
  };
}

/** Begins a run and stops it. */
async function begun(target: string, options: WriteOptions = {}) {
  const write = () => extractor().write(source(2), target, options);
  await assertRejects(write, Error, "stopped");
}

const OTHERS: Readonly<
  Record<string, [string, (target: string) => Promise<unknown>]>
> = {
  "another model": [
    "another model",
    (target) => extractor(mlp("linear")).write(source(), target),
  ],
  "other data": [
    "another data",
    (target) => extractor().write(source(Infinity, "y"), target),
  ],
  "other layers": [
    "instead of",
    (target) => extractor().layers(["head"]).write(source(), target),
  ],
  "another batch": [
    "batch 5 instead of 4",
    (target) => extractor().batch(5).write(source(), target),
  ],
  "another engine": [
    "engine tfjs:cpu instead of",
    (target) =>
      extractor().engine("tfjs", { backend: "cpu" }).write(source(), target),
  ],
  "other row groups": [
    "rowGroupSize 3 instead of",
    (target) => extractor().write(source(), target, { rowGroupSize: 3 }),
  ],
  "shards": [
    "shards 2 instead of 1",
    (target) => extractor().write(source(), target, { shard: [0, 2] }),
  ],
};

for (const [what, [message, write]] of Object.entries(OTHERS)) {
  Deno.test(`write() refuses to go on with ${what}, and touches nothing`, () =>
    inFolder(async (folder) => {
      const target = `${folder}/x.parquet`;
      await begun(target);
      const before = bytesAt(`${target}.partial`);
      const error = await assertRejects(
        () => write(target),
        RangeError,
        message,
      );
      assert(error.message.includes("delete that folder"), error.message);
      assertEquals(bytesAt(`${target}.partial`), before);
      await extractor().write(source(), target); // as it was begun
      await using stored = await openFeatures(target);
      assertEquals(stored.samples, 20);
    }));
}

Deno.test("write() resumes no run that cannot be identified", () =>
  inFolder(async (folder) => {
    const target = `${folder}/x.npz`;
    await begun(target);
    const custom = extractor().engine("tfjs")
      .postprocess((feature) => feature.mul(2));
    const before = bytesAt(`${target}.partial`);
    await assertRejects(() => custom.write(source(), target), RangeError);
    async function* once() {
      yield await Promise.resolve(X);
    }
    const write = () => extractor().write(once(), target);
    await assertRejects(write, RangeError, "unfinished run");
    assertEquals(bytesAt(`${target}.partial`), before);
  }));

Deno.test("write() writes custom functions and iterables, and leaves nothing when they fail", () =>
  inFolder(async (folder) => {
    const custom = extractor().engine("tfjs")
      .postprocess((feature) => feature.mul(2));
    await custom.write(source(), `${folder}/custom.npz`);
    async function* once(fails = false) {
      yield await Promise.resolve(rowsOf(X, 0, 8));
      if (fails) throw new Error("stopped");
      yield rowsOf(X, 8, 20);
    }
    const failed = () => extractor().write(once(true), `${folder}/once.npz`);
    await assertRejects(failed, Error, "stopped");
    await assertRejects(
      () => custom.write(source(2), `${folder}/failed.npz`),
      Error,
      "stopped",
    );
    await extractor().write(once(), `${folder}/once.npz`);
    await using stored = await openFeatures(`${folder}/once.npz`);
    assertEquals(stored.samples, 20);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
    assertEquals(names.sort(), ["custom.npz", "once.npz"]);
  }));

Deno.test("write() has nothing to do where the same run is written already", () =>
  inFolder(async (folder) => {
    const target = `${folder}/x.safetensors`;
    const first = await extractor().write(source(), target);
    const again = await extractor().write(source(0), target); // would fail if read
    assertEquals({ ...again, samplesPerSecond: 0 }, {
      ...first,
      samplesPerSecond: 0,
    });
    const other = () => extractor().batch(5).write(source(), target);
    await assertRejects(other, RangeError, "must not exist yet");
  }));

Deno.test("write() refuses targets that are something else, and touches nothing", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/x.npz`, "text");
    Deno.mkdirSync(`${folder}/y.npz.partial`);
    Deno.writeTextFileSync(`${folder}/y.npz.partial/mine.txt`, "mine");
    Deno.writeTextFileSync(`${folder}/z.npz.partial`, "mine");
    const before = [
      bytesAt(`${folder}/x.npz`),
      bytesAt(`${folder}/y.npz.partial`),
    ];
    const cases: [string, string, WriteOptions?][] = [
      ["x.npz", "must not exist yet"],
      ["y.npz", "unfinished run, or nothing"],
      ["z.npz", "unfinished run, or nothing"],
      ["no/x.npz", "make the folder first"],
      ["x.npz/x.npz", "must be a folder"],
      ["x.zip", "must end in .npz"],
      ["folder", "must end in .npz"],
      ["folder", "must be of safetensors or parquet", { format: "npz" }],
      ["x.parquet", "must be that of the target", { format: "npz" }],
      ["x.parquet", "index < count", { shard: [2, 2] }],
      ["x.parquet", `"shardSize" must be a positive`, { shardSize: 0 }],
    ];
    for (const [name, message, options] of cases) {
      const write = () => extractor().write(X, `${folder}/${name}`, options);
      await assertRejects(write, RangeError, message);
    }
    const url = () => extractor().write(X, "https://example.com/x.npz");
    await assertRejects(url, TypeError, "path or a file: URL");
    const unknown = { shards: 3 } as WriteOptions;
    const write = () => extractor().write(X, `${folder}/u.npz`, unknown);
    await assertRejects(write, TypeError, `did you mean "shard"`);
    assertEquals(
      [bytesAt(`${folder}/x.npz`), bytesAt(`${folder}/y.npz.partial`)],
      before,
    );
    assertEquals([...Deno.readDirSync(folder)].length, 3);
  }));

Deno.test("write() says so when the features do not fit the disk, before it writes any", () =>
  inFolder(async (folder) => {
    const endless: DataSource = { ...source(3), length: 1e15 };
    const write = () => extractor().write(endless, `${folder}/x.npz`);
    await assertRejects(write, RangeError, "free bytes");
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

Deno.test("write() goes on after the disk was full", () =>
  inFolder(async (folder) => {
    const target = `${folder}/x.npz`;
    const { writeSync } = Deno.FsFile.prototype;
    let left = 9000; // bytes
    Deno.FsFile.prototype.writeSync = function (bytes) {
      if ((left -= bytes.length) < 0) {
        const message = "No space left on device (os error 28)";
        throw Object.assign(new Error(message), { code: "ENOSPC" });
      }
      return writeSync.call(this, bytes);
    };
    try {
      const write = () => extractor().write(X, target, { partSize: 4 });
      await assertRejects(write, RangeError, "make room and call it again");
    } finally {
      Deno.FsFile.prototype.writeSync = writeSync;
    }
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), [
      "x.npz.partial",
    ]);
    await extractor().write(X, target);
    await extractor().write(X, `${folder}/y.npz`);
    assertEquals(bytesAt(target), bytesAt(`${folder}/y.npz`));
  }));

Deno.test("write() refuses a second process on the same target", () =>
  inFolder(async (folder) => {
    const target = `${folder}/x.npz`;
    let second: Promise<unknown> | undefined;
    const watched: DataSource = {
      ...source(),
      async *batches(wanted) {
        second ??= assertRejects(
          () => extractor().write(source(), target),
          RangeError,
          "no other process",
        );
        await second;
        yield* source().batches(wanted) as AsyncIterable<never>;
      },
    };
    await extractor().write(watched, target);
    assert(second !== undefined);
  }));

Deno.test("mergeFeatures() says which shards are missing, and what is no run", () =>
  inFolder(async (folder) => {
    const target = `${folder}/x.npz`;
    await assertRejects(() => mergeFeatures(target), RangeError, "nothing");
    for (const k of [0, 2]) {
      await extractor().write(X, target, { shard: [k, 3] });
    }
    const merge = () => mergeFeatures(target);
    await assertRejects(merge, RangeError, "shard 1: samples from 4 to 12");
    const other = () => extractor().write(X, target, { shard: [1, 4] });
    await assertRejects(other, RangeError, "shards 4 instead of 3");
    await extractor().write(X, target, { shard: [1, 3] });
    const { removeSync } = Deno;
    Deno.removeSync = () => {
      throw new Error("the process is dead");
    };
    try {
      await assertRejects(merge, Error, "the process is dead");
    } finally {
      Deno.removeSync = removeSync;
    }
    assertEquals((await merge()).samples, 20); // stopped at its very end
    await assertRejects(merge, RangeError, "open it with openFeatures()");
    assertEquals([...Deno.readDirSync(folder)].length, 1);
  }));

Deno.test("write() shares no run that cannot be identified", () =>
  inFolder(async (folder) => {
    const custom = extractor().engine("tfjs").postprocess((x) => x);
    const nameless = { ...source(), fingerprint: undefined } as unknown;
    const shard = [0, 2] as const;
    for (
      const write of [
        () => custom.write(X, `${folder}/x.npz`, { shard }),
        () =>
          extractor().write(nameless as DataSource, `${folder}/y`, {
            shard,
            format: "parquet",
          }),
      ]
    ) {
      await assertRejects(write, TypeError, `leave out "shard"`);
    }
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

Deno.test("write() says which setting differs from the unfinished run's", () =>
  inFolder(async (folder) => {
    const target = `${folder}/x.npz`;
    await begun(target);
    await assertRejects(
      () => extractor().layers(["head"]).write(source(), target),
      RangeError,
      'layers ["head"] instead of ["hidden"]',
    );
  }));

Deno.test("write() and cache() say so when a folder cannot be made, and compute nothing", () =>
  inFolder(async (folder) => {
    const { mkdirSync } = Deno;
    Deno.mkdirSync = () => {
      throw new Deno.errors.PermissionDenied("Permission denied (os error 13)");
    };
    try {
      for (
        const run of [
          () => extractor().write(source(0), `${folder}/x.npz`),
          () => extractor().cache(`${folder}/c`).predict(source(0)),
        ]
      ) await assertRejects(run, TypeError, "pass another target, or allow it");
    } finally {
      Deno.mkdirSync = mkdirSync;
    }
    Deno.writeTextFileSync(`${folder}/file`, "x");
    const cached = extractor().cache(`${folder}/file`);
    const runs = [
      () => cached.predict(source(0)),
      () => cached.write(source(0), `${folder}/x.npz`),
    ];
    for (const run of runs) {
      await assertRejects(run, TypeError, "it must be a folder");
    }
    assertEquals([...Deno.readDirSync(folder)].length, 1);
  }));

Deno.test("write() lists the samples that a source left out, also behind the last batch", () =>
  inFolder(async (folder) => {
    const skips: DataSource = {
      length: 20,
      fingerprint: () => Promise.resolve("skips"),
      async *batches({ size, start }) {
        for (let at = start; at < 20; at += size) {
          const skipped = [{ id: `${at}`, reason: "no image" }];
          const isGone = at === 4 || at >= 16;
          await Promise.resolve();
          if (isGone) {
            yield {
              skipped: Array.from(
                { length: size },
                (_, i) => ({ id: `${at + i}`, reason: "no image" }),
              ),
            };
          } else {
            const ids = [at + 1, at + 2, at + 3];
            yield { xs: rowsOf(X, at + 1, at + 4), ids, skipped };
          }
        }
      },
    };
    const one = await extractor().write(skips, `${folder}/one.npz`);
    assertEquals(one.skipped.map(({ id }) => Number(id)), [
      ...[0, 4, 5, 6, 7, 8, 12, 16, 17, 18, 19],
    ]);
    assertEquals(one.samples, 9);
    const target = `${folder}/shared.npz`;
    for (let k = 0; k < 5; k++) {
      await extractor().write(skips, target, { shard: [k, 5] });
    }
    assertEquals((await mergeFeatures(target)).skipped, one.skipped);
    assertEquals(bytesAt(target), bytesAt(`${folder}/one.npz`));
    await using stored = await openFeatures(target);
    assertEquals(stored.skipped, one.skipped);
  }));

Deno.test("write() names a column of inputs that is not there, as predict() does", () =>
  inFolder(async (folder) => {
    const source = table("tests/data/tables/flowers.csv", { inputs: ["a"] });
    await assertRejects(
      () => extractor().write(source, `${folder}/x.npz`),
      RangeError,
      'every column must be there: current value is "a"',
    );
  }));
