import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  clearCache,
  type CustomActivation,
  type DataSource,
  FeatureExtractor,
  loadModel,
  openFeatures,
} from "@sonde/sonde";
import { bytesAt, fieldsOf, inFolder } from "../store/_sets.ts";
import { array, filled, mlp, rowsOf } from "./_models.ts";

const X = array([10, 4]);
const DATA = { xs: X, ys: Array(10).fill(1), ids: [..."abcdefghij"] };

/** A source over X that counts how often it is read. */
function counting(name: string): DataSource & { reads: number } {
  return {
    reads: 0,
    length: 10,
    fingerprint: () => Promise.resolve(name),
    async *batches({ size, start }) {
      this.reads++;
      for (let at = start; at < 10; at += size) {
        yield await Promise.resolve(rowsOf(X, at, Math.min(10, at + size)));
      }
    },
  };
}

function cached(folder: string, model = mlp()): FeatureExtractor {
  return new FeatureExtractor(model).layers(["hidden"]).penultimate().batch(4)
    .cache(folder);
}

Deno.test("predict() returns a cached result without reading the data", () =>
  inFolder(async (folder) => {
    const source = counting("x");
    const extractor = cached(folder);
    const first = await extractor.predict(source);
    const second = await extractor.predict(source);
    assertEquals(source.reads, 1);
    assertEquals(fieldsOf(second), fieldsOf(first));
    const data = await extractor.predict(DATA);
    assertEquals(fieldsOf(await extractor.predict(DATA)), fieldsOf(data));
    assertEquals([...Deno.readDirSync(folder)].length, 2);
  }));

Deno.test("cache() goes by contents: another object of the same contents hits", () =>
  inFolder(async (folder) => {
    await cached(folder).predict(counting("x"));
    const source = counting("x");
    await cached(folder, mlp()).predict(source);
    assertEquals(source.reads, 0);
    await cached(folder).predict(DATA);
    const copy = { ...DATA, xs: { ...X, data: X.data.slice() } };
    await cached(folder).predict(copy);
    assertEquals([...Deno.readDirSync(folder)].length, 2);
  }));

const CHANGES: Readonly<Record<string, (folder: string) => Promise<unknown>>> =
  {
    "a changed weight": (folder) =>
      cached(folder, filled(mlp(), 2)).predict(DATA),
    "a changed value": (folder) => {
      const data = X.data.slice();
      data[17]! += 1e-7;
      return cached(folder).predict({ ...DATA, xs: { ...X, data } });
    },
    "a changed label": (folder) =>
      cached(folder).predict({ ...DATA, ys: [...Array(9).fill(1), 0] }),
    "a changed id": (folder) =>
      cached(folder).predict({ ...DATA, ids: [..."abcdefghix"] }),
    "another layer": (folder) => cached(folder).layers(["head"]).predict(DATA),
    "another batch": (folder) => cached(folder).batch(5).predict(DATA),
    "another shaping": (folder) => cached(folder).react(0.5).predict(DATA),
    "another engine": (folder) =>
      cached(folder).engine("tfjs", { backend: "cpu" }).predict(DATA),
  };

for (const [what, predict] of Object.entries(CHANGES)) {
  Deno.test(`cache() misses after ${what}`, () =>
    inFolder(async (folder) => {
      await cached(folder).predict(DATA);
      await predict(folder);
      assertEquals([...Deno.readDirSync(folder)].length, 2);
    }));
}

Deno.test("cache() serves write(), and keeps what it writes", () =>
  inFolder(async (folder) => {
    const source = counting("x");
    const extractor = cached(`${folder}/cache`);
    await extractor.write(source, `${folder}/first.parquet`);
    for (const name of ["second.parquet", "x.npz"]) {
      await extractor.write(source, `${folder}/${name}`);
    }
    const format = { format: "safetensors", shardSize: 3 } as const;
    await extractor.write(source, `${folder}/folder`, format);
    const set = await extractor.predict(source);
    assertEquals(source.reads, 1);
    assertEquals(
      bytesAt(`${folder}/second.parquet`),
      bytesAt(`${folder}/first.parquet`),
    );
    await using stored = await openFeatures(`${folder}/folder`);
    assertEquals(fieldsOf(await stored.load()), fieldsOf(set));
    const plain = new FeatureExtractor(mlp()).layers(["hidden"]).penultimate()
      .batch(4);
    await plain.write(source, `${folder}/plain.npz`);
    assertEquals(bytesAt(`${folder}/plain.npz`), bytesAt(`${folder}/x.npz`));
  }));

Deno.test("cache() refuses what has no content to go by", () =>
  inFolder(async (folder) => {
    const custom = cached(folder).engine("tfjs").postprocess((x) => x);
    async function* once() {
      yield await Promise.resolve(X);
    }
    const nameless = { ...counting("x"), fingerprint: undefined } as unknown;
    for (
      const run of [
        () => custom.predict(DATA),
        () => custom.write(DATA, `${folder}/x.npz`),
        () => cached(folder).predict(once()),
        () => cached(folder).predict(nameless as DataSource),
      ]
    ) {
      await assertRejects(run, TypeError, "leave out .cache()");
    }
    const mine: CustomActivation = (ops, x) => ops.tanh(x);
    const path = new URL(
      "../../notebooks/models/keras/digits.keras",
      import.meta.url,
    );
    await using model = await loadModel(path, {
      customObjects: { mine },
    });
    const extractor = new FeatureExtractor(model).cache(folder);
    const run = () => extractor.predict(array([1, 28, 28, 1]));
    await assertRejects(run, TypeError, "leave out .cache()");
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

Deno.test("cache() keeps to its size, and drops what was used longest ago", () =>
  inFolder(async (folder) => {
    await cached(folder).predict(DATA);
    const [first] = [...Deno.readDirSync(folder)];
    const path = `${folder}/${first!.name}`;
    const { size } = Deno.statSync(path);
    Deno.utimeSync(path, new Date(0), new Date(0));
    const small = cached(folder).cache(folder, { maxBytes: 2 * size + 200 });
    await small.batch(5).predict(DATA);
    await small.predict(DATA); // used again
    const old = [...Deno.readDirSync(folder)].find(({ name }) =>
      name !== first!.name
    )!;
    Deno.utimeSync(`${folder}/${old.name}`, new Date(0), new Date(0));
    await small.batch(6).predict(DATA);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
    assertEquals(names.length, 2);
    assert(names.includes(first!.name));
    assert(!names.includes(old.name));
    await cached(folder).cache(folder, { maxBytes: 1 }).batch(7).predict(DATA);
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

Deno.test("cache() says so when a file of it was changed", () =>
  inFolder(async (folder) => {
    await cached(folder).predict(DATA);
    const [{ name } = { name: "" }] = [...Deno.readDirSync(folder)];
    const bytes = Deno.readFileSync(`${folder}/${name}`);
    bytes[bytes.length - 12]! ^= 1;
    Deno.writeFileSync(`${folder}/${name}`, bytes);
    await assertRejects(
      () => cached(folder).predict(DATA),
      SyntaxError,
      "checksum",
    );
  }));

Deno.test("clearCache() removes results alone", () =>
  inFolder(async (folder) => {
    await cached(folder).predict(DATA);
    Deno.writeTextFileSync(`${folder}/mine.txt`, "mine");
    // Left by a process that was killed two days ago, and one that writes now.
    const [old, now] = ["0", "1"].map((digit) =>
      `${folder}/${digit.repeat(64)}.safetensors.${crypto.randomUUID()}` +
      ".unfinished"
    ) as [string, string];
    for (const path of [old, now]) Deno.writeTextFileSync(path, "half");
    const then = new Date(Date.now() - 2 * 24 * 60 * 60 * 1000);
    Deno.utimeSync(old, then, then);
    assertEquals(clearCache(folder), 1);
    Deno.removeSync(now);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), [
      "mine.txt",
    ]);
    assertEquals(clearCache(`${folder}/no`), 0);
    assertThrows(() => clearCache(`${folder}/mine.txt`), TypeError, "a folder");
    assertThrows(
      () => cached(folder).cache(folder, { maxBytes: 0 }),
      RangeError,
      "maxBytes",
    );
  }));
