import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  featureSet,
  openFeatures,
  saveFeatures,
  type SaveOptions,
} from "@sonde/sonde";
import { npyHead } from "../../lib/formats/npy_writer.ts";
import { toSafetensors } from "../../lib/formats/safetensors.ts";
import { RUNS_ALL } from "../support/extent.ts";
import { fieldsOf, fullSet, inFolder } from "./_sets.ts";

const TARGETS: readonly (readonly [string, string, SaveOptions])[] = [
  ["x.npz", "", {}],
  ["x.safetensors", "", {}],
  ["x.parquet", "", {}],
  ["s", "/features-00001.safetensors", { format: "safetensors", shardSize: 2 }],
  ["p", "/features-00001.parquet", { format: "parquet", shardSize: 2 }],
];

/** Reads everything; what is wrong must show here at the latest. */
async function readAll(path: string): Promise<void> {
  await using stored = await openFeatures(path);
  for await (const _set of stored.stream({ batch: 2 }));
}

/** How many bytes of a file are changed, one at a time. */
const CHANGES = RUNS_ALL ? 40 : 16;

for (const [name, file, options] of TARGETS) {
  const title = options.format === undefined
    ? name
    : `shards of ${options.format}`;

  Deno.test(`openFeatures() refuses ${title} that are cut anywhere`, () =>
    inFolder(async (folder) => {
      await saveFeatures(fullSet(), `${folder}/${name}`, options);
      const path = `${folder}/${name}${file}`;
      const bytes = Deno.readFileSync(path);
      const cuts = Array.from(
        { length: 12 },
        (_, i) => Math.floor(bytes.length * i / 12),
      );
      for (const cut of [...cuts, bytes.length - 1]) {
        Deno.writeFileSync(path, bytes.subarray(0, cut));
        await assertRejects(() => readAll(`${folder}/${name}`), SyntaxError);
      }
    }));

  Deno.test(`openFeatures() gives no other number from ${title} with a byte changed`, () =>
    inFolder(async (folder) => {
      await saveFeatures(fullSet(), `${folder}/${name}`, options);
      const path = `${folder}/${name}${file}`;
      const bytes = Deno.readFileSync(path);
      const before = await loaded(`${folder}/${name}`);
      let numRefused = 0;
      for (let i = 0; i < CHANGES; i++) {
        const changed = bytes.slice();
        changed[Math.floor(bytes.length * i / CHANGES)]! ^= 0x10;
        Deno.writeFileSync(path, changed);
        try {
          // What no value depends on may change.
          assertEquals(await loaded(`${folder}/${name}`), before);
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error;
          numRefused++;
        }
      }
      assert(numRefused > CHANGES / 4, `${numRefused} refused`);
    }));
}

/** Everything that the files say. */
async function loaded(path: string): Promise<unknown> {
  await using stored = await openFeatures(path);
  return [fieldsOf(await stored.load()), stored.skipped];
}

/** Where a file holds something that no array of rows is. */
const FACTS = ["Katze", "softmax", "pooled", `"samples": 2`];

Deno.test("openFeatures() notices a changed byte in weights, names and manifests", () =>
  inFolder(async (folder) => {
    const set = fullSet();
    await saveFeatures(set, `${folder}/x.safetensors`);
    await saveFeatures(set, `${folder}/s`, {
      format: "safetensors",
      shardSize: 2,
    });
    const weights = String.fromCharCode(
      ...new Uint8Array((set.head!.kernel.data as Float32Array).buffer),
    );
    let numChanged = 0;
    for (
      const [target, file] of [["x.safetensors", ""], ["s", "/_sonde.json"]]
    ) {
      const path = `${folder}/${target}${file}`;
      const bytes = Deno.readFileSync(path);
      const text = new TextDecoder("latin1").decode(bytes);
      const positions = [...FACTS, weights].map((fact) =>
        Array.from(text, (_, i) => i).find((i) =>
          [...fact].every((letter, k) => bytes[i + k] === letter.charCodeAt(0))
        )
      );
      for (const position of positions) {
        if (position === undefined) continue;
        numChanged++;
        const changed = bytes.slice();
        changed[position + (file === "" ? 0 : `"samples": `.length)]! ^= 1;
        Deno.writeFileSync(path, changed);
        await assertRejects(
          () => loaded(`${folder}/${target}`),
          SyntaxError,
          "checksum",
        );
        Deno.writeFileSync(path, bytes);
      }
      await loaded(`${folder}/${target}`);
    }
    assertEquals(numChanged, 5);
  }));

Deno.test("openFeatures() refuses what Sonde did not write, and what is not there", () =>
  inFolder(async (folder) => {
    const one = {
      data: Float32Array.of(1),
      shape: [1],
      dtype: "float32",
    } as const;
    Deno.writeFileSync(
      `${folder}/x.safetensors`,
      toSafetensors(new Map([["x", one]])),
    );
    Deno.writeFileSync(`${folder}/x.npy`, npyHead("float32", [0]));
    Deno.mkdirSync(`${folder}/folder`);
    Deno.mkdirSync(`${folder}/y.npz.partial`);
    await assertRejects(
      () => openFeatures(`${folder}/x.safetensors`),
      SyntaxError,
      "Sonde must have written it",
    );
    await assertRejects(() => openFeatures(`${folder}/x.npy`), SyntaxError);
    await assertRejects(
      () => openFeatures(`${folder}/folder`),
      SyntaxError,
      "_sonde.json",
    );
    await assertRejects(
      () => openFeatures(`${folder}/y.npz.partial`),
      SyntaxError,
      "is not finished: call write() or mergeFeatures() again",
    );
    await assertRejects(
      () => openFeatures(`${folder}/no`),
      Deno.errors.NotFound,
      `the file must be there: current value is "${folder}/no"; check the path`,
    );
    await assertRejects(
      () => openFeatures(`${folder}/y.npz`),
      Deno.errors.NotFound,
      "is not finished",
    );
    await assertRejects(() => openFeatures("https://x.org/x.npz"), TypeError);
  }));

Deno.test("openFeatures() refuses shards that are missing, or of another run", () =>
  inFolder(async (folder) => {
    const options = { format: "safetensors", shardSize: 2 } as const;
    await saveFeatures(fullSet(), `${folder}/a`, options);
    const other = featureSet({ ids: ["x", "y", "z", "u", "v"] });
    await saveFeatures(other, `${folder}/b`, options);
    const name = "features-00001.safetensors";
    const bytes = Deno.readFileSync(`${folder}/b/${name}`);
    const manifest = `${folder}/a/_sonde.json`;
    const { size } = Deno.statSync(`${folder}/a/${name}`);
    Deno.writeFileSync(`${folder}/a/${name}`, bytes);
    const text = Deno.readTextFileSync(manifest);
    Deno.writeTextFileSync(
      manifest,
      text.replace(`"bytes": ${size}`, `"bytes": ${bytes.length}`),
    );
    await assertRejects(
      () => readAll(`${folder}/a`),
      TypeError,
      "same columns",
    );
    Deno.removeSync(`${folder}/a/${name}`);
    await assertRejects(
      () => openFeatures(`${folder}/a`),
      SyntaxError,
      "no such file",
    );
  }));

Deno.test("openFeatures() refuses manifests that list no shards", () =>
  inFolder(async (folder) => {
    const manifest = `${folder}/a/_sonde.json`;
    await saveFeatures(fullSet(), `${folder}/a`, { format: "safetensors" });
    const texts = ["null", "[1]", "5", "{}", '{"shards":null}'];
    texts.push('{"shards":[]}', '{"shards":[null]}', '{"shards":[5]}');
    for (const text of texts) {
      Deno.writeTextFileSync(manifest, text);
      await assertRejects(
        () => openFeatures(`${folder}/a`),
        SyntaxError,
        "must list shards",
      );
    }
    Deno.removeSync(manifest);
    Deno.mkdirSync(manifest);
    await assertRejects(
      () => openFeatures(`${folder}/a`),
      Deno.errors.IsADirectory,
      'current value is "a folder"',
    );
  }));

Deno.test("StoredFeatures shows its columns, and says so when it is closed", () =>
  inFolder(async (folder) => {
    const url = new URL(`file://${folder}/with%20space.npz`);
    await saveFeatures(fullSet(), url);
    assertEquals([...Deno.readDirSync(folder)][0]!.name, "with space.npz");
    const stored = await openFeatures(url);
    const text = Deno.inspect(stored);
    assert(text.includes("StoredFeatures of 5 samples"), text);
    assert(text.includes("block/conv:1"), text);
    const again = () => stored.stream({ batch: 0 });
    await assertRejects(async () => {
      for await (const _set of again());
    }, RangeError);
    await stored.close();
    await stored.close();
    await assertRejects(() => stored.load(), TypeError, "openFeatures() again");
  }));

Deno.test("saveFeatures() refuses targets that are there, and sets that are none", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/x.npz`, "mine");
    const set = fullSet();
    const save = () => saveFeatures(set, `${folder}/x.npz`);
    await assertRejects(save, RangeError, "must not exist yet");
    assertEquals(Deno.readTextFileSync(`${folder}/x.npz`), "mine");
    const promise = Promise.resolve(set) as unknown as typeof set;
    await assertRejects(
      () => saveFeatures(promise, `${folder}/y.npz`),
      TypeError,
      "await",
    );
    const none = {} as typeof set;
    await assertRejects(
      () => saveFeatures(none, `${folder}/y.npz`),
      TypeError,
      "feature set",
    );
  }));

Deno.test("Written shows samples, files and what was skipped", () =>
  inFolder(async (folder) => {
    const written = await saveFeatures(fullSet(), `${folder}/x.npz`);
    const text = Deno.inspect(written);
    assert(text.includes("Written: 5 samples"), text);
    assert(text.includes("x.npz"), text);
  }));

Deno.test({
  name: "saveFeatures() says so when a folder cannot be written",
  permissions: { read: true, write: false, env: true, ffi: true, sys: true },
  fn: async () => {
    const folder = new URL("../data", import.meta.url);
    await assertRejects(
      () =>
        saveFeatures(fullSet(), `${decodeURIComponent(folder.pathname)}/x.npz`),
      TypeError,
      "allow it (--allow-write)",
    );
  },
});

Deno.test("StoredFeatures reads shards several times at once", () =>
  inFolder(async (folder) => {
    for (const format of ["parquet", "safetensors"] as const) {
      const options = { format, shardSize: 2 };
      await saveFeatures(fullSet(9), `${folder}/${format}`, options);
      await using stored = await openFeatures(`${folder}/${format}`);
      const streamed = async () => {
        const ids = [];
        for await (const set of stored.stream({ batch: 3 })) {
          ids.push(...Array.from(set.ids));
        }
        return ids;
      };
      const [first, second, whole] = await Promise.all([
        ...[streamed(), streamed()],
        stored.load().then(({ ids }) => Array.from(ids)),
      ]);
      assertEquals([first, second], [fullSet(9).ids, whole]);
      const stream = stored.stream({ batch: 2 })[Symbol.asyncIterator]();
      await stream.next();
      await stream.next();
      await stored.close();
      await assertRejects(() => stream.next(), TypeError, "must be open");
    }
  }));

Deno.test("openFeatures() takes no safetensors file for a zip archive", () =>
  inFolder(async (folder) => {
    // A header of 0x4b50 bytes begins with "PK".
    const save = async (length: number) => {
      const path = `${folder}/${length}.safetensors`;
      const classNames = ["x".repeat(length)];
      const set = featureSet({ labels: [0], ids: [1], classNames });
      await saveFeatures(set, path);
      const [size] = new Uint32Array(Deno.readFileSync(path).buffer, 0, 1);
      return { path, size: size! };
    };
    const { size } = await save(1);
    for (let length = 0x4b50 - size;; length++) {
      const { path, size } = await save(length);
      if (size < 0x4b50) continue;
      assertEquals(size, 0x4b50);
      await using stored = await openFeatures(path);
      assertEquals(stored.classNames, ["x".repeat(length)]);
      return;
    }
  }));

Deno.test("Written and StoredFeatures count one sample as one, and list 40 columns", () =>
  inFolder(async (folder) => {
    const data = Float32Array.of(1);
    const array = { data, shape: [1, 1], dtype: "float32" } as const;
    const names = Array.from({ length: 50 }, (_, i) => `layer_${i}`);
    const set = featureSet({
      features: names.map(() => array),
      layerNames: names,
    });
    const written = await saveFeatures(set, `${folder}/x.npz`);
    const text = Deno.inspect(written);
    assert(text.includes("Written: 1 sample\n"), text);
    await using stored = await openFeatures(`${folder}/x.npz`);
    const lines = Deno.inspect(stored).split("\n");
    assertEquals(lines[0], "StoredFeatures of 1 sample");
    assert(lines.some((line) => /^… \d+ more …$/.test(line.trim())));
    assert(/^40 of \d+ columns listed: stored\.specs/.test(lines.at(-1)!));
  }));
