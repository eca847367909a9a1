/**
 * Models written by TF.js, compared with its `predict`: every class of TF.js.
 *
 * @module
 */
import { tf } from "../../lib/tf.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { loadModel, ModelFormatError, type NdArray } from "@sonde/sonde";
import { modelGraphOf } from "../../lib/models/graph/model_graph.ts";
import { inTurn, ofEachKind } from "../support/extent.ts";
import { assertAsKeras } from "../support/keras_models.ts";
import { openOn, OUR_ENGINES } from "../support/open_on.ts";
import { saveTo } from "../support/save_model.ts";
import type { TfjsCase } from "../support/tfjs_case.ts";
import { LAYER_CASES } from "../support/tfjs_cases.ts";
import { MASK_CASES, NESTED_CASES } from "../support/tfjs_graph_cases.ts";

await tf.setBackend("cpu");

/**
 * Cases that TF.js computes itself: its kernels ignore the axis, and it loses
 * masks.
 */
const LEFT =
  /^(BatchNormalization axis 1|Conv1D and|Permute and|Global.* behind)/;

/** Classes that cannot be saved and opened again, and such as are no layers. */
const WITHOUT = new Set([
  ...["CategoryEncoding", "CenterCrop", "ConvLSTM2DCell", "Functional"],
  ...["Model", "RandomWidth", "Resizing"],
]);

type HostArray = NdArray<Float32Array | Int32Array>;

/** The configs of the cases that have run, by name. */
const described = new Map<string, string>();

function descriptionOf(model: tf.LayersModel): string {
  return JSON.stringify(model.toJSON(null, false));
}

/** A case, saved, with what TF.js gives. */
async function saved(
  { name, build, inputs }: TfjsCase,
  folder: string,
): Promise<{ path: string; inputs: HostArray[]; expected: HostArray[] }> {
  const model = build();
  described.set(name, descriptionOf(model));
  const fed = inputs();
  const passed = [model.predict(fed.length === 1 ? fed[0]! : fed)].flat();
  const path = await saveTo(model, folder);
  const arrays = [fed, passed].map((list) => list.map(hostArray));
  tf.dispose([fed, passed]);
  model.dispose();
  return { path, inputs: arrays[0]!, expected: arrays[1]! };
}

function hostArray(tensor: tf.Tensor): HostArray {
  const { shape, dtype } = tensor;
  return { data: tensor.dataSync().slice(), shape, dtype } as HostArray;
}

const CASES = [...LAYER_CASES, ...MASK_CASES, ...NESTED_CASES];

const SOME = ofEachKind(
  [...CASES.entries()],
  3,
  ([, { name }]) => name.split(" ")[0],
);

for (const [i, one] of SOME) {
  Deno.test(`a model.json of TF.js means what TF.js computes: ${one.name}`, async () => {
    const folder = await Deno.makeTempDir();
    const { path, inputs, expected } = await saved(one, folder);
    const before = tf.memory().numTensors;
    const graph = modelGraphOf(await loadModel(path))!;
    const isLeft = LEFT.test(one.name);
    assertEquals(
      graph.listed.some(({ call }) => call.kind === "inMemory"),
      isLeft,
    );
    assertEquals(graph.format, "tfjs-layers");
    const engines = isLeft
      ? ["cpu" as const, "wasm" as const]
      : inTurn(OUR_ENGINES, i);
    for (const engine of engines) {
      await using opened = await openOn(graph, engine);
      const found = await opened.run(inputs);
      assertEquals(found.length, expected.length);
      expected.forEach((output, i) =>
        assertAsKeras(found[i]!, output, `${engine}, output ${i}`)
      );
    }
    await graph.close();
    assertEquals(tf.memory().numTensors, before);
    await Deno.remove(folder, { recursive: true });
  });
}

Deno.test("every class of TF.js has a case", () => {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  const wanted = Object.entries(classNameMap)
    .filter(([, [made]]) => made.prototype instanceof tf.layers.Layer)
    .map(([name]) => name).filter((name) => !WITHOUT.has(name));
  const text = CASES.map(({ name, build }) => {
    const known = described.get(name);
    if (known !== undefined) return known;
    const model = build();
    const json = descriptionOf(model);
    model.dispose();
    return json;
  }).join();
  assert(wanted.length > 55);
  const missing = wanted.filter((name) => !text.includes(`"${name}"`));
  assertEquals(missing, []);
});

Deno.test("a model.json that TF.js itself computes is checked before, and refused if it is damaged", async () => {
  const folder = await Deno.makeTempDir();
  const model = tf.sequential({
    layers: [
      tf.layers.batchNormalization({ axis: 1, inputShape: [3, 2], name: "bn" }),
    ],
  });
  const path = await saveTo(model, folder);
  model.dispose();
  const before = tf.memory().numTensors;
  const bytes = await Deno.readFile(`${folder}/weights.bin`);
  await Deno.writeFile(`${folder}/weights.bin`, bytes.slice(0, -4));
  await assertRejects(() => loadModel(path), ModelFormatError);
  new Float32Array(bytes.buffer)[1] = NaN;
  await Deno.writeFile(`${folder}/weights.bin`, bytes);
  await assertRejects(
    () => loadModel(path),
    RangeError,
    'must be finite: current value is "NaN or infinite values"; load the model with allowNonFinite: true',
  );
  await (await loadModel(path, { allowNonFinite: true })).close();
  assertEquals(tf.memory().numTensors, before);
  await Deno.remove(folder, { recursive: true });
});
