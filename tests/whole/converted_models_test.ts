/**
 * Models as the real converter writes them, against tf.keras: the value of
 * every layer and node that the records under `tests/data` hold.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  FeatureExtractor,
  type Inputs,
  loadModel,
  type NdArray,
} from "@sonde/sonde";
import {
  type Fixture,
  GRAPH_MODELS,
  LAYERS_MODELS,
} from "../support/ancestor_cases.ts";
import { assertRowsClose } from "../support/rows_close.ts";

const QUIET = { progress: false } as const;
const RTOL = 1e-5; // float32 sums in another order

for (const fixture of LAYERS_MODELS) {
  const { record, model: path, array } = fixture;
  Deno.test(`FeatureExtractor gives tf.keras' values of every layer of "${record.name}"`, async () => {
    await using model = await loadModel(path);
    assertEquals(model.format, "tfjs-layers");
    const names = Object.keys(record.layers);
    const extractor = new FeatureExtractor(model).layers(names);
    const found = await extractor.predict(inputsOf(fixture), QUIET);
    assertEquals(found.layerNames, names);
    names.forEach((name, i) => {
      const actual = found.features[i] as NdArray;
      assertRowsClose(actual, array(record.layers[name]!), RTOL);
    });
    await holdsHead(extractor, fixture);
  });

  Deno.test(`FeatureExtractor taps one layer of "${record.name}" as it taps all`, async () => {
    await using model = await loadModel(path);
    for (const [name, expected] of Object.entries(record.layers)) {
      const found = await new FeatureExtractor(model).layers(name).predict(
        inputsOf(fixture),
        QUIET,
      );
      assertRowsClose(found.features[0] as NdArray, array(expected), RTOL);
    }
  });
}

for (const fixture of GRAPH_MODELS) {
  const { record, model: path, array } = fixture;
  Deno.test(`FeatureExtractor gives tf.keras' values of nodes of graph "${record.name}"`, async () => {
    await using model = await loadModel(path);
    assertEquals(model.format, "tfjs-graph");
    const expected = Object.entries({ ...record.nodes, ...record.outputs });
    const names = expected.map(([name]) => name);
    const extractor = new FeatureExtractor(model).layers(names);
    const found = await extractor.predict(inputsOf(fixture), QUIET);
    expected.forEach(([, name], i) => {
      assertRowsClose(found.features[i] as NdArray, array(name), RTOL);
    });
    await holdsHead(extractor, fixture);
  });
}

/** Logits and penultimate where the record has a head, none where it has not. */
async function holdsHead(
  extractor: FeatureExtractor,
  fixture: Fixture<
    {
      readonly inputs: Readonly<Record<string, string>>;
      readonly logits?: string;
      readonly penultimate?: string;
    }
  >,
): Promise<void> {
  const { record, array } = fixture;
  if (record.logits === undefined) {
    const { logits } = await extractor.predict(inputsOf(fixture), QUIET);
    assertEquals(logits, undefined);
    return;
  }
  const { logits, penultimate, activation } = await extractor.penultimate()
    .predict(inputsOf(fixture), QUIET);
  assertRowsClose(logits!, array(record.logits), RTOL);
  const { data, shape } = array(record.penultimate!);
  const flat = [shape[0]!, data.length / shape[0]!]; // [N, 1, 1, D] counts as [N, D]
  assertRowsClose(
    { ...penultimate!, shape: flat },
    { data, shape: flat, dtype: "float32" },
    RTOL,
  );
  assertEquals(activation, "softmax");
}

function inputsOf(
  { record, array }: Fixture<
    { readonly inputs: Readonly<Record<string, string>> }
  >,
): Inputs {
  const entries = Object.entries(record.inputs);
  const named = Object.fromEntries(
    entries.map(([name, key]) => [name, array(key)]),
  );
  return entries.length === 1 ? array(entries[0]![1]) : named;
}
