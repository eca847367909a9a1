import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import {
  type Dataset,
  FeatureExtractor,
  type FeatureSet,
  half,
  tf,
} from "@sonde/sonde";
import { openRuns } from "../../lib/extractor/open_extractor.ts";
import { DEFAULTS } from "../../lib/extractor/settings.ts";
import { assertAllClose } from "../support/all_close.ts";
import { counted, onBackends } from "../support/backends.ts";
import { graphOf } from "../support/graph_of.ts";
import { array, convnet, filled, free, mlp } from "./_models.ts";
import { numbers, shared } from "./_models.ts";

const QUIET = { progress: false };

function tensorOf(shape: number[], seed = 1): tf.Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(numbers(size, seed), shape);
}

async function sets(stream: AsyncIterable<FeatureSet>): Promise<FeatureSet[]> {
  const list: FeatureSet[] = [];
  for await (const set of stream) list.push(set);
  return list;
}

onBackends(
  "predict(), stream() and predictTensor() agree, opened once or each time",
  async (backend) => {
    const model = convnet();
    const x = array([7, 8, 8, 2]);
    const extractor = new FeatureExtractor(model).layers(["pool"]).react(0.5)
      .batch(3).engine("tfjs", { backend: backend.name });
    const whole = await extractor.predict(x, QUIET);
    await using open = await extractor.open();
    for (const runs of [extractor, open]) {
      const again = await runs.predict(x, QUIET);
      assertAllClose(again.logits!, whole.logits!, { atol: 1e-5 });
      const parts = await sets(runs.stream(x, QUIET));
      assertEquals(parts.map(({ ids }) => [...ids as number[]]), [
        [0, 1, 2],
        [3, 4, 5],
        [6],
      ]);
      assertAllClose(
        parts.flatMap(({ logits }) => [...logits!.data]),
        whole.logits!.data,
        { atol: 1e-5 },
      );
      const inputs = tf.tensor(x.data, [...x.shape]);
      const { features, logits } = await runs.predictTensor(inputs);
      assertEquals(features.map(({ shape }) => shape), [[7, 3, 3, 4]]);
      assertAllClose(await logits!.data(), whole.logits!.data, { atol: 1e-5 });
      assertAllClose(await features[0]!.data(), whole.features[0]!.data, {
        atol: 1e-5,
      });
      tf.dispose([inputs, features, logits!]);
    }
    free(model);
  },
);

counted(
  "predictTensor() takes one tensor, several in order, or by name",
  async () => {
    const model = shared();
    await using open = await new FeatureExtractor(model).layers(["both"])
      .open();
    const a = tensorOf([2, 3]);
    const b = tensorOf([2, 2]);
    const first = await open.predictTensor([a, b]);
    const second = await open.predictTensor({ b, a });
    assertEquals(await first.logits!.data(), await second.logits!.data());
    assertEquals(first.features[0]!.shape, [2, 8]);
    assert(!a.isDisposed && !b.isDisposed);
    tf.dispose([first, second].map((one) => [one.features, one.logits!]));
    await assertRejects(
      () => open.predictTensor([a]),
      TypeError,
      'there must be 2 inputs, "a", "b": current value is 1',
    );
    await assertRejects(
      () => open.predictTensor(a),
      TypeError,
      "there must be 2 inputs",
    );
    tf.dispose([a, b]);
    free(model);
  },
);

counted("predictTensor() takes a second tensor for no labels", async () => {
  const model = mlp();
  const extractor = new FeatureExtractor(model);
  const x = tensorOf([2, 4]);
  const y = tf.tensor1d([0, 1], "int32");
  await assertRejects(
    () => extractor.predictTensor([x, y]),
    TypeError,
    'there must be 1 input, "hidden_input": current value is 2',
  );
  for (const wrong of [[[1, 2, 3, 4]], undefined, new Set([x])]) {
    await assertRejects(
      () => extractor.predictTensor(wrong as never),
      TypeError,
      "Cannot read dataset",
    );
  }
  tf.dispose([x, y]);
  free(model);
});

counted(
  "predictTensor() returns float32 of what half() rounded, whatever the model took",
  async () => {
    const model = mlp();
    const x = tensorOf([2, 4]);
    const extractor = new FeatureExtractor(model).layers([0]);
    const plain = await extractor.predictTensor(x);
    const halved = await extractor.postprocess(half()).predictTensor(x);
    assertEquals(halved.features[0]!.dtype, "float32");
    const rounded = new Float16Array(await plain.features[0]!.data());
    assertEquals(
      await halved.features[0]!.data(),
      Float32Array.from(rounded),
    );
    assertNotEquals(
      await plain.features[0]!.data(),
      await halved.features[0]!.data(),
    );
    tf.dispose([plain, halved].map((one) => [one.features, one.logits!]));
    x.dispose();
    free(model);
  },
);

counted("open() serves many small calls", async () => {
  const model = mlp();
  const x = tensorOf([1, 4]);
  await using open = await new FeatureExtractor(model).layers([0]).open();
  const before = tf.memory().numTensors;
  for (let i = 0; i < 50; i++) {
    const { features, logits } = await open.predictTensor(x);
    tf.dispose([features, logits!]);
    assertEquals(tf.memory().numTensors, before);
  }
  x.dispose();
  free(model);
});

counted(
  "close() ends an open extractor, and a second time does nothing",
  async () => {
    const model = mlp();
    const before = tf.memory().numTensors;
    const open = await new FeatureExtractor(model).react(0.5)
      .engine("tfjs").open();
    assertEquals(tf.memory().numTensors, before + 2); // the head's own copy
    assertEquals(open.plan.head, "head");
    await open.close();
    await open.close();
    assertEquals(tf.memory().numTensors, before);
    const x = tensorOf([1, 4]);
    const text =
      'the session must be open: current value is "closed"; call open() again';
    await assertRejects(
      () => open.predict(x, QUIET),
      TypeError,
      `Cannot predict as ${text}`,
    );
    await assertRejects(
      () => open.predictTensor(x),
      TypeError,
      `Cannot predict tensor as ${text}`,
    );
    await assertRejects(
      () => sets(open.stream(x, QUIET)),
      TypeError,
      `Cannot stream as ${text}`,
    );
    x.dispose();
    free(model);
  },
);

counted(
  "close() waits for a run that is under way, which then ends with an error",
  async () => {
    const model = mlp();
    const open = await new FeatureExtractor(model).react(0.5).batch(1).open();
    const run = open.predict(array([50, 4]), QUIET);
    const failed = assertRejects(
      () => run,
      TypeError,
      "the session must be open",
    );
    await open.close();
    await failed;
    free(model);
  },
);

counted("`await using` closes", async () => {
  const model = mlp();
  const before = tf.memory().numTensors;
  {
    await using open = await new FeatureExtractor(model).react(0.5).open();
    await open.predict(array([2, 4]), QUIET);
  }
  assertEquals(tf.memory().numTensors, before);
  free(model);
});

counted(
  "an open extractor refuses a model whose weights have changed",
  async () => {
    const model = mlp();
    const extractor = new FeatureExtractor(model);
    await using open = await extractor.open();
    const x = array([2, 4]);
    const { source } = await open.predict(x, QUIET);
    const kernel = tf.ones([4, 5]);
    model.layers[0]!.setWeights([kernel, model.layers[0]!.getWeights()[1]!]);
    kernel.dispose();
    await assertRejects(
      () => open.predict(x, QUIET),
      TypeError,
      'Cannot predict as the model\'s weights must be as they were when it was opened: current value is "changed"; call open() again',
    );
    const again = await extractor.predict(x, QUIET);
    assertNotEquals(again.source!.model, source!.model);
    assertEquals(again.source!.settings, source!.settings);
    free(model);
  },
);

counted(
  "stream() holds one batch, and reads no further than it is asked",
  async () => {
    const model = mlp();
    let requested = 0;
    let isOver = false;
    function* batches() {
      try {
        while (true) {
          requested++;
          yield array([2, 4], requested);
        }
      } finally {
        isOver = true;
      }
    }
    // The native engine prepares one batch while another runs.
    const extractor = new FeatureExtractor(model).layers([0]).engine("tfjs");
    const live: number[] = [];
    for await (const set of extractor.stream(batches(), QUIET)) {
      live.push(tf.memory().numTensors);
      assertEquals(requested, live.length);
      assertEquals([...set.ids as number[]], [
        requested * 2 - 2,
        requested * 2 - 1,
      ]);
      if (requested === 4) break;
    }
    assertEquals(new Set(live).size, 1);
    assert(isOver);
    free(model);
  },
);

counted("arrays of a stream are the reader's to keep", async () => {
  const model = mlp();
  const buffer = array([1, 4]);
  function* same() {
    for (let i = 0; i < 3; i++) {
      buffer.data.fill(i);
      yield buffer;
    }
  }
  const extractor = new FeatureExtractor(model).layers([0]);
  const kept = await sets(extractor.stream(same(), QUIET));
  const [a, b, c] = kept.map((set) => [...set.features[0]!.data]);
  assertNotEquals(a, b);
  assertNotEquals(b, c);
  free(model);
});

counted(
  "parts() end where their samples end: before a batch that cannot be joined, behind what was left out",
  async () => {
    const model = filled(tf.sequential({
      layers: [
        tf.layers.conv2d({
          name: "conv",
          inputShape: [null, null, 1],
          filters: 1,
          kernelSize: 1,
        }),
      ],
    }));
    const graph = graphOf(model);
    const layers = graph.findNodes(["conv"]);
    const settings = { ...DEFAULTS, layers, wantsLogits: false };
    const runs = await openRuns(graph, settings);
    const ends: [number, number][] = [];
    const read = async (dataset: Dataset) => {
      const range = { start: 0 };
      const never = () => false;
      const parts = runs.parts(dataset, QUIET, range, undefined, never);
      for await (const { set, end } of parts) {
        ends.push([set!.ids.length, end]);
      }
    };
    const images = (size: number) => ({ xs: array([2, size, size, 1]) });
    await assertRejects(
      () => read(new Set([images(4), images(4), images(5)])),
      TypeError,
      'layer "conv" must be [null, 4, 4, 1] of float32 in every batch',
    );
    assertEquals(ends.splice(0), [[4, 4]]);
    const skipped = [{ id: "a", reason: "no image" }];
    await read(new Set([{ ...images(4), skipped }, images(4)]));
    assertEquals(ends, [[4, 5]]);
    await runs.close();
    free(model);
  },
);
