import { assertEquals } from "@std/assert";
import { fromLayersModel, tf } from "@sonde/sonde";
import { limitOf } from "../../../lib/engines/tfjs/backend_limits.ts";
import {
  type BackendName,
  makeReady,
  Turn,
} from "../../../lib/engines/tfjs/backend.ts";
import type { GraphNode } from "../../../lib/models/graph/graph.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import { counted, onBackends } from "../../support/backends.ts";
import { array, Doubling, filled, free } from "../../extractor/_models.ts";

const { layers } = tf;

/** The node of a layer, alone in a model. */
function nodeOf(layer: tf.layers.Layer, shape: number[]) {
  const model = filled(tf.sequential({
    layers: [layers.inputLayer({ inputShape: shape }), layer],
  }));
  const graph = modelGraphOf(fromLayersModel(model))!;
  return { model, node: graph.findNode(0) };
}

function limits(
  layer: tf.layers.Layer,
  shape: number[],
  isDifferentiated: boolean,
): (string | undefined)[] {
  const { model, node } = nodeOf(layer, shape);
  const found = (["cpu", "wasm", "webgpu"] as BackendName[])
    .map((backend) => limitOf(node, backend, isDifferentiated));
  free(model);
  return found;
}

const UNKNOWN = `"wasm" has no gradient for it that is known to be right`;
const NONE = [undefined, undefined, undefined];

counted("limitOf() passes what is right everywhere", () => {
  for (
    const [layer, shape] of [
      [layers.dense({ units: 2 }), [3]],
      [layers.activation({ activation: "tanh" }), [3]],
      [layers.flatten(), [3, 2]],
      [layers.softmax(), [3]],
    ] as const
  ) assertEquals(limits(layer, [...shape], true), NONE);
  assertEquals(limits(layers.maxPooling2d({}), [4, 4, 1], false), NONE);
});

counted(
  "limitOf() knows what wasm computes wrong, forwards and backwards",
  () => {
    const up = layers.conv3dTranspose({ filters: 1, kernelSize: 2 });
    assertEquals(limits(up, [2, 2, 2, 1], false), [
      undefined,
      '"wasm" computes it wrong',
      undefined,
    ]);
    for (
      const layer of [
        layers.maxPooling2d({}),
        layers.conv2d({ filters: 1, kernelSize: 2 }),
        layers.depthwiseConv2d({ kernelSize: 2 }),
        new Doubling({}),
      ]
    ) {
      assertEquals(limits(layer, [4, 4, 1], true), [
        undefined,
        UNKNOWN,
        undefined,
      ]);
    }
  },
);

counted("limitOf() knows nearest resizing on cpu", () => {
  const wrong = [`"cpu" has a wrong gradient for it`, UNKNOWN, undefined];
  const right = [undefined, UNKNOWN, undefined];
  const size = { height: 8, width: 8 };
  for (
    const [layer, expected] of [
      [layers.upSampling2d({}), wrong],
      [layers.upSampling2d({ interpolation: "bilinear" }), right],
      [layers.resizing({ ...size, interpolation: "nearest" }), wrong],
      [layers.resizing(size), right],
    ] as const
  ) assertEquals(limits(layer, [4, 4, 1], true), [...expected]);
});

counted(
  "limitOf() knows padded average pooling, where there is padding",
  () => {
    const wrong = "TF.js has a wrong gradient for padded average pooling";
    const pool = (strides: number, padding: "same" | "valid") =>
      layers.averagePooling2d({ poolSize: 2, strides, padding });
    assertEquals(limits(pool(2, "same"), [5, 5, 1], true)[0], wrong);
    assertEquals(limits(pool(1, "same"), [4, 4, 1], true)[0], wrong);
    assertEquals(limits(pool(2, "same"), [4, 4, 1], true)[0], undefined);
    assertEquals(limits(pool(2, "valid"), [5, 5, 1], true)[0], undefined);
    assertEquals(limits(pool(2, "same"), [5, 5, 1], false), NONE);
    const line = layers.averagePooling1d({ poolSize: 2, padding: "same" });
    assertEquals(limits(line, [5, 1], true)[0], wrong);
  },
);

counted("limitOf() knows masked steps on webgpu", () => {
  const model = filled(tf.sequential({
    layers: [
      layers.masking({ name: "masking", inputShape: [3, 2] }),
      layers.dropout({ rate: 0.5 }),
      layers.lstm({ name: "masked", units: 2 }),
    ],
  }));
  const graph = modelGraphOf(fromLayersModel(model))!;
  assertEquals(
    limitOf(graph.findNode("masked"), "webgpu", false),
    '"webgpu" computes it wrong where steps are masked',
  );
  assertEquals(limitOf(graph.findNode("masked"), "wasm", false), undefined);
  assertEquals(limitOf(graph.findNode("masking"), "webgpu", false), undefined);
  free(model);
  assertEquals(limits(layers.lstm({ units: 2 }), [3, 2], false), NONE);
});

counted("limitOf() knows operations of graphs that wasm lacks", () => {
  const operation = (kind: string, config: object = {}) =>
    ({
      row: { kind, config },
      call: { kind: "raw" },
      inputs: [],
    }) as unknown as GraphNode;
  const lacks = `"wasm" has no kernel for it`;
  assertEquals(limitOf(operation("Einsum"), "wasm", false), lacks);
  assertEquals(limitOf(operation("Einsum"), "cpu", false), undefined);
  const fused = (...fusedOps: string[]) =>
    limitOf(operation("_FusedMatMul", { fusedOps }), "wasm", false);
  assertEquals(fused("biasadd", "relu"), undefined);
  assertEquals(fused("biasadd", "tanh"), lacks);
  const cast = (sdtype: string, dtype: string) =>
    limitOf(operation("Cast", { sdtype, dtype }), "wasm", false);
  assertEquals(cast("float32", "bool"), '"wasm" computes it wrong');
  assertEquals(cast("bool", "bool"), undefined);
  assertEquals(cast("bool", "float32"), undefined);
});

/** Layers, and the shapes of what they take. */
const LAYERS: readonly (readonly [() => tf.layers.Layer, number[]])[] = [
  [() => layers.dense({ units: 3, activation: "tanh" }), [5]],
  [() => layers.dense({ units: 3, activation: "relu" }), [4, 5]],
  [() => layers.conv1d({ filters: 2, kernelSize: 3 }), [6, 2]],
  [() => layers.conv2d({ filters: 2, kernelSize: 3 }), [5, 5, 2]],
  [() => layers.conv2dTranspose({ filters: 2, kernelSize: 3 }), [3, 3, 2]],
  [() => layers.conv3d({ filters: 2, kernelSize: 2 }), [3, 3, 3, 2]],
  [() => layers.depthwiseConv2d({ kernelSize: 2 }), [4, 4, 2]],
  [() => layers.separableConv2d({ filters: 2, kernelSize: 2 }), [4, 4, 2]],
  [() => layers.maxPooling1d({ poolSize: 2 }), [6, 2]],
  [() => layers.maxPooling2d({ poolSize: 2 }), [6, 6, 2]],
  [() => layers.averagePooling2d({ poolSize: 2 }), [6, 6, 2]],
  [
    () => layers.averagePooling2d({ poolSize: 3, padding: "same" }),
    [7, 7, 1],
  ],
  [() => layers.globalAveragePooling2d({}), [4, 4, 2]],
  [() => layers.globalMaxPooling2d({}), [4, 4, 2]],
  [() => layers.batchNormalization(), [4, 2]],
  [() => layers.layerNormalization(), [5]],
  [() => layers.leakyReLU(), [5]],
  [() => layers.prelu(), [5]],
  [() => layers.upSampling2d({}), [3, 3, 2]],
  [() => layers.resizing({ height: 5, width: 5 }), [3, 3, 2]],
  [() => layers.zeroPadding2d({}), [3, 3, 2]],
  [() => layers.lstm({ units: 3 }), [4, 2]],
  [() => layers.simpleRNN({ units: 3 }), [4, 2]],
  [() => layers.softmax(), [5]],
];

/** Gradient of a weighted sum of a layer's outputs by its input. */
async function slopes(
  layer: tf.layers.Layer,
  x: tf.Tensor,
  backend: BackendName,
): Promise<Float32Array> {
  const held = () => [x, ...layer.weights.map((weight) => weight.read())];
  const gradient = new Turn(backend, held).sync(() =>
    tf.grad((x: tf.Tensor) => {
      const y = layer.apply(x) as tf.Tensor;
      const weights = array(y.shape, 9);
      return tf.sum(tf.mul(y, tf.tensor(weights.data, y.shape))) as tf.Scalar;
    })(x)
  );
  const values = (await gradient.data<"float32">()).slice();
  gradient.dispose();
  return values;
}

onBackends("what limitOf() passes has a right gradient", async ({ name }) => {
  await makeReady(name);
  for (const [create, shape] of LAYERS) {
    const layer = create();
    const { model, node } = nodeOf(layer, shape);
    const limit = limitOf(node, name, true);
    const input = array([2, ...shape], 3);
    if (limit === undefined) {
      const x = tf.tensor(input.data, [...input.shape]);
      const found = await slopes(layer, x, name);
      x.dispose();
      const step = 1e-2;
      for (let i = 0; i < input.data.length; i += 3) {
        const sums = [step, -step].map((change) =>
          tf.tidy(() => {
            const data = input.data.with(i, input.data[i]! + change);
            const y = layer.apply(
              tf.tensor(data, [...input.shape]),
            ) as tf.Tensor;
            const { data: weights } = array(y.shape, 9);
            const values = y.dataSync<"float32">();
            return values.reduce((sum, v, k) => sum + v * weights[k]!, 0);
          })
        );
        const slope = (sums[0]! - sums[1]!) / (2 * step);
        const isClose = Math.abs(slope - found[i]!) < 2e-2;
        assertEquals(
          isClose,
          true,
          `${layer.getClassName()}: ${
            found[i]
          } at ${i}, by differences ${slope}`,
        );
      }
    }
    free(model);
  }
});

Deno.test("limitOf() knows the operations of graphs that wasm lacks, also by their numbers", () => {
  const of = (kind: string, dtype?: string) => {
    const row = { kind, name: kind, config: { dtype } };
    const node = { row, call: { kind: "raw" } } as unknown as GraphNode;
    return limitOf(node, "wasm", false);
  };
  for (const kind of ["Real", "Imag", "RaggedGather", "StaticRegexReplace"]) {
    assertEquals(of(kind), `"wasm" has no kernel for it`);
  }
  for (const kind of ["MatMul", "BatchMatMulV2", "_FusedMatMul"]) {
    assertEquals(of(kind, "int32"), `"wasm" has no kernel for it`);
    assertEquals([of(kind, "float32"), of(kind)], [undefined, undefined]);
  }
});
