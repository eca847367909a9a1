import { assertEquals, assertNotEquals } from "@std/assert";
import { type Dataset, tf } from "@sonde/sonde";
import { datasetFingerprint } from "../../lib/datasets/fingerprint.ts";

const INPUTS = [{ name: "x", shape: [null, 2], dtype: "float32" }] as const;
const fingerprint = (dataset: unknown) =>
  datasetFingerprint(dataset as Dataset, INPUTS);

const data = Float32Array.from({ length: 1200 }, (_, i) => i / 7);
const X = { data, shape: [600, 2], dtype: "float32" } as const;

Deno.test("datasetFingerprint() goes by contents, in whatever form they come", async () => {
  const first = await fingerprint(X);
  assertEquals(await fingerprint({ ...X, data: data.slice() }), first);
  const tensor = tf.tensor2d(data, [600, 2]);
  assertEquals(await fingerprint(tensor), first);
  tensor.dispose();
  assertEquals(await fingerprint({ xs: X }), first);
});

Deno.test("datasetFingerprint() differs with any value, label, id and class name", async () => {
  const ids = Array.from({ length: 600 }, (_, i) => `${i}`);
  const ys = Array(600).fill(0);
  const all = { xs: X, ys, ids, classNames: ["a", "b"] };
  const changed = data.slice();
  changed[1199] = 0;
  const others = [
    all,
    { ...all, xs: { ...X, data: changed } },
    { ...all, ys: [...ys.slice(1), 1] },
    { ...all, ids: [...ids.slice(1), "x"] },
    { ...all, classNames: ["a", "c"] },
    { xs: X, ys },
    { xs: X },
  ];
  const found = await Promise.all(others.map(fingerprint));
  assertEquals(new Set(found).size, others.length);
});

Deno.test("datasetFingerprint() takes a source's word, and gives none for the rest", async () => {
  const source = (text: string) => ({
    length: 3,
    batches: () => [],
    fingerprint: () => Promise.resolve(text),
  });
  assertEquals(await fingerprint(source("a")), await fingerprint(source("a")));
  assertNotEquals(
    await fingerprint(source("a")),
    await fingerprint(source("b")),
  );
  assertEquals(await fingerprint({ batches: () => [] }), undefined);
  assertEquals(await fingerprint((function* () {})()), undefined);
  assertEquals(await fingerprint(tf.data.array([1])), undefined);
});
