import { assertEquals, assertRejects } from "@std/assert";
import {
  featureSet,
  openFeatures,
  saveFeatures,
  type SaveOptions,
  table,
} from "@sonde/sonde";
import type { FeatureArray } from "@sonde/sonde";
import { makeFeatureSet } from "../../lib/features/feature_set.ts";
import { bytesAt, fieldsOf, fullSet, inFolder } from "./_sets.ts";

const TARGETS: readonly (readonly [string, SaveOptions])[] = [
  ["x.npz", {}],
  ["x.safetensors", {}],
  ["x.parquet", { rowGroupSize: 2 }],
  ["folder", { format: "safetensors", shardSize: 2 }],
  ["folder", { format: "parquet", shardSize: 3 }],
];
const titleOf = (name: string, { format }: SaveOptions) =>
  format === undefined ? name : `a folder of ${format}`;

for (const [name, options] of TARGETS) {
  const title = titleOf(name, options);

  Deno.test(`saveFeatures() writes ${title}, from which everything comes back`, () =>
    inFolder(async (folder) => {
      const set = fullSet();
      const path = `${folder}/${name}`;
      const written = await saveFeatures(set, path, options);
      assertEquals(written.samples, 5);
      const sizes = written.files.map((file) => Deno.statSync(file).size);
      assertEquals(written.bytes, sizes.reduce((a, b) => a + b));
      await using stored = await openFeatures(path);
      assertEquals(fieldsOf(await stored.load()), fieldsOf(set));
      assertEquals(stored.samples, 5);
      assertEquals(stored.specs, set.specs);
      assertEquals(stored.source, set.source);
      assertEquals(stored.classNames, set.classNames);
    }));

  Deno.test(`openFeatures() streams ${title}, as often as it is called`, () =>
    inFolder(async (folder) => {
      const set = fullSet();
      await saveFeatures(set, `${folder}/${name}`, options);
      await using stored = await openFeatures(`${folder}/${name}`);
      for (const batch of [1, 2, 3, 5, 9]) {
        let row = 0;
        for await (const some of stored.stream({ batch })) {
          const rows = Array.from(some.ids, (_, i) => row + i);
          assertEquals(fieldsOf(some), fieldsOf(set.select(rows)));
          row += rows.length;
        }
        assertEquals(row, 5);
      }
    }));

  Deno.test(`saveFeatures() gives ${title} the same bytes each time`, () =>
    inFolder(async (folder) => {
      for (const run of ["a", "b"]) {
        Deno.mkdirSync(`${folder}/${run}`);
        await saveFeatures(fullSet(), `${folder}/${run}/${name}`, options);
      }
      const [a, b] = ["a", "b"].map((run) =>
        bytesAt(`${folder}/${run}/${name}`)
      );
      assertEquals(a, b);
    }));

  Deno.test(`saveFeatures() writes a set without rows as ${title}`, () =>
    inFolder(async (folder) => {
      const set = fullSet().select([]);
      await saveFeatures(set, `${folder}/${name}`, options);
      await using stored = await openFeatures(`${folder}/${name}`);
      assertEquals(stored.samples, 0);
      assertEquals(fieldsOf(await stored.load()), fieldsOf(set));
    }));

  Deno.test(`saveFeatures() keeps the ids of every kind in ${title}`, () =>
    inFolder(async (folder) => {
      const kinds = [
        [0, 1, 2],
        [-1, 2 ** 53 - 1, 5],
        [0.5, -0, NaN],
        [7, "7", "x"],
      ];
      for (const [i, ids] of kinds.entries()) {
        const path = `${folder}/${i}${name}`;
        await saveFeatures(featureSet({ ids }), path, options);
        await using stored = await openFeatures(path);
        assertEquals(Array.from((await stored.load()).ids), ids);
      }
    }));
}

Deno.test("saveFeatures() writes logits alone, and features alone", () =>
  inFolder(async (folder) => {
    const { logits, features, layerNames } = fullSet();
    for (
      const set of [
        featureSet({ logits }),
        featureSet({ features, layerNames }),
      ]
    ) {
      const path = `${folder}/${set.features.length}.parquet`;
      await saveFeatures(set, path);
      await using stored = await openFeatures(path);
      assertEquals(fieldsOf(await stored.load()), fieldsOf(set));
    }
  }));

Deno.test("saveFeatures() writes a feature without units, but not as Parquet", () =>
  inFolder(async (folder) => {
    const empty = {
      data: new Float32Array(),
      shape: [2, 0],
      dtype: "float32",
    } as const;
    const set = featureSet({ features: [empty], layerNames: ["none"] });
    for (const name of ["x.npz", "x.safetensors"]) {
      await saveFeatures(set, `${folder}/${name}`);
      await using stored = await openFeatures(`${folder}/${name}`);
      assertEquals(fieldsOf(await stored.load()), fieldsOf(set));
    }
    const write = () => saveFeatures(set, `${folder}/x.parquet`);
    await assertRejects(write, RangeError, ".safetensors or .npz");
    assertEquals([...Deno.readDirSync(folder)].length, 2);
  }));

/** A set of one feature under a name. */
function named(name: string, ids?: string[], ...others: string[]) {
  const layerNames = [name, ...others];
  const feature = { data: Float32Array.of(1), shape: [1, 1], dtype: "float32" };
  return makeFeatureSet({
    features: layerNames.map(() => feature as FeatureArray),
    layerNames,
    specs: layerNames.map((name) => ({ name, form: "raw" })),
    ids: ids ?? [0],
    nonFinite: [],
  });
}

const REFUSED: Readonly<
  Record<string, [string, ReturnType<typeof named>, string]>
> = {
  "a layer named as a fixed column": ["x.npz", named("sonde.id"), "rename"],
  "a layer that no archive can hold": ["x.npz", named("../x"), ".safetensors"],
  "a layer that no header can hold": [
    "x.safetensors",
    named("__proto__"),
    "__proto__",
  ],
  "a layer named as the description": ["x.npz", named("sonde"), ".parquet"],
  "two layers that NumPy gives one name": [
    "x.npz",
    named("x", undefined, "x.npy"),
    "which NumPy leaves out",
  ],
  "an id that NumPy shortens": ["x.npz", named("x", ["a\0"]), ".safetensors"],
  "an id that is no UTF-8": ["x.safetensors", named("x", ["\ud800"]), "UTF-8"],
  "a layer name that is no UTF-8": ["x.parquet", named("\ud800"), "UTF-8"],
};

for (const [what, [name, set, message]] of Object.entries(REFUSED)) {
  Deno.test(`saveFeatures() refuses ${what}, and leaves nothing`, () =>
    inFolder(async (folder) => {
      await assertRejects(
        () => saveFeatures(set, `${folder}/${name}`),
        Error,
        message,
      );
      assertEquals([...Deno.readDirSync(folder)], []);
    }));
}

Deno.test("saveFeatures() refuses sizes that the target does not have", () =>
  inFolder(async (folder) => {
    const save = (name: string, options: SaveOptions) =>
      saveFeatures(fullSet(), `${folder}/${name}`, options);
    const cases: [string, SaveOptions, string][] = [
      [
        "x.npz",
        { shardSize: 3 },
        `"shardSize" must be left out for one file, "${folder}/x.npz": current value is 3; leave it out, or pass a folder and { format: "safetensors" }`,
      ],
      ["x.parquet", { shardSize: 3 }, `{ format: "parquet" }`],
      ["x.safetensors", { rowGroupSize: 3 }, "or write Parquet"],
      [
        "x",
        { format: "safetensors", rowGroupSize: 3 },
        `"rowGroupSize" must be left out for the format "safetensors"`,
      ],
    ];
    for (const [name, options, message] of cases) {
      await assertRejects(() => save(name, options), TypeError, message);
    }
    assertEquals([...Deno.readDirSync(folder)], []);
    await save("x", { format: "safetensors", shardSize: 3 }); // as advised
    await save("x.parquet", { rowGroupSize: 3 });
    for (const name of ["x", "x.parquet"]) {
      await using stored = await openFeatures(`${folder}/${name}`);
      assertEquals(stored.samples, fullSet().ids.length);
    }
  }));

Deno.test("saveFeatures() gives all files of a folder one type of ids", () =>
  inFolder(async (folder) => {
    const data = Float32Array.of(1, 2, 3, 4);
    const set = featureSet({
      features: [{ data, shape: [4, 1], dtype: "float32" }],
      layerNames: ["x"],
      ids: ["1", 1, -0, 1.5],
    });
    const target = `${folder}/x`;
    await saveFeatures(set, target, { format: "parquet", shardSize: 2 });
    await using stored = await openFeatures(target);
    assertEquals(Array.from((await stored.load()).ids), Array.from(set.ids));
    const source = table(`${target}/*.parquet`, {
      inputs: "x",
      ids: "sonde.id",
    });
    await source.prepare?.();
    assertEquals(source.length, 4);
  }));

Deno.test("saveFeatures() in two calls at once leaves one whole file", () =>
  inFolder(async (folder) => {
    const sets = [3, 400].map((rows) => fullSet(rows));
    const target = `${folder}/x.npz`;
    await Promise.allSettled(sets.map((set) => saveFeatures(set, target)));
    await using stored = await openFeatures(target);
    const set = sets.find(({ ids }) => ids.length === stored.samples)!;
    assertEquals(fieldsOf(await stored.load()), fieldsOf(set));
    assertEquals([...Deno.readDirSync(folder)].length, 1);
  }));
