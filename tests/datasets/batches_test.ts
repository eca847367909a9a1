import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { tf } from "../../lib/tf.ts";
import type { Batch, TensorSpec } from "../../lib/types.ts";
import { all, counted, plan, rows, T, values, X } from "./_batch_cases.ts";

// ---- samples at hand ----

counted(
  "batchesOf() cuts an array into views and keeps the short last batch",
  async () => {
    const x = rows(5);
    const { length, batches } = plan(x);
    assertEquals(length, 5);
    const list = await all({ batches });
    assertEquals(list.map((batch) => batch.rows), [2, 2, 1]);
    assertEquals(values(list), [
      Float32Array.of(0, 1, 2, 3),
      Float32Array.of(4, 5, 6, 7),
      Float32Array.of(8, 9),
    ]);
    assertEquals(list[2]!.inputs[0]!.shape, [1, 2]);
    for (const { inputs } of list) {
      const data = inputs[0]!.data as Float32Array;
      assert(data.buffer === x.data.buffer);
    }
    assertEquals(await all({ batches }), list); // and once more
  },
);

counted("batchesOf() cuts tensors, labels and ids alike", async () => {
  const x = tf.tensor2d([[0, 1], [2, 3], [4, 5]]);
  const y = tf.tensor2d([[0, 0, 1], [1, 0, 0], [0, 1, 0]]);
  const ids = ["a", "b", "c"];
  const [first, last] = await all(plan({ xs: x, ys: y, ids }));
  assertEquals(first, {
    inputs: [{
      data: Float32Array.of(0, 1, 2, 3),
      shape: [2, 2],
      dtype: "float32",
    }],
    labels: Int32Array.of(2, 0),
    ids: ["a", "b"],
    rows: 2,
    nonFinite: [],
    end: 2,
    numSkipped: 0,
  });
  assertEquals(last!.labels, Int32Array.of(1));
  assertEquals(last!.ids, ["c"]);
  assert(!x.isDisposed && !y.isDisposed);
  tf.dispose([x, y]);
});

counted(
  "batchesOf() reads a tensor that is one batch without a slice",
  async () => {
    const x = tf.tensor2d([[0, 1], [2, 3]]);
    x.slice = () => {
      throw new Error("sliced");
    };
    const [batch] = await all(plan([x, [0, 1]], { size: 9 }));
    assertEquals(batch!.inputs[0]!.data, Float32Array.of(0, 1, 2, 3));
    assertEquals(batch!.labels, Int32Array.of(0, 1));
    x.dispose();
  },
);

counted(
  "batchesOf() gives several inputs in the model's order and dtype",
  async () => {
    const t = tf.tensor1d([7, 8, 9]); // float32, whole
    const flags = {
      data: Uint8Array.of(1, 0, 1),
      shape: [3, 1],
      dtype: "bool",
    };
    const bits: TensorSpec = { name: "m", shape: [null, 1], dtype: "bool" };
    const list = await all(
      plan({ m: flags, t, x: rows(3) }, { inputs: [X, T, bits] }),
    );
    assertEquals(values(list, 1), [Int32Array.of(7, 8), Int32Array.of(9)]);
    assertEquals(values(list, 2), [Uint8Array.of(1, 0), Uint8Array.of(1)]);
    assertEquals(list[0]!.inputs.map(({ dtype }) => dtype), [
      "float32",
      "int32",
      "bool",
    ]);
    t.dispose();
  },
);

counted(
  "batchesOf() lists rows that are not finite in any input, once",
  async () => {
    const x = rows(5);
    x.data[2] = NaN; // row 1
    x.data[9] = Infinity; // row 4
    const z = rows(5);
    z.data[0] = -Infinity; // row 0
    z.data[3] = NaN; // row 1
    const Z = { ...X, name: "z" };
    const list = await all(plan([x, z], { inputs: [X, Z] }));
    assertEquals(list.map((batch) => batch.nonFinite), [[0, 1], [], [0]]);
  },
);

counted(
  "batchesOf() leaves arrays and labels of the caller as they were",
  async () => {
    const x = rows(3);
    const labels = Int32Array.of(1, 2, 3);
    const list = await all(plan([x, labels]));
    list[0]!.labels![0] = 99;
    assertEquals(x, rows(3));
    assertEquals(labels, Int32Array.of(1, 2, 3));
  },
);

counted("batchesOf() throws at once for what can be seen at once", async () => {
  const x = rows(3);
  const cases: [unknown, typeof TypeError | typeof RangeError, string][] = [
    [undefined, TypeError, "it must be a tensor"],
    ["text", TypeError, "it must be a tensor"],
    [new Float32Array(6), TypeError, "as by tf.tensor(…)"],
    [[[0, 1], [2, 3]], TypeError, "as by tf.tensor(…)"],
    [[x, x, x], TypeError, "an array is one batch"],
    [{ ...x, shape: [3, 3] }, TypeError, "the 9 values of its shape [3, 3]"],
    [{ ...x, shape: [6] }, TypeError, "must be of shape [null, 2]"],
    [rows(0), RangeError, "must hold at least one row: current value is [0, 2"],
    [
      [x, [0, 1]],
      RangeError,
      "as many labels as inputs, 3: current value is 2",
    ],
    [[x, [0, 1, 0.5]], RangeError, "it is in row 2"],
    [[x, rows(3)], RangeError, "must be one-hot"],
    [Promise.resolve(x), TypeError, "write await before it"],
  ];
  for (const [dataset, kind, text] of cases) {
    assertThrows(() => plan(dataset), kind, text);
  }
  assertThrows(() => plan(x, { size: 0 }), RangeError, '"size" must be a pos');
  const tensor = tf.tensor2d([[0, 1]]);
  tensor.dispose();
  assertThrows(() => plan(tensor), TypeError, "not disposed");
  await Promise.resolve();
});

counted(
  "batchesOf() names the row of a value in the whole dataset",
  async () => {
    const data = Int32Array.of(0, 0, 0, 0, 0, 0, 0, 16777217);
    const batches = plan({ data, shape: [4, 2], dtype: "int32" });
    await assertRejects(() => all(batches), RangeError, "it is in row 3");
    const y = tf.tensor1d([0, 1, 2, 0.5]);
    const labels = plan([rows(4), y]);
    await assertRejects(() => all(labels), RangeError, "it is in row 3");
    y.dispose();
  },
);

counted(
  "batchesOf() leaves no tensor behind when the reader stops or fails",
  async () => {
    const x = tf.zeros([6, 2]);
    for await (const _ of plan(x).batches) break;
    const thrown = async () => {
      for await (const _ of plan(x).batches) throw new Error("mine");
    };
    await assertRejects(thrown, Error, "mine");
    const soft = tf.fill([6, 2], 0.5);
    await assertRejects(() => all(plan([x, soft])), RangeError, "one-hot");
    const t = tf.fill([6], 0.5);
    const broken = () => all(plan({ x, t }, { inputs: [X, T] }));
    await assertRejects(broken, RangeError, "a whole number in the range");
    tf.dispose([x, soft, t]);
  },
);

counted(
  "batchesOf() says so when a tensor is disposed of during the run",
  async () => {
    const x = tf.zeros([4, 2]);
    const run = async () => {
      for await (const _ of plan(x).batches) x.dispose();
    };
    await assertRejects(run, TypeError, "disposed after 2 samples");
  },
);

counted("batchesOf() stops between batches on abort", async () => {
  const controller = new AbortController();
  const x = tf.zeros([6, 2]);
  const { batches } = plan(x, { signal: controller.signal });
  let seen = 0;
  const run = async () => {
    for await (const batch of batches) {
      seen += batch.rows;
      controller.abort();
    }
  };
  await assertRejects(run, DOMException, "stopped after 2 of 6 samples");
  assertEquals(seen, 2);
  x.dispose();
});

// ---- what yields batches ----

counted("batchesOf() runs batches of an iterable as they come", async () => {
  const list: Batch[] = [[rows(1), [4]], { xs: rows(3, 1), ys: [5, 6, 7] }];
  async function* later() {
    yield* list;
  }
  const stream = ReadableStream.from(list);
  for (const dataset of [new Set(list), list.values(), later(), stream]) {
    const { length, batches } = plan(dataset);
    assertEquals(length, undefined);
    const got = await all({ batches });
    assertEquals(got.map((batch) => batch.rows), [1, 3]);
    assertEquals(got[1]!.labels, Int32Array.of(5, 6, 7));
    assertEquals(values(got), [rows(1).data, rows(3, 1).data]);
  }
});

counted("batchesOf() lets a generator dispose of what it yielded", async () => {
  function* source() {
    for (let i = 0; i < 3; i++) {
      const x = tf.fill([2, 2], i);
      const y = tf.fill([2], i, "int32");
      yield [x, y] as const;
      tf.dispose([x, y]);
    }
  }
  const list = await all(plan(source()));
  assertEquals(list.map(({ labels }) => labels![1]), [0, 1, 2]);
  assertEquals(values(list)[2], Float32Array.of(2, 2, 2, 2));
});

counted("batchesOf() does not dispose of what a generator yields", async () => {
  const x = tf.zeros([2, 2]);
  await all(plan(new Set([x])));
  assert(!x.isDisposed);
  x.dispose();
});

counted(
  "batchesOf() runs the finally blocks of a generator that it leaves",
  async () => {
    let closed = 0;
    function* source() {
      const x = tf.zeros([2, 2]);
      try {
        while (true) yield x;
      } finally {
        closed++;
        x.dispose();
      }
    }
    for await (const _ of plan(source()).batches) break;
    assertEquals(closed, 1);
    function* bad() {
      try {
        yield rows(2);
        yield { data: new Float32Array(3), shape: [1, 3], dtype: "float32" };
      } finally {
        closed++;
      }
    }
    const text = 'Cannot read batch 1 of the dataset as input "x" must be of';
    await assertRejects(() => all(plan(bad())), TypeError, text);
    assertEquals(closed, 2);
  },
);

counted("batchesOf() passes on the error of a dataset as it is", async () => {
  const error = new Error("disk gone");
  function* source() {
    const x = tf.zeros([2, 2]);
    try {
      yield x;
      throw error;
    } finally {
      x.dispose();
    }
  }
  const caught = await all(plan(source())).catch((reason) => reason);
  assertStrictEquals(caught, error);
  assertEquals(error.message, "disk gone");
  assertEquals(error.cause, undefined);
});

counted("batchesOf() refuses an iterable that gives nothing", async () => {
  const source = new Set([rows(2)]).values();
  await all(plan(source));
  const again = "it must yield at least one batch: current value is";
  await assertRejects(() => all(plan(source)), RangeError, again);
  await assertRejects(() => all(plan(new Set())), RangeError, "read once only");
});

counted("batchesOf() refuses elements that are no batches", async () => {
  const first = (element: unknown) => () => all(plan(new Set([element])));
  const sample = { data: new Float32Array(2), shape: [2], dtype: "float32" };
  await assertRejects(first(sample), TypeError, "its batch axis is missing");
  await assertRejects(first(rows(0)), RangeError, "at least one row");
  await assertRejects(first(Promise.resolve(rows(1))), TypeError, "await");
  await assertRejects(first([Promise.resolve(rows(1)), [0]]), TypeError, "aw");
  await assertRejects(first("x"), TypeError, "Cannot read batch 0 of the data");
  await assertRejects(first([rows(2), [0]]), RangeError, "labels as inputs, 2");
  const big = Float64Array.of(0, 0, 1e300, 0);
  const wide = { data: big, shape: [2, 2], dtype: "float64" } as const;
  const second = () => all(plan(new Set([rows(5), wide])));
  await assertRejects(second, RangeError, "it is in row 6");
});

counted("batchesOf() refuses labels or ids in some batches only", async () => {
  const labels = new Set<Batch>([[rows(1), [0]], rows(1)]);
  const text = "every batch must carry labels, or none";
  await assertRejects(() => all(plan(labels)), TypeError, text);
  const ids = new Set<Batch>([rows(1), { xs: rows(1), ids: ["a"] }]);
  const other = "every batch must carry ids, or none";
  await assertRejects(() => all(plan(ids)), TypeError, other);
});

counted(
  "batchesOf() rejects at once when aborted while a batch is awaited",
  async () => {
    const controller = new AbortController();
    const never = new Promise<Batch>(() => {});
    async function* source() {
      yield rows(3);
      yield await never;
    }
    const { batches } = plan(source(), { signal: controller.signal });
    const run = async () => {
      for await (const _ of batches) setTimeout(() => controller.abort());
    };
    await assertRejects(run, DOMException, "stopped after 3 samples");
    const mine = new Error("enough");
    const aborted = plan(new Set([rows(1)]), {
      signal: AbortSignal.abort(mine),
    });
    assertStrictEquals(await all(aborted).catch((reason) => reason), mine);
  },
);
