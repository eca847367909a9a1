/**
 * Stopping: before a run, in a batch, while others run, while the dataset is
 * waited for.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { FeatureExtractor, type NdArray, tf } from "@sonde/sonde";
import { counted, onBackends } from "../support/backends.ts";
import { type ManualClock, manualClock } from "../support/manual_clock.ts";
import { array, Doubling, filled, free, mlp } from "./_models.ts";

/** A layer that takes longer than a slice, and reports when it begins. */
class Slow extends Doubling {
  static override className = "Slow";
  clock!: ManualClock;
  onCall: () => void = () => {};
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    this.onCall();
    this.clock.advance(60);
    return super.call(inputs);
  }
}

function slow(
  count: number,
  clock: ManualClock,
): { model: tf.LayersModel; layers: Slow[] } {
  const layers = Array.from(
    { length: count },
    (_, i) => Object.assign(new Slow({ name: `slow${i}` }), { clock }),
  );
  const model = filled(tf.sequential({
    layers: [
      tf.layers.inputLayer({ inputShape: [4] }),
      ...layers,
      tf.layers.dense({ name: "head", units: 2, activation: "softmax" }),
    ],
  }));
  return { model, layers };
}

const on = (model: tf.LayersModel) => new FeatureExtractor(model).batch(2);

async function stopped(run: () => Promise<unknown>, text: string) {
  const error = await assertRejects(run, DOMException, text);
  assertEquals(error.name, "AbortError");
}

counted(
  "a signal that is aborted already stops before anything is requested",
  async () => {
    const model = mlp();
    const signal = AbortSignal.abort();
    const options = { signal, progress: false };
    const never = {
      batches(): never {
        throw new Error("the dataset was asked");
      },
    };
    const text = "Run was stopped before it began";
    await stopped(() => on(model).predict(never, options), text);
    await stopped(() => on(model).stream(never, options).next(), text);
    await stopped(() => on(model).fitReact(never, options), text);
    await using open = await on(model).open();
    await stopped(() => open.predict(never, options), text);
    free(model);
  },
);

onBackends(
  "a signal stops a run between two layers, and frees what was made",
  async ({ name }) => {
    using clock = manualClock();
    const { model, layers } = slow(4, clock);
    const controller = new AbortController();
    layers[1]!.onCall = () => setImmediate(() => controller.abort());
    const extractor = on(model).engine("tfjs", { backend: name }).react(0.5);
    const { signal } = controller;
    const before = tf.memory().numTensors;
    await stopped(
      () => extractor.predict(array([4, 4]), { signal, progress: false }),
      "Run was stopped after 0 of 4 samples",
    );
    assertEquals(tf.memory().numTensors, before);
    assertEquals(layers.map(({ calls }) => calls), [1, 1, 0, 0]);
    free(model);
  },
);

counted("the error of an abort names the number of samples", async () => {
  const model = mlp();
  const controller = new AbortController();
  const { signal } = controller;
  const options = {
    signal,
    progress: false,
    onProgress: ({ samples }: { samples: number }) => {
      if (samples === 4) controller.abort();
    },
  };
  await stopped(
    () => on(model).predict(array([7, 4]), options),
    "Run was stopped after 4 of 7 samples",
  );
  free(model);
});

counted("a signal's own reason is kept", async () => {
  const model = mlp();
  const reason = new RangeError("out of patience");
  const controller = new AbortController();
  const options = {
    signal: controller.signal,
    progress: false,
    onProgress: () => controller.abort(reason),
  };
  const found = await assertRejects(
    () => on(model).predict(array([7, 4]), options),
  );
  assertStrictEquals(found, reason);
  const timeout = AbortSignal.timeout(1);
  const late = await assertRejects(() =>
    on(model).predict(waiting(), { signal: timeout, progress: false })
  );
  assertInstanceOf(late, DOMException);
  assertEquals(late.name, "TimeoutError");
  free(model);
});

/** One batch, then nothing for ever. */
async function* waiting(messages: string[] = []): AsyncGenerator<NdArray> {
  try {
    yield array([2, 4]);
    await new Promise(() => {});
  } finally {
    messages.push("left");
  }
}

counted(
  "a signal stops the waiting for a dataset that returns nothing more",
  async () => {
    const model = mlp();
    const controller = new AbortController();
    const { signal } = controller;
    // The first batch is done, and the second is waited for.
    const onProgress = () => void setImmediate(() => controller.abort());
    const options = { signal, progress: false, onProgress };
    const extractor = on(model).engine("tfjs", { backend: "cpu" });
    await stopped(
      () => extractor.predict(waiting(), options),
      "Run was stopped after 2 samples",
    );
    free(model);
  },
);

counted("a dataset receives the signal of a stopped run", async () => {
  using clock = manualClock();
  const { model, layers } = slow(3, clock);
  const messages: string[] = [];
  const controller = new AbortController();
  async function* batches() {
    try {
      yield array([2, 4]);
      yield array([2, 4]);
    } finally {
      await Promise.resolve();
      messages.push("left");
    }
  }
  layers[0]!.onCall = () => setImmediate(() => controller.abort());
  const { signal } = controller;
  await stopped(
    () => on(model).predict(batches(), { signal, progress: false }),
    "Run was stopped after 0 samples",
  );
  assertEquals(messages, ["left"]);
  free(model);
});

counted("a source gets the signal", async () => {
  const model = mlp();
  const controller = new AbortController();
  const { signal } = controller;
  let seen: AbortSignal | undefined;
  const source = {
    async *batches(wanted: { signal?: AbortSignal }) {
      seen = wanted.signal;
      yield array([2, 4]);
    },
  };
  await on(model).predict(source, { signal, progress: false });
  assert(seen instanceof AbortSignal);
  controller.abort();
  assert(seen.aborted);
  free(model);
});

counted(
  "a signal stops a queued run, and later ones continue",
  async () => {
    using clock = manualClock();
    const { model, layers } = slow(3, clock);
    const controller = new AbortController();
    const { signal } = controller;
    const options = { progress: false };
    const x = array([2, 4]);
    // Open, so that only turns are waited for.
    await using one = await on(model).open();
    await using two = await on(model).open();
    await using three = await on(model).open();
    const first = one.predict(x, options);
    const second = two.predict(x, { ...options, signal });
    const third = three.predict(x, options);
    layers[0]!.onCall = () => setImmediate(() => controller.abort());
    await stopped(() => second, "Run was stopped after 0 of 2 samples");
    const calls = layers[2]!.calls;
    const [a, c] = await Promise.all([first, third]);
    assert(calls < 2, "the run waited for the others");
    assertEquals(a.logits, c.logits);
    assertEquals(layers[2]!.calls, 2);
    free(model);
  },
);

counted("a signal leaves other runs alone", async () => {
  const model = mlp();
  const controller = new AbortController();
  const options = { progress: false };
  await using open = await on(model).open();
  const stops = open.predict(waiting(), {
    ...options,
    signal: controller.signal,
  });
  const goes = open.predict(array([9, 4]), options);
  controller.abort();
  await stopped(() => stops, "Run was stopped after 0 samples");
  assertEquals((await goes).logits!.shape, [9, 3]);
  free(model);
});
