/**
 * Perturbation of inputs, against gradients that are worked out otherwise.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  FeatureExtractor,
  loadModel,
  tf,
  UnsupportedByEngineError,
} from "@sonde/sonde";
import { assertAllClose } from "../support/all_close.ts";
import { counted, onBackends } from "../support/backends.ts";
import { byHand, linear, movedInput } from "./_perturbed.ts";
import { array, Doubling, filled, free, mlp } from "./_models.ts";

const QUIET = { progress: false };

onBackends(
  "perturb() steps against the gradient of a linear model",
  async ({ name }) => {
    const x = array([6, 3]);
    for (const units of [2, 4]) {
      for (const temperature of [1, 0.5, 1000]) {
        const model = linear(units);
        const options = { epsilon: 0.25, temperature };
        const extractor = new FeatureExtractor(model).perturb(options)
          .engine("tfjs", { backend: name });
        const moved = await movedInput(extractor, x);
        assertAllClose(moved.data, await byHand(model, x, options), {
          atol: 1e-6,
        });
        // Features and logits are those of the moved input.
        const plain = await new FeatureExtractor(model).predict(moved, QUIET);
        const { logits } = await extractor.predict(x, QUIET);
        assertAllClose(logits!, plain.logits!, { atol: 1e-4 });
        free(model);
      }
    }
  },
);

onBackends("perturb() treats one sigmoid as two classes", async ({ name }) => {
  const model = linear(1, "sigmoid");
  const x = array([8, 3], 2);
  const options = { epsilon: 0.1, temperature: 2 };
  const extractor = new FeatureExtractor(model).perturb(options)
    .engine("tfjs", { backend: name });
  const moved = await movedInput(extractor, x);
  assertAllClose(moved.data, await byHand(model, x, options), { atol: 1e-6 });
  free(model);
});

onBackends(
  "perturb() steps where the softmax is nearly saturated",
  async ({ name }) => {
    const model = linear(3);
    const x = array([4, 3]);
    x.data.forEach((value, i) => x.data[i] = value * 4);
    const extractor = new FeatureExtractor(model).perturb({ epsilon: 1 })
      .engine("tfjs", { backend: name });
    const moved = await movedInput(extractor, x);
    assertAllClose(moved.data, await byHand(model, x, { epsilon: 1 }), {
      atol: 1e-4,
    });
    assert(moved.data.every((value, i) => value !== x.data[i]));
    free(model);
  },
);

counted(
  "perturb() leaves inputs where float32 cannot tell the softmax from 1",
  async () => {
    const model = linear(2);
    const x = array([4, 3]);
    x.data.forEach((value, i) => x.data[i] = value * 1000);
    const moved = await movedInput(
      new FeatureExtractor(model).perturb({ epsilon: 1 }),
      x,
    );
    assertEquals(moved.data, x.data);
    free(model);
  },
);

onBackends(
  "perturb() leaves inputs whose gradient is exactly 0",
  async ({ name }) => {
    const model = linear(3);
    const kernel = tf.tensor2d([[1, 2, 3], [5, 5, 5], [0, 0, 0]]);
    const bias = tf.zeros([3]);
    model.getLayer("head").setWeights([kernel, bias]);
    tf.dispose([kernel, bias]);
    const x = array([4, 3]);
    const extractor = new FeatureExtractor(model).perturb({ epsilon: 1 })
      .engine("tfjs", { backend: name });
    const moved = await movedInput(extractor, x);
    for (let row = 0; row < 4; row++) {
      const [a, , c] = moved.data.slice(row * 3, row * 3 + 3);
      const [first, , third] = x.data.slice(row * 3, row * 3 + 3);
      assertEquals(Math.abs(a! - first!) > 0.9, true);
      assertEquals(c, third); // a column of zeros
    }
    free(model);
  },
);

counted("perturb() with a step of 0 changes nothing", async () => {
  const model = mlp();
  const x = array([3, 4]);
  const plain = await new FeatureExtractor(model).predict(x, QUIET);
  const still = await new FeatureExtractor(model).perturb({ epsilon: 0 })
    .predict(x, QUIET);
  assertAllClose(still.logits!, plain.logits!, { atol: 1e-6 });
  free(model);
});

counted("perturb() uses unshaped logits", async () => {
  const model = linear(3);
  const x = array([5, 3]);
  const plain = new FeatureExtractor(model).perturb({ epsilon: 0.2 });
  const expected = await movedInput(plain, x);
  const shaped = await movedInput(plain.react(-0.5), x);
  assertEquals(shaped.data, expected.data);
  free(model);
});

counted(
  "perturb() agrees with differences on a convolutional network",
  async () => {
    const { layers } = tf;
    const input = tf.input({ shape: [6, 6, 1], name: "x" });
    const chain = [
      layers.conv2d({ filters: 3, kernelSize: 3, activation: "tanh" }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 3, activation: "softmax", name: "head" }),
    ];
    const output = chain.reduce(
      (x, layer) => layer.apply(x) as tf.SymbolicTensor,
      input,
    );
    const model = filled(tf.model({ inputs: input, outputs: output }));
    const base = new FeatureExtractor(model).engine("tfjs", { backend: "cpu" });
    const x = array([1, 6, 6, 1]);
    await using open = await base.open();
    const logits = async (data: Float32Array) =>
      (await open.predict({ ...x, data }, QUIET)).logits!.data;
    const first = await logits(x.data);
    const best = first.indexOf(Math.max(...first));
    const loss = async (i: number, step: number) => {
      const z = await logits(x.data.with(i, x.data[i]! + step));
      return Math.log(z.reduce((sum, v) => sum + Math.exp(v - z[best]!), 0));
    };
    const moved = await movedInput(base.perturb({ epsilon: 0.5 }), x);
    let sure = 0;
    for (let i = 0; i < 36; i++) {
      const slope = (await loss(i, 1e-3) - await loss(i, -1e-3)) / 2e-3;
      if (Math.abs(slope) < 1e-3) continue; // within float32's noise of 0
      sure++;
      assertEquals(Math.sign(x.data[i]! - moved.data[i]!), Math.sign(slope));
    }
    assert(sure > 15, `${sure} slopes`);
    free(model);
  },
);

counted(
  "perturb() runs on cpu where wasm has no right gradient, and the plan names the layer",
  async () => {
    const { layers } = tf;
    const model = filled(tf.sequential({
      layers: [
        layers.depthwiseConv2d({
          name: "depthwise",
          kernelSize: 3,
          inputShape: [6, 6, 2],
        }),
        layers.globalAveragePooling2d({ name: "pool" }),
        layers.dense({ name: "head", units: 3 }),
      ],
    }));
    const extractor = new FeatureExtractor(model).perturb({ epsilon: 0.1 });
    const { backend, reason } = await extractor.plan();
    assertEquals(backend, "cpu");
    assertEquals(
      reason,
      '"tfjs" because perturb() needs gradients; "cpu" because of "depthwise" (DepthwiseConv2D): "wasm" has no gradient for it that is known to be right',
    );
    await extractor.predict(array([2, 6, 6, 2]), QUIET);
    const requested = extractor.engine("tfjs", { backend: "wasm" });
    const text =
      'Cannot run layer "depthwise" (DepthwiseConv2D) as its backend must give right numbers, and "wasm" has no gradient for it that is known to be right; use .engine("tfjs", { backend: "cpu" }): current engine is "tfjs:wasm"';
    await assertRejects(() => requested.plan(), UnsupportedByEngineError, text);
    await assertRejects(
      () => requested.predict(array([2, 6, 6, 2]), QUIET),
      UnsupportedByEngineError,
      text,
    );
    free(model);
  },
);

counted(
  "perturb() refuses several sigmoids, and a single unit without one",
  () => {
    for (
      const [units, activation, text] of [
        [
          3,
          "sigmoid",
          'Cannot set perturb as the logits must be those of one softmax or one sigmoid, not of several sigmoids: current value is "3 sigmoids"',
        ],
        [
          1,
          "linear",
          'Cannot set perturb as the logits must be two classes or more: current value is "1 unit"',
        ],
      ] as const
    ) {
      const model = linear(units, activation);
      const extractor = new FeatureExtractor(model);
      assertThrows(() => extractor.perturb({ epsilon: 0.1 }), TypeError, text);
      free(model);
    }
  },
);

counted(
  "perturb() refuses inputs that are integers, and frees what it made",
  async () => {
    const model = filled(tf.sequential({
      layers: [
        tf.layers.embedding({
          name: "embedding",
          inputDim: 5,
          outputDim: 3,
          inputLength: 4,
        }),
        tf.layers.flatten(),
        tf.layers.dense({ name: "head", units: 3 }),
      ],
    }));
    const extractor = new FeatureExtractor(model).perturb({ epsilon: 0.1 });
    const x = {
      data: Int32Array.of(0, 1, 2, 3),
      shape: [1, 4],
      dtype: "int32",
    } as const;
    // Keras declares float inputs of an embedding; so does TF.js.
    await assertRejects(
      () => extractor.predict(x, QUIET),
      UnsupportedByEngineError,
    );
    const after = extractor.input("head");
    await after.predict(array([2, 12]), QUIET);
    free(model);
  },
);

counted(
  "perturb() names what TF.js has no gradient for, and frees what it saved",
  async () => {
    class Rounded extends Doubling {
      static override className = "Rounded";
      override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
        const x = super.call(inputs);
        return tf.mul(x, tf.cast(tf.any(tf.greater(x, 0), -1, true), "float32"))
          .cumprod(1);
      }
    }
    const model = filled(tf.sequential({
      layers: [
        tf.layers.dense({ name: "first", units: 4, inputShape: [4] }),
        new Rounded({ name: "rounded" }),
        tf.layers.dense({ name: "head", units: 3 }),
      ],
    }));
    const extractor = new FeatureExtractor(model).perturb({ epsilon: 0.1 });
    assertEquals((await extractor.plan()).backend, "cpu");
    const error = await assertRejects(
      () => extractor.predict(array([2, 4]), QUIET),
      UnsupportedByEngineError,
      'Cannot perturb as every layer on the path must have a gradient, and TF.js reports "',
    );
    assert(
      error.message.endsWith(
        '; leave out perturb(): current engine is "tfjs:cpu"',
      ),
    );
    free(model);
  },
);

counted(
  "perturb() refuses padded average pooling, whose gradient is wrong in TF.js",
  async () => {
    const create = (size: number) =>
      filled(tf.sequential({
        layers: [
          tf.layers.averagePooling2d({
            name: "pool",
            poolSize: 3,
            strides: 2,
            padding: "same",
            inputShape: [size, size, 1],
          }),
          tf.layers.flatten(),
          tf.layers.dense({ name: "head", units: 2 }),
        ],
      }));
    const padded = create(7);
    await assertRejects(
      () => new FeatureExtractor(padded).perturb({ epsilon: 0.1 }).plan(),
      UnsupportedByEngineError,
      'Cannot run layer "pool" (AveragePooling2D) as its backend must give right numbers, and TF.js has a wrong gradient for padded average pooling; leave out perturb(): current engine is "tfjs:cpu"',
    );
    free(padded);
  },
);

counted("perturb() goes through the operations of a graph", async () => {
  const path = new URL("../data/graph_models/mlp/model.json", import.meta.url);
  await using model = await loadModel(path);
  const [width] = model.inputs[0]!.shape.slice(1) as number[];
  const x = array([1, width!]);
  const base = new FeatureExtractor(model).engine("tfjs", { backend: "cpu" });
  await using open = await base.open();
  const logits = async (data: Float32Array) =>
    (await open.predict({ ...x, data }, QUIET)).logits!.data;
  const first = await logits(x.data);
  const best = first.indexOf(Math.max(...first));
  const surer = async (data: Float32Array) => {
    const z = await logits(data);
    return -Math.log(z.reduce((sum, v) => sum + Math.exp(v - z[best]!), 0));
  };
  // The logits of the step are those of the input moved by differences.
  const moved = Float32Array.from(x.data);
  for (let i = 0; i < width!; i++) {
    const up = await surer(x.data.with(i, x.data[i]! + 1e-3));
    const down = await surer(x.data.with(i, x.data[i]! - 1e-3));
    moved[i]! += 0.1 * Math.sign(up - down);
  }
  const { logits: found } = await base.perturb({ epsilon: 0.1 })
    .predict(x, QUIET);
  assertAllClose(found!.data, await logits(moved), { atol: 1e-4 });
});
