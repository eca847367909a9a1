/**
 * TimeDistributed over models. Right values are what the writers computed
 * (`tests/data/faults/td_model/make.py`).
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { FeatureExtractor } from "../../../lib/extractor/feature_extractor.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import type { NdArray } from "../../../lib/types.ts";
import { assertAllClose } from "../../support/all_close.ts";
import {
  call,
  dense,
  functional,
  graphOf,
  input,
  type Json,
  layer,
  tensor,
} from "../../support/keras_spec.ts";
import { openOn, OUR_ENGINES } from "../../support/open_on.ts";

const FOLDER = new URL("../../data/faults/td_model/", import.meta.url);

interface Stored {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const NAMES = [
  ...["functional", "sequential", "branched", "masked", "levels", "frames"],
  "any",
];

const arrayOf = ({ shape, data }: Stored): NdArray<Float32Array> => ({
  data: Float32Array.from(data),
  shape: [...shape],
  dtype: "float32",
});

async function expectedOf(writer: string) {
  const url = new URL(`expected_${writer}.json`, FOLDER);
  const all: Record<string, Stored> = JSON.parse(await Deno.readTextFile(url));
  return (name: string) =>
    Object.entries(all).filter(([key]) => key.startsWith(`${name}:`))
      .map(([key, value]) =>
        [key.slice(name.length + 1), arrayOf(value)] as const
      );
}

for (const writer of ["k2", "k3"]) {
  for (const kind of ["keras", "h5"]) {
    Deno.test(`a .${kind} of ${writer} with TimeDistributed models gives what its writer computes`, async () => {
      const expected = await expectedOf(writer);
      for (const name of NAMES) {
        await using model = await loadModel(
          new URL(`${writer}_${name}.${kind}`, FOLDER),
        );
        const values = new Map(expected(name));
        const { input, output, ...inner } = Object.fromEntries(values);
        const ids = Object.keys(inner);
        const at = await new FeatureExtractor(model).layers([...ids, -1])
          .batch(2).engine("tfjs", { backend: "cpu" }).predict(input!);
        [...Object.values(inner), output!].forEach((value, i) => {
          const found = at.features[i]!;
          assertEquals(found.shape, value.shape, `${name}, ${ids[i]}`);
          assertAllClose(found.data as Float32Array, value.data, {
            atol: 1e-5,
          });
        });
      }
    });
  }
}

Deno.test("TimeDistributed models run alike on every engine", async () => {
  const expected = await expectedOf("k3");
  for (const name of NAMES) {
    await using model = modelGraphOf(
      await loadModel(
        new URL(`k3_${name}.keras`, FOLDER),
      ),
    )!;
    const { input, output } = Object.fromEntries(expected(name));
    for (const engine of OUR_ENGINES) {
      await using opened = await openOn(model, engine);
      const [found] = await opened.run([input!]);
      assertAllClose(found!.data as Float32Array, output!.data, { atol: 1e-4 });
    }
  }
});

Deno.test("a model.json with a TimeDistributed Sequential gives what its writer computes", async () => {
  const folder = new URL("k2_sequential_tfjs/", FOLDER);
  const { inputs, expect, logits } = JSON.parse(
    await Deno.readTextFile(new URL("case.json", folder)),
  );
  const read = async ({ file, shape }: { file: string; shape: number[] }) => ({
    data: new Float32Array((await Deno.readFile(new URL(file, folder))).buffer),
    shape,
    dtype: "float32" as const,
  });
  await using model = await loadModel(new URL("model.json", folder));
  const set = await new FeatureExtractor(model).layers("td")
    .predict(await read(inputs.x));
  const feature = await read(expect.td);
  assertAllClose(set.features[0]!.data as Float32Array, feature.data);
  assertAllClose(set.logits!.data, (await read(logits)).data);
});

Deno.test("layers in a TimeDistributed model are found by path, with their weights", async () => {
  await using model = modelGraphOf(
    await loadModel(
      new URL("k3_functional.keras", FOLDER),
    ),
  )!;
  const names = model.layers.map(({ name }) => name);
  assertEquals(names.slice(0, 3), ["video", "td", names[2]!]);
  assert(names.includes("td/cv"));
  const row = model.findLayer("td/cv");
  assertEquals(model.findLayer("td/frame/cv"), row);
  assertEquals(row.kind, "Conv2D");
  assertEquals(row.outputs[0]!.shape, [null, 5, 4, 4, 3]);
  assertEquals(row.outputs[0]!.channels, "last");
  assertEquals(model.findLayer("td").inbound, ["video"]);
  const { kernel } = await model.getWeights("td/cv");
  assertEquals(kernel!.shape, [3, 3, 2, 3]);
  const inTd = await model.getWeights("td");
  assertEquals(Object.keys(inTd), ["cv/kernel", "cv/bias"]);
  assertEquals(model.findLayer("td").numParameters, row.numParameters);
});

/** A model of one layer, which is of a class that wraps others. */
function wrapping(className: string, config: Json) {
  const wrapper = layer("w", className, config, [call([tensor("x")])]);
  const layers = [input("x", [3, 2]), wrapper];
  return graphOf(functional("m", layers, ["x", 0, 0], ["w", 0, 0]));
}

Deno.test("layerGraph() says that only TimeDistributed may hold a model", () => {
  const held = functional(
    "inner",
    [
      input("a", [2]),
      dense("d", 1, [call([tensor("a")])]),
    ],
    ["a", 0, 0],
    ["d", 0, 0],
  );
  for (const [kind, key] of [["Bidirectional", "layer"], ["RNN", "cell"]]) {
    assertThrows(
      () => wrapping(kind!, { [key!]: held }),
      Error,
      'only a TimeDistributed layer may hold a model: current value is "Functional"',
    );
  }
});

Deno.test("layerGraph() refuses a TimeDistributed model with two outputs", () => {
  const held = functional("inner", [input("a", [2])], ["a", 0, 0], [
    ["a", 0, 0],
    ["a", 0, 0],
  ]);
  assertThrows(
    () => wrapping("TimeDistributed", { layer: held }),
    Error,
    'Cannot read layer "w" as the model in it must have one input and one output: current value is [1, 2]',
  );
});
