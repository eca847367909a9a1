/**
 * Conformance with oodeel 0.4: every number that oodeel, NumPy or TensorFlow
 * computed in `tests/data/ancestor`, compared through the public
 * names, on each backend.
 *
 * Closeness is relative to the largest value of a row, so that a unit near
 * zero need not have more digits than its sum.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { FeatureExtractor, loadModel, type NdArray, tf } from "@sonde/sonde";
import {
  ANCESTOR,
  type AncestorCase,
  type AncestorRecord,
  type CaseSettings,
  type Fixture,
} from "../support/ancestor_cases.ts";
import { inTurn } from "../support/extent.ts";
import { hasWebgpu } from "../support/backends.ts";
import { assertRowsClose } from "../support/rows_close.ts";

type BackendName = "cpu" | "wasm" | "webgpu";

/** How close each backend must come, relative to the largest value of a row. */
const TOLERANCES: Readonly<Record<BackendName, number>> = {
  // Sums in another order than TensorFlow's, in float32.
  cpu: 1e-5,
  // The same, with fused multiply-adds.
  wasm: 1e-5,
  // Shaders may round exp, division and tanh to some units in the last place.
  webgpu: 1e-4,
};

const BACKENDS: readonly BackendName[] = ["cpu", "wasm"];

for (const [i, fixture] of ANCESTOR.entries()) {
  const plain = inTurn(BACKENDS, i);
  for (const backend of [...plain, "webgpu"] as const) {
    Deno.test({
      name:
        `FeatureExtractor gives the ancestor's numbers of "${fixture.record.name}" on ${backend}`,
      ignore: backend === "webgpu" && !hasWebgpu,
      // TF.js keeps its WebGPU device open.
      sanitizeResources: backend !== "webgpu",
      sanitizeOps: backend !== "webgpu",
      async fn(t) {
        await using model = await loadModel(fixture.model);
        const extractor = new FeatureExtractor(model);
        for (const item of fixture.record.cases) {
          await t.step(`${item.name} (${item.by})`, async () => {
            await runCase(extractor, fixture, item, backend);
          });
        }
      },
    });
  }
}

for (const { record, model: path, array } of ANCESTOR) {
  Deno.test(`fitReact() measures NumPy's quantile on "${record.name}"`, async () => {
    await using model = await loadModel(path);
    for (const { quantile, threshold, settings = {} } of record.fitReact) {
      const extractor = withSettings(new FeatureExtractor(model), settings);
      const x = array("x");
      const fitted = await extractor.fitReact(x, { quantile, progress: false });
      const passed = extractor.react(threshold);
      assertRowsClose(
        (await fitted.predict(x, { progress: false })).logits!,
        (await passed.predict(x, { progress: false })).logits!,
        1e-5,
      );
    }
  });

  Deno.test(`getWeights() gives the ancestor's arrays of "${record.name}"`, async () => {
    await using model = await loadModel(path);
    const extractor = new FeatureExtractor(model);
    for (const { id, arrays } of record.weights) {
      const found = Object.values(await extractor.getWeights(id));
      assertEquals(found.length, arrays.length, `weights of ${id}`);
      arrays.forEach((name, i) => {
        const expected = array(name);
        assertEquals(found[i]!.shape, expected.shape);
        assertEquals(found[i]!.data, expected.data);
      });
    }
  });

  Deno.test(`findLayer() counts layers as Keras does in "${record.name}"`, async () => {
    await using model = await loadModel(path);
    record.layers.forEach((name, i) => {
      assertEquals(model.findLayer(i).name, name);
      assertEquals(model.findLayer(i - record.layers.length).name, name);
      assertEquals(model.findLayer(name).index, i);
    });
  });
}

async function runCase(
  base: FeatureExtractor,
  fixture: Fixture<AncestorRecord>,
  item: AncestorCase,
  backend: BackendName,
): Promise<void> {
  const { record, array } = fixture;
  const settings = item.settings;
  let extractor = withSettings(base, settings);
  // wasm has few correct gradients, so the library chooses the backend there.
  const isBuiltInNode = backend === "wasm" && settings.perturb !== undefined;
  extractor = isBuiltInNode
    ? extractor.engine("tfjs")
    : extractor.engine("tfjs", { backend });
  if (!isBuiltInNode) assertEquals((await extractor.plan()).backend, backend);

  const numTensors = tf.memory().numTensors;
  const inputs = array(item.inputs);
  const found = await extractor.predict(inputs, { progress: false });
  assertEquals(tf.memory().numTensors, numTensors);
  assertEquals(inputs.data, array(item.inputs).data);

  const { expected } = item;
  const tolerance = TOLERANCES[backend];
  const rows = certainRows(
    expected.compare === undefined ? undefined : array(expected.compare),
  );
  const holds = (actual: NdArray, name: string) =>
    assertRowsClose(actual, array(name), tolerance, rows);

  assertEquals(found.features.length, expected.features.length);
  expected.features.forEach((name, i) =>
    holds(found.features[i] as NdArray, name)
  );
  if (expected.logits !== undefined) holds(found.logits!, expected.logits);
  if (expected.penultimate !== undefined) {
    holds(found.penultimate!, expected.penultimate);
  }
  if (settings.head === undefined) {
    assertEquals(found.activation, record.activation);
  }
  if (expected.perturbed !== undefined) {
    await comparePerturbed(extractor, fixture, item, tolerance);
  }
}

/** The moved input itself, where the model has a layer that outputs it. */
async function comparePerturbed(
  extractor: FeatureExtractor,
  { record, array }: Fixture<AncestorRecord>,
  { inputs, expected }: AncestorCase,
  tolerance: number,
): Promise<void> {
  const [first] = record.layers;
  if (extractor.findLayer(first!).kind !== "InputLayer") return;
  const moved = await extractor.layers([first!]).predict(array(inputs), {
    progress: false,
  });
  const [actual] = moved.features as NdArray[];
  const compare = array(expected.compare!);
  const wanted = array(expected.perturbed!);
  const data = wanted.data.map((v, i) =>
    compare.data[i] ? v : actual!.data[i]!
  );
  assertRowsClose(actual!, { ...wanted, data }, tolerance);
}

/** Rows in which every sign of the gradient is certain; all where nothing is said. */
function certainRows(compare: NdArray | undefined): number[] | undefined {
  if (compare === undefined) return undefined;
  const [numRows = 0] = compare.shape;
  const width = compare.data.length / numRows;
  const rows = Array.from({ length: numRows }, (_, row) => row).filter((row) =>
    compare.data.subarray(row * width, (row + 1) * width).every((c) => c === 1)
  );
  assert(rows.length > 0, "no row can be compared");
  return rows;
}

function withSettings(
  base: FeatureExtractor,
  settings: CaseSettings,
): FeatureExtractor {
  const { layers, input, head, react, ash, scale, vra, perturb } = settings;
  let extractor = base;
  if (layers !== undefined) extractor = extractor.layers(layers);
  if (settings.penultimate) extractor = extractor.penultimate();
  if (input !== undefined) extractor = extractor.input(input);
  if (head !== undefined) extractor = extractor.head(head);
  if (react !== undefined) extractor = extractor.react(react);
  if (ash !== undefined) extractor = extractor.ash(...ash);
  if (scale !== undefined) extractor = extractor.scale(...scale);
  if (vra !== undefined) extractor = extractor.vra(...vra);
  if (perturb !== undefined) extractor = extractor.perturb(perturb);
  return extractor;
}
