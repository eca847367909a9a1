/**
 * Ownership of the results of a run: one tensor of the model under several names is
 * one array for each name, owned by the caller, on every engine.
 */
import { assert, assertEquals } from "@std/assert";
import {
  FeatureExtractor,
  type FeatureSet,
  type Model,
  type NdArray,
  tf,
} from "@sonde/sonde";
import { loadModel } from "../../lib/extractor/load_model.ts";
import { assertAllClose } from "../support/all_close.ts";
import { counted } from "../support/backends.ts";
import { sampled } from "../support/extent.ts";
import { dense, functional, input, layer } from "../support/keras_spec.ts";
import { kerasOf, on } from "../support/model_files.ts";
import { onnxBytes } from "../support/onnx_bytes.ts";
import { engineOf, OUR_ENGINES, type OurEngine } from "../support/open_on.ts";
import { array, filled, free, numbers, rowsOf } from "../extractor/_models.ts";

const QUIET = { progress: false };
const BATCH = 5;

/** A model, and names of its layers of which some hold the same values. */
interface Subject {
  readonly name: string;
  readonly engines: readonly OurEngine[];
  /** Layers to take; those in one list give the same values. */
  readonly layers: readonly (readonly string[])[];
  /** The layers that give the penultimate and the logits. */
  readonly penultimate: string;
  readonly logits: string;
  open(): Promise<{ model: Model | tf.LayersModel; close(): unknown }>;
}

/** `x [4] → hidden → drop → inner (wide) → same → head`, without activations. */
function memoryModel(): tf.LayersModel {
  const { layers } = tf;
  const wide = layers.dense({ name: "wide", units: 6, inputShape: [5] });
  return filled(tf.sequential({
    layers: [
      layers.dense({ name: "hidden", units: 5, inputShape: [4] }),
      layers.dropout({ name: "drop", rate: 0.5 }),
      tf.sequential({ name: "inner", layers: [wide] }),
      layers.dropout({ name: "same", rate: 0.5 }),
      layers.dense({ name: "head", units: 3 }),
    ],
  }));
}

/** `x [4] → hidden → drop → same → head`, as Keras stores it. */
function kerasFile(): Uint8Array<ArrayBuffer> {
  const dropout = (name: string, from: string) =>
    layer(name, "Dropout", { rate: 0.5 }, on(from));
  const config = functional(
    "m",
    [
      input("x", [4]),
      dense("hidden", 5, on("x")),
      dropout("drop", "hidden"),
      dropout("same", "drop"),
      dense("head", 3, on("same")),
    ],
    ["x", 0, 0],
    ["head", 0, 0],
  );
  return kerasOf(config, {
    "layers/dense/vars/0": [[4, 5], [...numbers(20, 1)]],
    "layers/dense/vars/1": [[5], [...numbers(5, 2)]],
    "layers/dense_1/vars/0": [[5, 3], [...numbers(15, 3)]],
    "layers/dense_1/vars/1": [[3], [...numbers(3, 4)]],
  });
}

/** `x [4] → hidden → same → head → out`, where "same" and "out" are identities. */
function onnxFile(): Uint8Array<ArrayBuffer> {
  const constant = (name: string, shape: number[], seed: number) => ({
    name,
    shape,
    floats: [...numbers(shape.reduce((a, b) => a * b), seed)],
  });
  return onnxBytes({
    nodes: [
      { op: "Gemm", name: "hidden", in: ["x", "k", "b"], out: ["h"] },
      { op: "Identity", name: "same", in: ["h"], out: ["s"] },
      { op: "Gemm", name: "head", in: ["s", "l", "c"], out: ["z"] },
      { op: "Identity", name: "out", in: ["z"], out: ["y"] },
    ],
    constants: [
      constant("k", [4, 5], 1),
      constant("b", [5], 2),
      constant("l", [5, 3], 3),
      constant("c", [3], 4),
    ],
    inputs: [{ name: "x", shape: ["N", 4] }],
    outputs: [{ name: "y", shape: ["N", 3] }],
  });
}

async function loaded(source: Uint8Array<ArrayBuffer> | URL) {
  const model = await loadModel(source);
  return { model, close: () => model.close() };
}

const MLP_GRAPH = new URL(
  "../data/graph_models/mlp/model.json",
  import.meta.url,
);
const IN_GRAPH = "StatefulPartitionedCall/mlp";

const SUBJECTS: readonly Subject[] = [
  {
    name: "a model in memory",
    engines: OUR_ENGINES,
    layers: [["hidden", "drop"], ["inner", "inner/wide", "same"], ["head"]],
    penultimate: "same",
    logits: "head",
    open() {
      const model = memoryModel();
      return Promise.resolve({ model, close: () => free(model) });
    },
  },
  {
    name: "a Keras file",
    engines: OUR_ENGINES,
    layers: [["hidden", "drop", "same"], ["head"]],
    penultimate: "same",
    logits: "head",
    open: () => loaded(kerasFile()),
  },
  {
    name: "an ONNX file",
    engines: ["onnx"],
    layers: [["hidden", "same"], ["head", "out"]],
    penultimate: "same",
    logits: "head",
    open: () => loaded(onnxFile()),
  },
  {
    name: "a graph model",
    engines: ["cpu", "wasm"],
    layers: [
      [`${IN_GRAPH}/second/Elu`],
      [`${IN_GRAPH}/head/BiasAdd`],
      [`${IN_GRAPH}/head/Softmax`, "Identity"],
    ],
    penultimate: `${IN_GRAPH}/second/Elu`,
    logits: `${IN_GRAPH}/head/BiasAdd`,
    open: () => loaded(MLP_GRAPH),
  },
];

/** Everything that a set holds of samples, by what it is called. */
function arraysOf(set: FeatureSet): Map<string, NdArray> {
  const { layerNames, features, logits, penultimate } = set;
  const named = layerNames.map((name, i) =>
    [name, features[i] as NdArray] as const
  );
  return new Map([
    ...named,
    ["(logits)", logits!],
    ["(penultimate)", penultimate!],
  ]);
}

/** The values, and which of them must be alike. */
function checkValues(
  found: ReadonlyMap<string, NdArray>,
  expected: ReadonlyMap<string, NdArray>,
  { layers, penultimate, logits }: Subject,
): void {
  for (const [name, array] of found) {
    const want = expected.get(name)!;
    assertEquals(array.shape, want.shape, name);
    assertAllClose(array.data, want.data, { rtol: 1e-5, atol: 1e-6 });
  }
  const alike = [
    ...layers,
    [penultimate, "(penultimate)"],
    [logits, "(logits)"],
  ];
  for (const [first, ...others] of alike) {
    for (const name of others) {
      assertEquals(found.get(name)!.data, found.get(first!)!.data, name);
    }
  }
}

/** Writing into one array changes no other. */
function checkApart(found: ReadonlyMap<string, NdArray>): void {
  for (const [name, { data }] of found) {
    const before = [...found].map(([, { data }]) => data.slice());
    data.fill(-77);
    [...found].forEach(([other, { data }], i) => {
      if (other !== name) assertEquals(data, before[i], `${other}, ${name}`);
    });
    data.set(before[[...found.keys()].indexOf(name)]!);
  }
}

/** The same samples batch by batch, without their number. */
function* batchesOf(x: NdArray): Generator<NdArray> {
  const [rows, ...sizes] = x.shape;
  const width = sizes.reduce((a, b) => a * b, 1);
  for (let at = 0; at < rows!; at += BATCH) {
    const data = x.data.slice(at * width, (at + BATCH) * width);
    yield { ...x, data, shape: [data.length / width, ...sizes] };
  }
}

for (const subject of SUBJECTS) {
  for (const engine of subject.engines) {
    const title = `${subject.name} on ${engine}`;
    counted(
      `one tensor under several names is an array for each, of ${title}`,
      async () => {
        const { model, close } = await subject.open();
        const names = subject.layers.flat();
        const one = new FeatureExtractor(model).engine(...engineOf(engine))
          .batch(BATCH);
        const all = one.layers(names).penultimate();
        const width = one.model.inputs[0]!.shape[1]!;
        const samples = array([2 * BATCH + 1, width]);
        // One at a time, so that it has no second name.
        const alone = new Map<string, NdArray>();
        for (const name of names) {
          const set = await one.layers(name).predict(samples, QUIET);
          alone.set(name, set.features[0] as NdArray);
        }
        const ends = await one.penultimate().predict(samples, QUIET);
        alone.set("(logits)", ends.logits!);
        alone.set("(penultimate)", ends.penultimate!);
        await using open = await all.open();
        for (const rows of sampled([BATCH, 2 * BATCH, 2 * BATCH + 1], 2)) {
          const x = rowsOf(samples, 0, rows);
          const expected = new Map(
            [...alone].map(([name, found]) => [name, rowsOf(found, 0, rows)]),
          );
          for (const runs of [all, open]) {
            for (const dataset of [() => x, () => batchesOf(x)]) {
              const set = await runs.predict(dataset(), QUIET);
              checkValues(arraysOf(set), expected, subject);
              checkApart(arraysOf(set));
            }
            const sets = await Array.fromAsync(runs.stream(x, QUIET));
            assertEquals(sets.length, Math.ceil(rows / BATCH));
            const arrays = sets.map(arraysOf);
            // All batches together: none is overwritten by the next.
            const numbered = arrays.flatMap((one, i) =>
              [...one].map(([name, found]) => [`${name} ${i}`, found] as const)
            );
            checkApart(new Map(numbered));
            const joined = [...arrays[0]!.keys()].map((name) => {
              const data = arrays.flatMap((one) => [...one.get(name)!.data]);
              const shape = [rows, ...arrays[0]!.get(name)!.shape.slice(1)];
              const found = Float32Array.from(data);
              return [name, { data: found, shape, dtype: "float32" }] as const;
            });
            checkValues(new Map(joined), expected, subject);
          }
        }
        await close();
      },
    );

    counted(
      `a set's head is no weight of the engine or the model, of ${title}`,
      async () => {
        const { model, close } = await subject.open();
        const extractor = new FeatureExtractor(model).react(0.5)
          .engine(...engineOf(engine));
        const x = array([BATCH, extractor.model.inputs[0]!.shape[1]!]);
        await using open = await extractor.open();
        const { head, logits } = await open.predict(x, QUIET);
        for (const { data } of [head!.kernel, head!.bias]) data.fill(9);
        assertEquals((await open.predict(x, QUIET)).logits, logits);
        assertEquals((await extractor.predict(x, QUIET)).logits, logits);
        await close();
      },
    );

    counted(
      `predictTensor() gives a tensor for each name, of ${title}`,
      async () => {
        const { model, close } = await subject.open();
        const names = subject.layers.flat();
        const extractor = new FeatureExtractor(model).layers(names)
          .engine(...engineOf(engine));
        const width = extractor.model.inputs[0]!.shape[1]!;
        const x = array([3, width]);
        const expected = arraysOf(
          await extractor.penultimate().predict(x, QUIET),
        );
        // Tensors of the session's backend are not copied; others are read.
        const backends = engine === "onnx" ? ["cpu"] : ["cpu", engine];
        await using open = await extractor.open();
        for (const backend of backends) {
          await tf.setBackend(backend);
          const tensor = tf.tensor(x.data, [...x.shape]);
          const { features, logits } = await open.predictTensor(tensor);
          const tensors = [...features, logits!];
          assertEquals(new Set(tensors).size, tensors.length);
          assert(!tensors.includes(tensor));
          // Disposing of one does not affect the others.
          for (const [i, tensor] of tensors.entries()) {
            const want = expected.get(names[i] ?? "(logits)")!;
            const found = await tensor.data() as Float32Array;
            assertAllClose(found, want.data, { rtol: 1e-5, atol: 1e-6 });
            tensor.dispose();
          }
          assertEquals(tensor.dataSync(), x.data);
          tensor.dispose();
        }
        await tf.setBackend("cpu");
        await close();
      },
    );
  }
}
