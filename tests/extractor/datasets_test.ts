/**
 * Every form of data, from the outside.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import {
  type Dataset,
  FeatureExtractor,
  type NdArray,
  tf,
  type WantedBatches,
} from "@sonde/sonde";
import { assertAllClose } from "../support/all_close.ts";
import { counted } from "../support/backends.ts";
import { array, free, mlp, rowsOf, shared } from "./_models.ts";

const QUIET = { progress: false };
const X = array([7, 4]);
const Y = [0, 2, 1, 1, 0, 2, 2];
const IDS = ["a", "b", "c", "d", "e", "f", "g"];

function int32(values: number[], shape = [values.length]): NdArray<Int32Array> {
  return { data: Int32Array.from(values), shape, dtype: "int32" };
}

function oneHot(values: number[]): NdArray {
  const data = new Float32Array(values.length * 3);
  values.forEach((value, row) => data[row * 3 + value] = 1);
  return { data, shape: [values.length, 3], dtype: "float32" };
}

/** Three batches of the seven rows. */
function* batches<T>(of: (start: number, end: number) => T): Generator<T> {
  for (const [start, end] of [[0, 3], [3, 6], [6, 7]] as const) {
    yield of(start, end);
  }
}

const x = (start: number, end: number) => rowsOf(X, start, end);
const y = (start: number, end: number) => Y.slice(start, end);
const ids = (start: number, end: number) => IDS.slice(start, end);

async function* later<T>(list: Iterable<T>): AsyncGenerator<T> {
  for (const item of list) yield await Promise.resolve(item);
}

const source = {
  length: 7,
  classNames: ["zero", "one", "two"],
  async *batches({ size, start, inputs }: WantedBatches) {
    assertEquals([size, start, inputs.length], [2, 0, 1]);
    for (let i = 0; i < 7; i += size) {
      const end = Math.min(7, i + size);
      yield { xs: x(i, end), ys: y(i, end), ids: ids(i, end) };
    }
  },
};

/** Forms, whether they carry labels, and whether they carry ids. */
const FORMS: Record<string, [() => unknown, boolean, boolean]> = {
  "an array on the host": [() => X, false, false],
  "a pair": [() => [X, Y], true, false],
  "an array of one": [() => [X], false, false],
  "a record by name": [() => ({ hidden_input: X }), false, false],
  "xs": [() => ({ xs: X }), false, false],
  "xs and ys": [() => ({ xs: X, ys: int32(Y) }), true, false],
  "xs, ys and ids": [() => ({ xs: X, ys: Y, ids: IDS }), true, true],
  "one-hot labels": [() => [X, oneHot(Y)], true, false],
  "labels in a column": [() => [X, int32(Y, [7, 1])], true, false],
  "a generator": [() => batches(x), false, false],
  "a generator of pairs": [
    () => batches((a, b) => [x(a, b), y(a, b)]),
    true,
    false,
  ],
  "a Set of records": [
    () =>
      new Set(
        batches((a, b) => ({ xs: x(a, b), ys: y(a, b), ids: ids(a, b) })),
      ),
    true,
    true,
  ],
  "an async generator": [() => later(batches(x)), false, false],
  "a source": [() => source, true, true],
};

for (const [name, [create, hasLabels, hasIds]] of Object.entries(FORMS)) {
  counted(`predict() takes ${name}`, async () => {
    const model = mlp();
    const extractor = new FeatureExtractor(model).layers([0]).batch(2);
    const expected = await extractor.predict(X, QUIET);
    const set = await extractor.predict(create() as Dataset, QUIET);
    assertAllClose(set.logits!, expected.logits!, { atol: 1e-6 });
    assertAllClose(set.features[0]!, expected.features[0]!, { atol: 1e-6 });
    assertEquals(
      set.labels && [...set.labels.data],
      hasLabels ? Y : undefined,
    );
    assertEquals([...set.ids as string[]], hasIds ? IDS : [...Array(7).keys()]);
    assertEquals(
      set.classNames,
      name === "a source" ? source.classNames : undefined,
    );
    free(model);
  });
}

counted("predict() accepts tensors, which the caller still owns", async () => {
  const model = mlp();
  const extractor = new FeatureExtractor(model).batch(3);
  const expected = await extractor.predict(X, QUIET);
  const tensor = tf.tensor(X.data, [7, 4]);
  const labels = tf.tensor1d(Y, "int32");
  for (
    const dataset of [
      tensor,
      [tensor, labels],
      { xs: tensor, ys: labels },
      new Set([[tensor, labels] as const]),
    ]
  ) {
    const set = await extractor.predict(dataset, QUIET);
    assertEquals(set.logits, expected.logits);
  }
  assert(!tensor.isDisposed && !labels.isDisposed);
  tf.dispose([tensor, labels]);
  free(model);
});

counted(
  "a generator may dispose of what it yielded when the next is requested",
  async () => {
    const model = mlp();
    function* tensors() {
      for (const batch of batches(x)) {
        const tensor = tf.tensor(batch.data, [...batch.shape]);
        yield tensor;
        tensor.dispose();
      }
    }
    const extractor = new FeatureExtractor(model);
    const set = await extractor.predict(tensors(), QUIET);
    assertAllClose(set.logits!, (await extractor.predict(X, QUIET)).logits!, {
      atol: 1e-6,
    });
    free(model);
  },
);

counted(
  "predict() accepts a tf.data.Dataset, and disposes of its tensors",
  async () => {
    const model = mlp();
    const extractor = new FeatureExtractor(model);
    const rows = Array.from({ length: 7 }, (_, row) => ({
      xs: [...rowsOf(X, row, row + 1).data],
      ys: Y[row]!,
    }));
    const set = await extractor.predict(
      tf.data.array(rows).batch(3) as Dataset,
      QUIET,
    );
    assertEquals([...set.labels!.data], Y);
    assertAllClose(set.logits!, (await extractor.predict(X, QUIET)).logits!, {
      atol: 1e-6,
    });
    free(model);
  },
);

counted("predict() accepts several inputs with labels", async () => {
  const model = shared();
  const [a, b] = [array([7, 3]), array([7, 2])];
  const extractor = new FeatureExtractor(model).batch(4);
  const expected = await extractor.predict([a, b], QUIET);
  for (
    const dataset of [
      [[a, b], Y],
      [{ a, b }, Y],
      { xs: { b, a }, ys: Y },
    ] as Dataset[]
  ) {
    const set = await extractor.predict(dataset, QUIET);
    assertEquals(set.logits, expected.logits);
    assertEquals([...set.labels!.data], Y);
  }
  free(model);
});

counted("predict() accepts element types that convert exactly", async () => {
  const model = mlp();
  const extractor = new FeatureExtractor(model);
  const whole = [1, 0, 1, 1, 0, 1, 0, 0];
  const expected = await extractor.predict({
    data: Float32Array.from(whole),
    shape: [2, 4],
    dtype: "float32",
  }, QUIET);
  for (
    const [data, dtype] of [
      [Float64Array.from(whole), "float64"],
      [Float16Array.from(whole), "float16"],
      [Int32Array.from(whole), "int32"],
      [BigInt64Array.from(whole.map(BigInt)), "int64"],
      [Uint8Array.from(whole), "uint8"],
      [Uint8Array.from(whole), "bool"],
    ] as const
  ) {
    const set = await extractor.predict({ data, shape: [2, 4], dtype }, QUIET);
    assertEquals(set.logits, expected.logits);
  }
  free(model);
});
