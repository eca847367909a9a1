import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FeatureExtractor, loadModel, pool, tf } from "@sonde/sonde";
import type { Model, NdArray } from "@sonde/sonde";
import { selectedLogits } from "../../lib/extractor/logits.ts";
import { sampleAxisMover } from "../../lib/extractor/sample_axis.ts";
import { DEFAULTS } from "../../lib/extractor/settings.ts";
import { assertAllClose } from "../support/all_close.ts";
import { counted } from "../support/backends.ts";
import { graphOf } from "../support/graph_of.ts";
import { type File, floatBytes, onnxBytes } from "../support/onnx_bytes.ts";
import { engineOf, OUR_ENGINES } from "../support/open_on.ts";
import { free, mlp } from "./_models.ts";

const FAULT = new URL(
  "../data/faults/head_of_places/model.onnx",
  import.meta.url,
);

function numbers(...shape: number[]): NdArray {
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: size }, (_, i) => Math.sin(i));
  return { data, shape, dtype: "float32" };
}

// ---- rows that are known to be no samples ----

Deno.test("logits after a moved sample axis are left out, with a warning in the plan", async () => {
  await using model = await loadModel(FAULT);
  const extractor = new FeatureExtractor(model).layers("conv");
  const plan = await extractor.plan();
  assertEquals(plan.warnings, [
    'logits are left out, as the rows of "gemm" are not samples: ' +
    '"time_first" moves the axis of the samples',
  ]);
  assertEquals([plan.head, plan.penultimate], [undefined, undefined]);
  // One time step would give one row a sample, by chance.
  for (const [samples, width] of [[1, 6], [3, 6], [6, 6], [6, 1]] as const) {
    const set = await extractor.predict(numbers(samples, 1, 8, width));
    assertEquals(set.logits, undefined);
    assertEquals(set.features[0]!.shape, [samples, 4, 1, width]);
  }
  // Each sample as it is by itself.
  const all = await extractor.predict(numbers(3, 1, 8, 6));
  const { data } = numbers(3, 1, 8, 6);
  const last = {
    data: data.slice(2 * 48),
    shape: [1, 1, 8, 6],
    dtype: "float32",
  } as const;
  const alone = await extractor.predict(last);
  assertEquals(all.features[0]!.data.slice(2 * 24), alone.features[0]!.data);
});

Deno.test("what needs logits is refused with the reason why they are left out", async () => {
  await using model = await loadModel(FAULT);
  const extractor = new FeatureExtractor(model);
  const why = /the rows of "gemm" are not samples/;
  await assertRejects(() => extractor.plan(), TypeError, "logits");
  for (
    const use of [
      () => extractor.react(1),
      () => extractor.penultimate(),
    ]
  ) {
    const { message } = assertThrows(use, TypeError);
    assert(why.test(message), message);
  }
  // A head that is named is the caller's word: rows that do not fit are an error.
  await assertRejects(
    () => extractor.layers("conv").head("gemm").predict(numbers(1, 1, 8, 6)),
    TypeError,
    "one row",
  );
});

// ---- the analysis, on small files ----

/** `x [N, T, 4]`, some operations to `h`, and a linear layer of three units. */
function file(nodes: File["nodes"], first: string | number = "N"): Uint8Array {
  return onnxBytes({
    nodes: [
      ...nodes!,
      { op: "Gemm", name: "head", in: ["h", "w"], out: ["y"] },
    ],
    constants: [
      { name: "w", shape: [4, 3], floats: [...numbers(4, 3).data] },
      { name: "rows", type: 7, shape: [2], ints: [-1, 4], intsField: 7 },
      { name: "axis", type: 7, shape: [1], ints: [1], intsField: 7 },
    ],
    inputs: [{ name: "x", shape: [first, "T", 4] }],
    outputs: [{ name: "y", shape: ["M", 3] }],
  });
}

async function moverOf(nodes: File["nodes"]): Promise<string | undefined> {
  await using model = await loadModel(file(nodes));
  const graph = graphOf(model);
  const { logits, warnings } = selectedLogits(graph, DEFAULTS);
  assertEquals(warnings.length, logits === undefined ? 1 : 0);
  return logits === undefined
    ? warnings[0]!.match(/: "(.*)" moves/)![1]
    : sampleAxisMover(graph, logits)?.row.name;
}

const move = (name: string, from: string, to: string, perm: number[]) => ({
  op: "Transpose",
  name,
  in: [from],
  out: [to],
  attributes: { perm },
});
const toRows = { op: "Reshape", in: ["t", "rows"], out: ["h"] };

Deno.test("sampleAxisMover() follows the axis of the samples", async () => {
  assertEquals(
    await moverOf([move("first", "x", "t", [1, 0, 2]), toRows]),
    "first",
  );
  assertEquals(
    await moverOf([
      { op: "Relu", in: ["x"], out: ["r"] },
      move("first", "r", "m", [1, 0, 2]),
      { op: "Tanh", in: ["m"], out: ["t"] },
      toRows,
    ]),
    "first",
  );
  // Moved and moved back; moved among the others; not moved.
  assertEquals(
    await moverOf([
      move("first", "x", "m", [1, 0, 2]),
      move("second", "m", "t", [1, 0, 2]),
      toRows,
    ]),
    undefined,
  );
  assertEquals(
    await moverOf([move("first", "x", "t", [0, 2, 1]), toRows]),
    undefined,
  );
  assertEquals(
    await moverOf([{
      op: "ReduceMean",
      in: ["x"],
      out: ["h"],
      attributes: { axes: [1], keepdims: 0 },
    }]),
    undefined,
  );
  // After an unknown operator the axis is unknown.
  assertEquals(
    await moverOf([
      move("first", "x", "m", [1, 0, 2]),
      {
        op: "ReduceMean",
        in: ["m"],
        out: ["h"],
        attributes: { axes: [0], keepdims: 0 },
      },
    ]),
    undefined,
  );
});

// ---- rows that only a run can tell ----

const RESHAPED = [
  { op: "Relu", name: "relu", in: ["x"], out: ["t"] },
  toRows,
] as const;

for (const first of ["N", 1, 2] as const) {
  Deno.test(`logits that a batch shows to be no rows of samples are left out: [${first}, T, 4]`, async () => {
    await using model = await loadModel(file(RESHAPED, first));
    const extractor = new FeatureExtractor(model).layers("relu").batch(4);
    assertEquals((await extractor.plan()).warnings, []);
    const open = await extractor.open();
    const set = await open.predict(numbers(6, 5, 4));
    assertEquals(set.logits, undefined);
    assertAllClose(
      set.features[0]!.data,
      numbers(6, 5, 4).data.map((v) => Math.max(0, v)),
    );
    assert(
      open.plan.warnings[0]!.startsWith('logits are left out, as "head" gives'),
    );
    let rows = 0;
    for await (const part of open.stream(numbers(6, 5, 4))) {
      assertEquals(part.logits, undefined);
      rows += part.features[0]!.shape[0]!;
    }
    assertEquals(rows, 6);
    assertEquals(open.plan.warnings.length, 1);
    const x = tf.tensor(numbers(6, 5, 4).data, [6, 5, 4]);
    const tensors = await open.predictTensor(x);
    assertEquals(tensors.logits, undefined);
    tf.dispose([x, ...tensors.features]);
    await open.close();
    // Where they fit, they are there.
    const fits = await extractor.predict(numbers(6, 1, 4));
    assertEquals(fits.logits?.shape, [6, 3]);
  });
}

Deno.test("logits that fit in some batches only are left out of all", async () => {
  await using model = await loadModel(file(RESHAPED));
  const extractor = new FeatureExtractor(model).layers("relu")
    .postprocess(pool("max", { channels: "last" }));
  function* batches(...widths: number[]) {
    for (const width of widths) yield numbers(4, width, 4);
  }
  const fits = await extractor.predict(batches(1, 1));
  assertEquals(fits.logits?.shape, [8, 3]);
  const mixed = await extractor.predict(batches(1, 2));
  assertEquals([mixed.logits, mixed.features[0]!.shape[0]], [undefined, 8]);
  // A layer that is selected must give a row for each sample.
  await assertRejects(
    () => new FeatureExtractor(model).layers("head").predict(numbers(2, 3, 4)),
    TypeError,
    "one row",
  );
});

// ---- on request ----

counted(
  "logits(false) leaves logits out, and what is only for them",
  async () => {
    const model = mlp();
    const plain = new FeatureExtractor(model).layers([0]);
    const without = plain.logits(false);
    const x = numbers(5, model.inputs[0]!.shape[1]!);
    for (const [engine, options] of OUR_ENGINES.map(engineOf)) {
      const set = await without.engine(engine, options).predict(x);
      const whole = await plain.engine(engine, options).predict(x);
      assertEquals([set.logits, set.head, set.activation], [
        undefined,
        undefined,
        undefined,
      ]);
      assertEquals(set.features[0]!.data, whole.features[0]!.data);
      assert(set.source!.settings !== whole.source!.settings);
      const again = await without.logits(true).engine(engine, options).predict(
        x,
      );
      assertEquals(again.source, whole.source);
      assertEquals(again.logits, whole.logits);
      const tensor = tf.tensor(x.data, [...x.shape]);
      const { features, logits } = await without.engine(engine, options)
        .predictTensor(tensor);
      assertEquals(logits, undefined);
      tf.dispose([tensor, ...features]);
    }
    const plan = await without.plan();
    assertEquals([plan.head, plan.removed, plan.warnings], [
      undefined,
      undefined,
      [],
    ]);
    assertEquals(plan.skipped, [model.layers[1]!.name]);
    await assertRejects(
      () => new FeatureExtractor(model).logits(false).plan(),
      TypeError,
      "a layer must be selected, or the model have logits",
    );
    assertThrows(
      () => plain.logits(1 as never),
      TypeError,
      '"wanted" must be true or false',
    );
    free(model);
  },
);

counted(
  "logits(false) keeps the penultimate and the perturbation",
  async () => {
    const model = mlp();
    const x = numbers(5, model.inputs[0]!.shape[1]!);
    const plain = new FeatureExtractor(model).layers([0]);
    for (const [engine, options] of OUR_ENGINES.map(engineOf)) {
      const set = await plain.penultimate().logits(false).engine(
        engine,
        options,
      )
        .predict(x);
      assertEquals([set.logits, set.penultimate?.shape[0]], [undefined, 5]);
      assert(set.head !== undefined);
    }
    const perturbed = plain.perturb({ epsilon: 0.1 }).engine("tfjs", {
      backend: "cpu",
    });
    const [with_, without] = [
      await perturbed.predict(x),
      await perturbed.logits(false).predict(x),
    ];
    assertEquals(without.features[0]!.data, with_.features[0]!.data);
    assertEquals(without.logits, undefined);
    free(model);
  },
);

counted(
  "penultimate({ shaped }) returns what the shaped logits are computed from",
  async () => {
    const model = mlp();
    const x = numbers(5, model.inputs[0]!.shape[1]!);
    const base = new FeatureExtractor(model).react(0.2);
    for (const [engine, options] of OUR_ENGINES.map(engineOf)) {
      const on = base.engine(engine, options);
      const plain = await on.penultimate().predict(x);
      const shaped = await on.penultimate({ shaped: true }).predict(x);
      const clipped = plain.penultimate!.data.map((v) =>
        Math.min(v, Math.fround(0.2))
      );
      assertAllClose(shaped.penultimate!.data, clipped, { atol: 1e-6 });
      assert(plain.penultimate!.data.some((v) => v > 0.2));
      assertAllClose(shaped.logits!.data, plain.logits!.data, { atol: 1e-6 });
      const alone = await on.penultimate({ shaped: true }).logits(false)
        .predict(x);
      assertAllClose(alone.penultimate!.data, clipped, { atol: 1e-6 });
      assertEquals(alone.logits, undefined);
      assert(shaped.source!.settings !== plain.source!.settings);
    }
    assertThrows(
      () => base.penultimate({ shaped: "yes" as never }),
      TypeError,
      '"shaped" must be true or false',
    );
    await assertRejects(
      () => base.logits(false).plan(),
      TypeError,
      "Cannot extract features as what react changes must be selected",
    );
    await assertRejects(
      () => new FeatureExtractor(model).penultimate({ shaped: true }).plan(),
      TypeError,
      "a shaping must be set for .penultimate({ shaped: true })",
    );
    free(model);
  },
);

Deno.test("penultimate({ shaped }) and logits(false) work on an ONNX file", async () => {
  const bytes = onnxBytes({
    nodes: [
      { op: "Relu", name: "relu", in: ["x"], out: ["h"] },
      { op: "Gemm", name: "head", in: ["h", "w"], out: ["y"] },
    ],
    constants: [{ name: "w", shape: [2, 2], raw: floatBytes(1, 2, 3, 4) }],
    inputs: [{ name: "x", shape: ["N", 2] }],
    outputs: [{ name: "y", shape: ["N", 2] }],
  });
  await using model: Model = await loadModel(bytes);
  const x = {
    data: Float32Array.of(1, -2, 0.5, 3),
    shape: [2, 2],
    dtype: "float32",
  } as const;
  const extractor = new FeatureExtractor(model).react(0.75);
  const shaped = await extractor.penultimate({ shaped: true }).predict(x);
  assertEquals([...shaped.penultimate!.data], [0.75, 0, 0.5, 0.75]);
  assertEquals([...shaped.logits!.data], [0.75, 1.5, 2.75, 4]);
  const alone = await extractor.penultimate({ shaped: true }).logits(false)
    .predict(x);
  assertEquals([...alone.penultimate!.data], [0.75, 0, 0.5, 0.75]);
  assertEquals(alone.logits, undefined);
  const features = await new FeatureExtractor(model).layers("relu").logits(
    false,
  ).predict(x);
  assertEquals([...features.features[0]!.data], [1, 0, 0.5, 3]);
  assertEquals(features.logits, undefined);
});
