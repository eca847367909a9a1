import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type DataSource, FeatureExtractor, tf } from "@sonde/sonde";
import {
  checkFeatureNames,
  checkId,
  checkUnits,
} from "../../lib/store/writable.ts";
import { array, mlp, rowsOf } from "../extractor/_models.ts";
import { inFolder } from "./_sets.ts";

const X = array([20, 4]);

function extractor(model = mlp()): FeatureExtractor {
  return new FeatureExtractor(model).layers(["hidden"]).batch(4);
}

function source(): DataSource {
  return {
    length: 20,
    fingerprint: () => Promise.resolve("x"),
    async *batches({ size, start }) {
      for (let at = start; at < 20; at += size) {
        yield await Promise.resolve(rowsOf(X, at, Math.min(20, at + size)));
      }
    },
  };
}

Deno.test("checkFeatureNames() refuses names that readers of a format change", () => {
  for (const name of ["a/../b", "/a", "a//b", "C:x", "a\\b", "a\n", "sonde"]) {
    assertThrows(
      () => checkFeatureNames([name], "npz"),
      RangeError,
      "write .npz",
    );
    checkFeatureNames([name], "parquet");
    checkFeatureNames([name], "safetensors");
  }
  assertThrows(
    () => checkFeatureNames(["a", "a.npy"], "npz"),
    RangeError,
    ".npy",
  );
  checkFeatureNames(["a.npy", "b"], "npz");
  for (const name of ["__metadata__", "__proto__", "constructor"]) {
    assertThrows(
      () => checkFeatureNames([name], "safetensors"),
      RangeError,
      "rename the layer",
    );
    checkFeatureNames([name], "parquet");
  }
});

Deno.test("checkUnits() and checkId() name what the format loses", () => {
  assertThrows(() => checkUnits("a", [2, 0]), RangeError, 'feature "a"');
  checkUnits("a", [2, 1]);
  checkUnits("a", []);
  assertThrows(() => checkId("a\0"), RangeError, "NumPy");
  checkId("a\0b");
  checkId(7);
});

Deno.test("write() refuses names and ids that the format cannot hold, before it has computed all", () =>
  inFolder(async (folder) => {
    const named = (name: string) => {
      const model = tf.sequential();
      model.add(tf.layers.dense({ units: 2, inputShape: [4], name }));
      return new FeatureExtractor(model).layers([name]).batch(4);
    };
    let numRead = 0;
    const watched: DataSource = {
      ...source(),
      async *batches(wanted) {
        numRead++;
        yield* source().batches(wanted) as AsyncIterable<never>;
      },
    };
    const npz = () => named("sonde").write(watched, `${folder}/x.npz`);
    await assertRejects(npz, RangeError, ".safetensors or .parquet");
    const kept = () => named("constructor").write(watched, `${folder}/x.npz`);
    await assertRejects(kept, RangeError, "rename the layer");
    assertEquals(numRead, 0);
    await named("sonde").write(source(), `${folder}/x.parquet`);
    const ids = Array.from({ length: 20 }, (_, i) => `${i}\0`);
    const write = () => extractor().write({ xs: X, ids }, `${folder}/y.npz`);
    await assertRejects(write, RangeError, "which NumPy leaves out");
    assertEquals([...Deno.readDirSync(folder)].length, 1);
  }));
