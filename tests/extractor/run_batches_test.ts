import { setImmediate } from "node:timers";
import {
  assert,
  assertEquals,
  assertGreater,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  FeatureExtractor,
  type NdArray,
  type Progress,
  tf,
} from "@sonde/sonde";
import { assertAllClose } from "../support/all_close.ts";
import { checkRows } from "../../lib/extractor/run_batches.ts";
import { counted, onBackends } from "../support/backends.ts";
import {
  eachMacrotask,
  type ManualClock,
  manualClock,
} from "../support/manual_clock.ts";
import { array, Doubling, filled, free, mlp, rowsOf } from "./_models.ts";

const QUIET = { progress: false };

// ---- the caller's backend ----

/** A layer whose call takes longer than a slice. */
class Slow extends Doubling {
  static override className = "Slow";
  clock!: ManualClock;
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    this.clock.advance(60);
    return super.call(inputs);
  }
}

function slow(count: number, clock: ManualClock): tf.LayersModel {
  return filled(tf.sequential({
    layers: [
      tf.layers.inputLayer({ inputShape: [4] }),
      ...Array.from(
        { length: count },
        (_, i) => Object.assign(new Slow({ name: `slow${i}` }), { clock }),
      ),
      tf.layers.dense({ name: "head", units: 2, activation: "softmax" }),
    ],
  }));
}

onBackends(
  "the caller's backend is current whenever its code runs",
  async ({ name }) => {
    using clock = manualClock();
    const model = slow(3, clock);
    const seen: string[] = [];
    const see = () => void seen.push(tf.getBackend());
    async function* batches() {
      for (let i = 0; i < 2; i++) {
        see();
        await new Promise((resolve) => setTimeout(resolve));
        see();
        yield array([2, 4], i);
        see();
      }
    }
    const source = { batches: () => ({ [Symbol.asyncIterator]: batches }) };
    const timer = eachMacrotask(see);
    const extractor = new FeatureExtractor(model).engine("tfjs", {
      backend: name,
    }).layers(["slow0"]).react(0.5);
    await extractor.predict(source, { ...QUIET, onProgress: see });
    for await (const _ of extractor.stream(batches(), QUIET)) see();
    timer[Symbol.dispose]();
    assertGreater(seen.length, 20); // 60 ms a layer: a pause after each
    assertEquals(new Set(seen), new Set(["cpu"]));
    free(model);
  },
);

onBackends(
  "the caller's own work goes on while a run does",
  async ({ name }) => {
    using clock = manualClock();
    const model = slow(3, clock);
    const extractor = new FeatureExtractor(model).engine("tfjs", {
      backend: name,
    });
    const kept: tf.Tensor[] = [];
    const timer = eachMacrotask(() => {
      kept.push(tf.tidy(() => tf.square(tf.scalar(3))));
      // A scope over a wait, as some write what tf.tidy cannot do.
      tf.engine().startScope();
      tf.scalar(1);
      setImmediate(() => tf.engine().endScope());
    });
    const { logits } = await extractor.batch(2).predict(array([4, 4]), QUIET);
    timer[Symbol.dispose]();
    await new Promise((resolve) => setImmediate(resolve));
    assertEquals(logits!.shape, [4, 2]);
    assertGreater(kept.length, 3);
    const scopes = kept.filter(({ isDisposed }) => !isDisposed);
    for (const tensor of scopes) assertEquals(tensor.dataSync()[0], 9);
    assertGreater(scopes.length, 0);
    tf.dispose(kept);
    free(model);
  },
);

onBackends(
  "runs at once queue up, and agree with runs one by one",
  async ({ name }) => {
    const model = mlp();
    const base = new FeatureExtractor(model).engine("tfjs", { backend: name })
      .batch(2);
    const kinds = [base, base.layers([0]), base.react(0.3), base.scale(0.5)];
    const x = array([5, 4]);
    const alone: (NdArray | undefined)[] = [];
    for (const kind of kinds) alone.push((await kind.predict(x, QUIET)).logits);
    const together = await Promise.all([
      ...kinds.map((kind) => kind.predict(x, QUIET)),
      base.engine("tfjs", { backend: "cpu" }).predict(x, QUIET),
    ]);
    assertEquals(together.slice(0, 4).map(({ logits }) => logits), alone);
    free(model);
  },
);

counted("predict() may be called by the dataset of another", async () => {
  const model = mlp();
  const extractor = new FeatureExtractor(model).layers(["hidden"]);
  async function* batches() {
    const { features } = await extractor.predict(array([2, 4]), QUIET);
    yield features[0] as NdArray;
  }
  const set = await new FeatureExtractor(model).input("head").engine("tfjs")
    .predict(batches(), QUIET);
  const whole = await new FeatureExtractor(model).predict(array([2, 4]), QUIET);
  assertAllClose(set.logits!, whole.logits!, { rtol: 1e-5, atol: 1e-6 });
  free(model);
});

// ---- progress ----

counted("onProgress is told of every batch", async () => {
  const model = mlp();
  const extractor = new FeatureExtractor(model).batch(3);
  const known: Progress[] = [];
  await extractor.predict(array([7, 4]), {
    ...QUIET,
    onProgress: (progress) => known.push(progress),
  });
  assertEquals(known.map(({ samples }) => samples), [3, 6, 7]);
  assertEquals(known.map(({ total }) => total), [7, 7, 7]);
  for (const { samplesPerSecond } of known) assertGreater(samplesPerSecond, 0);
  const unknown: Progress[] = [];
  await extractor.predict(new Set([array([2, 4]), array([1, 4])]), {
    ...QUIET,
    onProgress: (progress) => unknown.push(progress),
  });
  assertEquals(unknown.map(({ samples }) => samples), [2, 3]);
  assert(unknown.every((progress) => !("total" in progress)));
  free(model);
});

counted("an error of onProgress ends the run", async () => {
  const model = mlp();
  const error = new Error("enough");
  let isOver = false;
  function* batches() {
    try {
      while (true) yield array([2, 4]);
    } finally {
      isOver = true;
    }
  }
  const found = await assertRejects(() =>
    new FeatureExtractor(model).predict(batches(), {
      ...QUIET,
      onProgress: () => {
        throw error;
      },
    })
  );
  assertStrictEquals(found, error);
  assert(isOver);
  free(model);
});

/** The progress lines of Deno. */
const PROGRESS = /^.*(Download|Check) .*\n/gm;

Deno.test("predict() writes nothing where there is no terminal", async () => {
  const code = `
    import { FeatureExtractor, tf } from "@sonde/sonde";
    const model = tf.sequential({
      layers: [tf.layers.dense({ units: 2, inputShape: [3] })],
    });
    await new FeatureExtractor(model).predict(tf.ones([4, 3]));
    await new FeatureExtractor(model).predict(tf.ones([4, 3]), { progress: true });
  `;
  const { stdout, stderr, code: status } = await new Deno.Command(
    Deno.execPath(),
    { args: ["eval", code], cwd: new URL("../..", import.meta.url) },
  ).output();
  assertEquals(status, 0);
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals(
    decode(stderr).replaceAll(PROGRESS, ""),
    "",
  );
  assert(!decode(stdout).includes("predict"));
});

// ---- errors in the middle ----

counted("an error of a layer names it, and frees what was made", async () => {
  class Broken extends Doubling {
    static override className = "Broken";
    override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
      const doubled = super.call(inputs);
      if (this.calls > 2) throw new Error("out of order");
      return doubled;
    }
  }
  const model = filled(tf.sequential({
    layers: [
      tf.layers.dense({ name: "first", units: 3, inputShape: [4] }),
      new Broken({ name: "broken" }),
      tf.layers.dense({ name: "head", units: 2 }),
    ],
  }));
  const extractor = new FeatureExtractor(model).layers(["first"]).batch(1);
  const error = await assertRejects(
    () => extractor.predict(array([5, 4]), QUIET),
    Error,
    'Cannot run layer "broken" (Broken): out of order',
  );
  assertEquals((error.cause as Error).message, "out of order");
  free(model);
});

counted("an error of the dataset is passed on as it is", async () => {
  const model = mlp();
  const error = new RangeError("disk on fire");
  function* batches() {
    yield array([2, 4]);
    throw error;
  }
  const found = await assertRejects(
    () => new FeatureExtractor(model).predict(batches(), QUIET),
  );
  assertStrictEquals(found, error);
  free(model);
});

counted("a reader that leaves a stream tells the dataset", async () => {
  const model = mlp();
  const messages: string[] = [];
  async function* batches() {
    try {
      while (true) yield array([2, 4]);
    } finally {
      await new Promise((resolve) => setImmediate(resolve));
      messages.push("left");
    }
  }
  for await (const _ of new FeatureExtractor(model).stream(batches(), QUIET)) {
    break;
  }
  assertEquals(messages, ["left"]);
  free(model);
});

counted("a layer that returns more rows than samples is refused", async () => {
  class Twice extends Doubling {
    static override className = "Twice";
    override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
      const x = super.call(inputs);
      return tf.concat([x, x], 0);
    }
  }
  const model = tf.sequential({
    layers: [
      tf.layers.inputLayer({ inputShape: [4] }),
      new Twice({ name: "twice" }),
    ],
  });
  await assertRejects(
    () => new FeatureExtractor(model).layers([0]).predict(array([3, 4]), QUIET),
    TypeError,
    'Cannot take layer "twice" as it must give one row for each of the 3 samples: current value is [6, 4]',
  );
  free(model);
});

Deno.test("checkRows() compares features, logits and the penultimate with the samples", () => {
  const [three, six] = [{ shape: [3, 2] }, { shape: [6, 2] }];
  const program = { features: [{ name: "a" }] } as never;
  const good = { features: [three], logits: three, penultimate: three };
  checkRows(good, 3, program);
  for (
    const [name, bad] of [
      ['layer "a"', { features: [six] }],
      ["logits", { features: [three], logits: six }],
      ["the penultimate", { features: [three], penultimate: six }],
    ] as const
  ) {
    assertThrows(
      () => checkRows(bad, 3, program),
      TypeError,
      `Cannot take ${name} as`,
    );
  }
  const optional = { features: [], logits: { isOptional: true } } as never;
  checkRows({ features: [], logits: six }, 3, optional);
});

/** A model whose penultimate is its input. */
function bare(): tf.LayersModel {
  return filled(tf.sequential({
    layers: [
      tf.layers.activation({
        name: "same",
        activation: "linear",
        inputShape: [4],
      }),
      tf.layers.dense({ name: "head", units: 2 }),
    ],
  }));
}

counted("an infinite factor is an error that names the row", async () => {
  const model = bare();
  // All below 0: the two largest, which exceed the percentile, sum to nearly 0.
  const x = {
    data: Float32Array.of(1, 2, 3, 4, 4, 3, 2, 1, -50, -0.001, -0.002, -60),
    shape: [3, 4],
    dtype: "float32",
  } as const;
  const ids = ["a", "b", "c"];
  for (const shaped of ["scale", "ash"] as const) {
    const extractor = new FeatureExtractor(model)[shaped](0.4).batch(2);
    const finite = await extractor.predict(rowsOf(x, 0, 2), QUIET);
    assert(finite.logits!.data.every(Number.isFinite));
    await assertRejects(
      () => extractor.predict({ xs: x, ids }, QUIET),
      RangeError,
      'Cannot shape the penultimate as the factor of each row must be finite, in row 2 ("c") too: current value is Infinity',
    );
  }
  free(model);
});

counted(
  "rows that are not finite are shaped to what is not finite",
  async () => {
    const model = bare();
    const x = array([3, 4]);
    x.data[5] = NaN;
    const set = await new FeatureExtractor(model).scale(0.5).predict(x, QUIET);
    assertEquals([...set.nonFinite as number[]], [1]);
    const isNan = [...set.logits!.data].map(Number.isNaN);
    assertEquals(isNan, [false, false, true, true, false, false]);
    free(model);
  },
);
