/**
 * What bad data get: an error in the house form, before anything runs where it
 * can be seen so early, and no tensor more or less than before.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import {
  type Dataset,
  FeatureExtractor,
  type NdArray,
  type TensorLike,
  tf,
} from "@sonde/sonde";
import { counted } from "../support/backends.ts";
import { array, Doubling, filled, free, shared } from "./_models.ts";

const QUIET = { progress: false };

/** `[4] → [4]`, which counts its calls. */
function watched(): { model: tf.LayersModel; layer: Doubling } {
  const layer = new Doubling({ name: "doubling" });
  const model = filled(tf.sequential({
    layers: [
      tf.layers.inputLayer({ inputShape: [4], name: "x" }),
      layer,
      tf.layers.dense({ name: "head", units: 3, activation: "softmax" }),
    ],
  }));
  return { model, layer };
}

async function refuses(
  cases: readonly (readonly [dataset: unknown, text: string])[],
  runs = 0,
): Promise<void> {
  const { model, layer } = watched();
  const extractor = new FeatureExtractor(model).layers(["doubling"]).batch(2);
  for (const [dataset, text] of cases) {
    layer.calls = 0;
    const error = await assertRejects(() =>
      extractor.predict(dataset as Dataset, QUIET)
    );
    assertEquals(error.message, text);
    assertEquals(layer.calls, runs);
  }
  free(model);
}

function ints(values: number[], shape = [values.length]): TensorLike {
  return { data: Int32Array.from(values), shape, dtype: "int32" };
}

counted(
  "data of another shape, rank or type are refused before anything runs",
  async () => {
    const must = 'Cannot read dataset as input "x" must be of shape [null, 4]:';
    const flat = tf.ones([4]);
    const text = tf.tensor(["a", "b"]);
    const gone = tf.ones([2, 4]);
    gone.dispose();
    await refuses([
      [
        array([3, 5]),
        `${must} current value is [3, 5]; each sample must be [4], as when the model was trained: resize, pad, crop or select columns`,
      ],
      [
        array([3, 4, 1]),
        `${must} current value is [3, 4, 1]; reshape it, as by x.reshape([-1, 4])`,
      ],
      [
        flat,
        `${must} current value is [4]; its batch axis is missing: add one, as by x.expandDims(0), or batch the dataset, as by ds.batch(32)`,
      ],
      [
        text,
        'Cannot read dataset as input "x" must be a tensor of float32, int32 or bool: current value is "string"',
      ],
      [
        gone,
        'Cannot read dataset as input "x" must be a tensor that is not disposed: current value is "disposed"; dispose of it after the run',
      ],
      [
        { ...array([3, 4]), shape: [2, 4] },
        'Cannot read dataset as "data" of input "x" must hold the 8 values of its shape [2, 4]: current value is 12',
      ],
      [
        { ...array([3, 4]), dtype: "float16" },
        'Cannot read dataset as "data" of input "x" must be of class Float16Array as its dtype is "float16": current value is a Float32Array',
      ],
      [
        array([0, 4]),
        'Cannot read dataset as input "x" must hold at least one row: current value is [0, 4]',
      ],
    ]);
    tf.dispose([flat, text]);
  },
);

counted("data without a shape are refused, ragged or not", async () => {
  const as = "make it a tensor, as by tf.tensor(…), or { data, shape, dtype }";
  const rule =
    "Cannot read dataset as inputs must be a tensor or { data, shape, dtype }";
  await refuses([
    [
      [[1, 2, 3, 4], [5, 6]],
      `${rule}: current value is [[1, 2, 3, 4], [5, 6]]; ${as}`,
    ],
    [[1, 2, 3, 4], `${rule}: current value is [1, 2, 3, 4]; ${as}`],
    [new Float32Array(4), `${rule}: current value is a Float32Array; ${as}`],
  ]);
});

counted("datasets that hold nothing are refused", async () => {
  function* nothing() {}
  const text =
    'Cannot read dataset as it must yield at least one batch: current value is "nothing"';
  const hint =
    "; a generator can be read once only: make a new one for each run";
  await refuses([
    [nothing(), text + hint],
    [new Set(), text + hint],
    [{ async *batches() {} }, text],
  ]);
});

counted("what is no dataset is told what goes", async () => {
  const { model } = watched();
  for (const value of [undefined, null, 7, "images", {}, () => 0, []]) {
    await assertRejects(
      () => new FeatureExtractor(model).predict(value as never, QUIET),
      TypeError,
      "Cannot read dataset as ",
    );
  }
  free(model);
});

counted(
  "integers that float32 cannot hold are refused, with their row",
  async () => {
    await refuses([
      [
        ints([1, 2, 3, 4, 5, 6, 2 ** 24 + 1, 8], [2, 4]),
        'Cannot read dataset as every value of input "x" must be exact in float32: current value is 16777217; it is in row 1',
      ],
      [
        {
          data: BigInt64Array.from([1n, 2n, 3n, 2n ** 60n + 1n]),
          shape: [1, 4],
          dtype: "int64",
        },
        'Cannot read dataset as every value of input "x" must be exact in float32: current value is 1152921504606846977n; it is in row 0',
      ],
    ]);
  },
);

counted(
  "labels fewer or more than inputs are refused before anything runs",
  async () => {
    const rule =
      "Cannot read dataset as there must be as many labels as inputs, 3";
    await refuses([
      [[array([3, 4]), [0, 1]], `${rule}: current value is 2`],
      [[array([3, 4]), ints([0, 1, 2, 0])], `${rule}: current value is 4`],
      [{ xs: array([3, 4]), ys: [0] }, `${rule}: current value is 1`],
    ]);
  },
);

counted(
  "labels that are no classes are refused before anything runs",
  async () => {
    const { model, layer } = watched();
    const extractor = new FeatureExtractor(model);
    const labels: [unknown, string][] = [
      [[0, 1.5, 2], "current value is 1.5; it is in row 1"],
      [[0, NaN, 1], "current value is NaN"],
      [ints([1, 0, 0, 1, 1, 0, 0, 0, 1], [3, 3]), "it is row 1"],
      [array([3, 3]), "it is row 0"],
      [array([3, 2, 2]), "current value is [3, 2, 2]"],
      [["cat", 1, "cat"], "all names or all numbers"],
    ];
    for (const [ys, text] of labels) {
      await assertRejects(
        () => extractor.predict([array([3, 4]), ys] as Dataset, QUIET),
        Error,
        text,
      );
    }
    assertEquals(layer.calls, 0);
    free(model);
  },
);

counted(
  "a batch that is wrong is named, and what was before it is freed",
  async () => {
    const { model, layer } = watched();
    function* batches(): Generator<never> {
      yield [array([2, 4]), [0, 1]] as never;
      yield [array([2, 4]), [0, 1, 2]] as never;
    }
    await assertRejects(
      () => new FeatureExtractor(model).predict(batches(), QUIET),
      RangeError,
      "Cannot read batch 1 of the dataset as there must be as many labels as inputs, 2: current value is 3",
    );
    function* mixed(): Generator<never> {
      yield [array([2, 4]), [0, 1]] as never;
      yield array([2, 4]) as never;
    }
    await assertRejects(
      () => new FeatureExtractor(model).predict(mixed(), QUIET),
      TypeError,
      "Cannot read batch 1 of the dataset as every batch must carry labels, or none",
    );
    assertEquals(layer.calls, 2);
    free(model);
  },
);

counted(
  "a source that says another length than it has is refused",
  async () => {
    const { model } = watched();
    for (const [length, rows] of [[3, 2], [5, 4]] as const) {
      const source = {
        length,
        async *batches() {
          yield array([2, 4]);
          yield array([2, 4]);
        },
      };
      const extractor = new FeatureExtractor(model);
      await assertRejects(
        () => extractor.predict(source, QUIET),
        RangeError,
        `Cannot read dataset as its batches must hold as many samples as its length, ${length}: current value is 4`,
      );
      assertEquals(rows <= length, true);
    }
    free(model);
  },
);

counted(
  "inputs of several models are matched, and what is missing is named",
  async () => {
    const model = shared();
    const extractor = new FeatureExtractor(model);
    const cases: [unknown, string][] = [
      [{ a: array([2, 3]) }, '"b" is missing'],
      [{ a: array([2, 3]), b: array([2, 2]), c: array([2, 2]) }, '"c"'],
      [[array([2, 3])], "an array must be the 2 inputs [a, b], or [[a, b], y]"],
      [[array([2, 2]), array([2, 3])], 'input "a" must be of shape [null, 3]'],
      [
        [array([2, 3]), array([3, 2])],
        'input "b" must have the 2 rows of input "a"',
      ],
    ];
    for (const [dataset, text] of cases) {
      await assertRejects(
        () => extractor.predict(dataset as Dataset, QUIET),
        Error,
        text,
      );
    }
    free(model);
  },
);

counted(
  "NaN and infinities go, and are listed by row, from the first of all",
  async () => {
    const { model } = watched();
    const x = array([7, 4]);
    x.data[4] = NaN;
    x.data[17] = Infinity;
    x.data[18] = -Infinity;
    x.data[27] = NaN;
    function* cut() {
      for (const [from, to] of [[0, 3], [3, 5], [5, 7]] as const) {
        yield {
          data: x.data.slice(from * 4, to * 4),
          shape: [to - from, 4],
          dtype: "float32",
        } as NdArray;
      }
    }
    const extractor = new FeatureExtractor(model).layers([0]).batch(2);
    for (const dataset of [x, cut()]) {
      const set = await extractor.predict(dataset, QUIET);
      assertEquals([...set.nonFinite as number[]], [1, 4, 6]);
      assertEquals(set.features[0]!.data[17], Infinity);
    }
    const rows: number[][] = [];
    for await (const set of extractor.stream(x, QUIET)) {
      rows.push([...set.nonFinite as number[]]);
    }
    assertEquals(rows, [[1], [], [0], [0]]);
    free(model);
  },
);
