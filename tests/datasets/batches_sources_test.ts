import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { tf } from "../../lib/tf.ts";
import type { Batch, DataSource, WantedBatches } from "../../lib/types.ts";
import { all, counted, plan, rows, values, X } from "./_batch_cases.ts";

// ---- sources ----

function source(parts: Partial<DataSource>, batches: Batch[]) {
  const requested: WantedBatches[] = [];
  const made: DataSource = {
    ...parts,
    async *batches(wanted) {
      requested.push(wanted);
      yield* batches;
    },
  };
  return { made, requested: requested };
}

counted("batchesOf() asks a source for what is wanted", async () => {
  const signal = new AbortController().signal;
  const classNames = ["cat", "dog"];
  const batches = [rows(2), rows(1, 2)];
  const { made, requested: requested } = source(
    { length: 3, classNames },
    batches,
  );
  const got = plan(made, { signal });
  assertEquals(got.length, 3);
  assertEquals(got.classNames, classNames);
  assertEquals(requested, []);
  assertEquals((await all(got)).length, 2);
  assertEquals(requested, [{ size: 2, start: 0, inputs: [X], signal }]);
});

counted("batchesOf() holds a source to its length", async () => {
  const rule = "as many samples as its length, 3: current value is ";
  const few = source({ length: 3 }, [rows(2)]).made;
  await assertRejects(() => all(plan(few)), RangeError, rule + 2);
  const many = source({ length: 3 }, [rows(2), rows(2)]).made;
  await assertRejects(() => all(plan(many)), RangeError, rule + 4);
  const none = source({ length: 0 }, []).made;
  assertThrows(() => plan(none), RangeError, '"length" must be a positive');
  const odd = source({}, []).made;
  await assertRejects(() => all(plan(odd)), RangeError, "at least one batch");
});

counted("batchesOf() refuses a source whose batches are none", async () => {
  const later = { batches: () => Promise.resolve([]) };
  await assertRejects(() => all(plan(later)), TypeError, "write await");
  const bare = { batches: () => 3 };
  await assertRejects(() => all(plan(bare)), TypeError, "an async iterable");
});

// ---- tf.data ----

counted("batchesOf() disposes of what a tf.data.Dataset yields", async () => {
  const samples = [0, 1, 2].map((i) => ({ xs: [i, i], ys: i }));
  const dataset = tf.data.array(samples).batch(2);
  const { length, batches } = plan(dataset);
  assertEquals(length, undefined);
  const list = await all({ batches });
  assertEquals(list.map(({ labels }) => labels), [
    Int32Array.of(0, 1),
    Int32Array.of(2),
  ]);
  assertEquals(values(list), [
    Float32Array.of(0, 0, 1, 1),
    Float32Array.of(2, 2),
  ]);
});

counted(
  "batchesOf() keeps the tensors that a tf.data.Dataset was made from",
  async () => {
    const x = tf.zeros([2, 2]);
    await all(plan(tf.data.array([x])));
    assert(!x.isDisposed);
    x.dispose();
  },
);

counted(
  "batchesOf() disposes of a tf.data.Dataset's element that does not fit",
  async () => {
    const wide = tf.data.array([{ xs: [1, 2, 3], ys: 0 }]).batch(1);
    await assertRejects(() => all(plan(wide)), TypeError, "[null, 2]");
    const extra = tf.data.array([{ xs: [1, 2], other: 0 }]).batch(1);
    await assertRejects(() => all(plan(extra)), TypeError, '["other"]');
    const single = tf.data.array([[1, 2]]).map((one) => tf.tensor1d(one as []));
    await assertRejects(() => all(plan(single)), TypeError, "ds.batch(32)");
    const bare = tf.data.array([{ xs: [1, 2], ys: 0 }]);
    await assertRejects(() => all(plan(bare)), TypeError, "must yield tensors");
  },
);

counted(
  "batchesOf() leaves no tensor behind when a tf.data.Dataset is left early",
  async () => {
    const dataset = tf.data.array([[0, 0], [1, 1], [2, 2]]).batch(1);
    for await (const _ of plan(dataset).batches) break;
  },
);

counted(
  "batchesOf() disposes of what a tf.data.Dataset yields after an abort",
  async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const dataset = {
      iterator: () => Promise.resolve({ next: () => promise }),
      forEachAsync: () => {},
    };
    const controller = new AbortController();
    const { batches } = plan(dataset, { signal: controller.signal });
    const next = batches[Symbol.asyncIterator]().next();
    await new Promise((done) => setTimeout(done)); // now it waits
    controller.abort();
    await assertRejects(() => next, DOMException, "after 0 samples");
    const late = { xs: tf.zeros([2, 2]), ys: [tf.zeros([2])] };
    resolve({ value: late, done: false });
    await new Promise((done) => setTimeout(done));
    assert(late.xs.isDisposed && late.ys[0]!.isDisposed);
  },
);

counted("batchesOf() passes on the error of a tf.data.Dataset", async () => {
  const error = new Error("bad row");
  const dataset = tf.data.generator(function* () {
    yield tf.zeros([2, 2]);
    throw error;
  });
  const caught = await all(plan(dataset)).catch((reason) => reason);
  assertStrictEquals(caught, error);
});
