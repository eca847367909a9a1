import { assertEquals, assertRejects } from "@std/assert";
import { tf } from "@sonde/sonde";
import type { DataSource } from "../../../lib/types.ts";
import { inputImages } from "../../../lib/features/view/_input_images.ts";
import type { Dataset, WantedBatches } from "../../../lib/types.ts";

await tf.setBackend("cpu");

/** Sample `i` is `[i, i + 1]`, as an image of one row. */
function gray(count: number, from = 0) {
  const data = Float32Array.from(
    { length: 2 * count },
    (_, i) => from + Math.floor(i / 2) + i % 2,
  );
  return { data, shape: [count, 1, 2, 1], dtype: "float32" } as const;
}

async function first(dataset: Dataset, ids: (string | number)[]) {
  return (await inputImages(dataset, ids)).map(({ z }) => z[0]);
}

Deno.test("inputImages() finds samples by row number in every form of dataset", async () => {
  const xs = gray(5, 1);
  const ys = [0, 1, 0, 1, 0];
  const { data, shape } = xs;
  const tensor = tf.tensor(data, [...shape]);
  const batches = () => [gray(2, 1), gray(3, 3)];
  const mixed = { labels: { ...gray(5), shape: [5, 2] }, image: xs };
  const forms: Dataset[] = [xs, [xs, ys], { xs, ys }, tensor, mixed];
  forms.push(
    batches().values(),
    (async function* () {
      yield* batches();
    })(),
  );
  for (const dataset of forms) {
    assertEquals(await first(dataset, [3, 0]), [4, 1]);
  }
  tensor.dispose();
});

Deno.test("inputImages() finds samples by the dataset's own ids", async () => {
  const xs = gray(3);
  const ids = ["a.png", "b.png", "c.png"];
  assertEquals(await first({ xs, ids }, ["c.png", "a.png"]), [2, 0]);
});

Deno.test("inputImages() reads a source no further than it must, and asks for small images", async () => {
  const wanted: WantedBatches[] = [];
  let read = 0;
  const source = {
    async *batches(requested: WantedBatches) {
      wanted.push(requested);
      for (;;) yield gray(4, 4 * read++);
    },
  };
  assertEquals(await first(source, [5]), [5]);
  assertEquals([read, wanted[0]!.start], [2, 0]);
  assertEquals(wanted[0]!.inputs[0]!.shape, [null, 64, 64, 3]);
});

Deno.test("inputImages() disposes of what comes out of a tf.data.Dataset, and of nothing else", async () => {
  const before = tf.memory().numTensors;
  const dataset = tf.data.generator(function* () {
    for (let i = 0; i < 3; i++) {
      yield { xs: tf.tensor([i, i], [1, 1, 2, 1]), ys: tf.tensor1d([i]) };
    }
  });
  assertEquals(await first(dataset as unknown as Dataset, [1]), [255]);
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("inputImages() takes colours in both orders of axes, and leaves transparency out", async () => {
  // One pixel a row: red, green, blue, transparency.
  const last = {
    data: Uint8Array.of(1, 2, 3, 255, 4, 5, 6, 255),
    shape: [1, 2, 1, 4],
    dtype: "uint8",
  } as const;
  const [rgb] = await inputImages(last, [0]);
  assertEquals([rgb!.colors, rgb!.height, rgb!.width], ["rgb", 2, 1]);
  assertEquals(Array.from(rgb!.z), [1, 2, 3, 4, 5, 6]);
  const wide = {
    data: Uint8Array.from({ length: 3 * 2 * 5 }, (_, i) => i),
    shape: [1, 3, 2, 5],
    dtype: "uint8",
  } as const;
  const [image] = await inputImages(wide, [0]);
  assertEquals([image!.colors, image!.height, image!.width], ["rgb", 2, 5]);
  assertEquals(Array.from(image!.z).slice(0, 6), [0, 10, 20, 1, 11, 21]);
});

Deno.test("inputImages() scales by what images are stored as, over the whole batch", async () => {
  const images = (values: number[]) => ({
    data: Float32Array.from(values),
    shape: [values.length, 1, 1, 1],
    dtype: "float32",
  } as const);
  assertEquals(await first(images([0, 0.5, 1]), [1]), [127.5]);
  assertEquals(await first(images([0, 1, 200]), [1]), [1]);
  assertEquals(await first(images([-1, 0, 1]), [1]), [127.5]);
  assertEquals(await first(images([-3, -3]), [1]), [0]);
});

Deno.test("inputImages() takes gray images of rank 3", async () => {
  const images = { ...gray(3), shape: [3, 1, 2] };
  const [image] = await inputImages(images, [2]);
  assertEquals([image!.colors, image!.height, image!.width], ["gray", 1, 2]);
});

Deno.test("inputImages() refuses samples that are not there, and what is no image", async () => {
  await assertRejects(
    () => inputImages(gray(3), [0, 3]),
    RangeError,
    'Cannot show images of samples as "images" must hold every sample that is shown: current value is 3; pass the dataset that the set was made from',
  );
  assertEquals((await inputImages(gray(4), [0, 3])).length, 2);
  const vectors = { data: new Float32Array(6), shape: [3, 2] };
  await assertRejects(
    () => inputImages({ ...vectors, dtype: "float32" }, [0]),
    TypeError,
    "current value is [[3, 2]]",
  );
  const many = { data: new Float32Array(8), shape: [1, 2, 2, 2] };
  await assertRejects(
    () => inputImages({ ...many, dtype: "float32" }, [0]),
    TypeError,
    "1, 3 or 4 channels",
  );
});

Deno.test("inputImages() asks a source for samples by their ids, where it returns them", async () => {
  const requested: unknown[] = [];
  const source: DataSource = {
    batches() {
      throw new Error("must not be read from its start");
    },
    samples(ids) {
      requested.push(ids);
      const data = Float32Array.from(ids, (id) => Number(id) * 51);
      const shape = [ids.length, 1, 1, 1];
      return Promise.resolve({ xs: { data, shape, dtype: "float32" } });
    },
  };
  const images = await inputImages(source, [4, 1, 4]);
  assertEquals(images.map(({ z }) => Math.round(z[0]!)), [204, 51, 204]);
  assertEquals(requested, [[4, 1, 4]]);
});
