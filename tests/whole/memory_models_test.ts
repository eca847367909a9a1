/**
 * Models of TF.js in memory on the native engine, against their own `predict`:
 * every class of TF.js, and models that must stay on TF.js.
 *
 * @module
 */
import { tf } from "../../lib/tf.ts";
import { assertEquals } from "@std/assert";
import { fromLayersModel, type NdArray } from "@sonde/sonde";
import { builtInFormOf } from "../../lib/models/graph/graph.ts";
import { modelGraphOf } from "../../lib/models/graph/model_graph.ts";
import { sampled } from "../support/extent.ts";
import { assertAsKeras } from "../support/keras_models.ts";
import { openOn } from "../support/open_on.ts";
import { LAYER_CASES } from "../support/tfjs_cases.ts";
import { MASK_CASES, NESTED_CASES } from "../support/tfjs_graph_cases.ts";
import { LEFT_CASES, MEMORY_CASES } from "../support/tfjs_memory_cases.ts";

await tf.setBackend("cpu");

/**
 * Cases that TF.js computes itself: its kernels ignore the axis, and it loses
 * masks.
 */
const LEFT =
  /^(BatchNormalization axis 1|Conv1D and|Permute and|Global.* behind)/;

type HostArray = NdArray<Float32Array | Int32Array>;

function hostArray(tensor: tf.Tensor): HostArray {
  const { shape, dtype } = tensor;
  return { data: tensor.dataSync().slice(), shape, dtype } as HostArray;
}

const CASES = [...LAYER_CASES, ...MASK_CASES, ...NESTED_CASES];

// `tfjs_models_test.ts` tests all of them, from files.
const SOME = [
  ...[...sampled(CASES, 6), ...sampled(MEMORY_CASES, 3)],
  ...LEFT_CASES,
];

for (const { name, build, inputs } of SOME) {
  Deno.test(`a model in memory means what its predict() gives: ${name}`, async () => {
    const model = build();
    const fed = inputs();
    const passed = [model.predict(fed.length === 1 ? fed[0]! : fed)].flat();
    const [arrays, expected] = [fed, passed].map((list) => list.map(hostArray));
    tf.dispose([fed, passed]);
    const before = tf.memory().numTensors;
    const graph = modelGraphOf(fromLayersModel(model))!;
    const isLeft = graph.listed.some((node) =>
      node.call.kind === "inMemory" && "obstacle" in builtInFormOf(node)
    );
    const wanted = LEFT.test(name) ||
      LEFT_CASES.some((left) => left.name === name);
    assertEquals(isLeft, wanted, "whether it is left to TF.js");
    await using opened = await openOn(graph, isLeft ? "cpu" : "onnx");
    const found = await opened.run(arrays!);
    assertEquals(found.length, expected!.length);
    expected!.forEach((output, i) =>
      assertAsKeras(found[i]!, output, `output ${i}`)
    );
    assertEquals(tf.memory().numTensors, before);
    model.dispose();
  });
}
