import type { RNN, serialization, Shape } from "@tensorflow/tfjs";
import { tf } from "../../../lib/tf.ts";
import { assertEquals } from "@std/assert";
import {
  asContainer,
  heldLayers,
  isBuiltInClass,
  isBuiltInThroughout,
  isSequential,
} from "../../../lib/models/tfjs/built_in_classes.ts";
import { branched, chain, dense } from "../../support/tf_models.ts";

await tf.setBackend("cpu");

class Dense extends tf.layers.Layer {
  static className = "Dense";
  override call(inputs: tf.Tensor): tf.Tensor {
    return inputs;
  }
}

Deno.test("isBuiltInClass() compares constructors, not names", () => {
  assertEquals(isBuiltInClass(dense("a")), true);
  assertEquals(isBuiltInClass(new Dense({ name: "a" })), false);
});

Deno.test("isBuiltInClass() refuses a class that only inherits its call", () => {
  class Mine extends (dense("a").constructor as new (
    config: { name: string; units: number },
  ) => tf.layers.Layer) {
    override build(shape: Shape): void {
      super.build(shape);
    }
  }
  const mine = new Mine({ name: "mine", units: 2 });
  assertEquals(mine.getClassName(), "Dense");
  assertEquals(isBuiltInClass(mine), false);
});

Deno.test("isBuiltInClass() knows a layer of another copy by what its class says", () => {
  const own = dense("a");
  const evaluate = new Function("Layer", `return ${own.constructor}`);
  const constructor = evaluate(tf.layers.Layer);
  constructor.className = "Dense";
  const copy = Object.create(own, { constructor: { value: constructor } });
  assertEquals(constructor === own.constructor, false);
  assertEquals(isBuiltInClass(copy), true);
});

Deno.test("isBuiltInClass() says nothing of classes that are not relied on", () => {
  assertEquals(
    isBuiltInClass(
      tf.layers.categoryEncoding({ numTokens: 2, outputMode: "count" }),
    ),
    false,
  );
});

Deno.test("isBuiltInClass() leaves the numbers in the names of the caller's layers", () => {
  const number = () =>
    Number(/\d+$/.exec(tf.layers.gaussianNoise({ stddev: 1 }).name)![0]);
  const before = number();
  assertEquals(
    isBuiltInClass(tf.layers.gaussianNoise({ name: "n", stddev: 1 })),
    true,
  );
  assertEquals(number(), before + 1);
});

Deno.test("asContainer() tells models that only run their layers", () => {
  assertEquals(asContainer(branched())?.name, "branched");
  assertEquals(asContainer(chain())?.name, "chain");
  assertEquals(asContainer(dense("a")), undefined);
  class Mine extends tf.LayersModel {
    override call(inputs: tf.Tensor): tf.Tensor {
      return tf.mul(inputs, 2);
    }
  }
  const x = tf.input({ shape: [3] });
  const outputs = dense("d").apply(x) as tf.SymbolicTensor;
  assertEquals(asContainer(new Mine({ inputs: x, outputs })), undefined);
});

Deno.test("isSequential() tells a chain from a graph", () => {
  assertEquals(isSequential(chain()), true);
  assertEquals(isSequential(branched()), false);
});

Deno.test("heldLayers() gives the layers that run, a Bidirectional's copies too", () => {
  const { bidirectional, lstm, timeDistributed } = tf.layers;
  assertEquals(heldLayers(dense("a")), []);
  const layer = lstm({ units: 2 }) as RNN;
  const kinds = (of: tf.layers.Layer) =>
    heldLayers(of).map((held) => held.getClassName());
  assertEquals(kinds(layer), ["LSTMCell"]);
  const both = bidirectional({ layer, mergeMode: "concat" });
  assertEquals(kinds(both), ["LSTM", "LSTM"]);
  assertEquals(heldLayers(both).includes(layer), false);
  assertEquals(kinds(timeDistributed({ layer: dense("b") })), ["Dense"]);
});

Deno.test("isBuiltInThroughout() knows no activation that a caller registered under its name", async () => {
  const { relu } = tf.serialization.SerializationMap.getMap().classNameMap;
  class Squared extends tf.serialization.Serializable {
    static className = "relu";
    apply(x: tf.Tensor): tf.Tensor {
      return tf.square(x);
    }
    getConfig(): serialization.ConfigDict {
      return {};
    }
  }
  tf.serialization.registerClass(Squared);
  try {
    // A copy of the module, which looks for the activations now.
    const again = import.meta.resolve(
      "../../../lib/models/tfjs/built_in_classes.ts?registered",
    );
    const late: typeof import("../../../lib/models/tfjs/built_in_classes.ts") =
      await import(again);
    const [builtIn, same] = ["tanh", "relu"].map((activation) =>
      tf.layers.dense({ units: 1, activation: activation as "relu" })
    );
    assertEquals(late.isBuiltInThroughout(builtIn!), true);
    assertEquals(late.isBuiltInThroughout(same!), false);
  } finally {
    tf.serialization.SerializationMap.getMap().classNameMap.relu = relu!;
  }
});

Deno.test("isBuiltInThroughout() looks at activations, methods and what is held", () => {
  const changed = dense("a") as tf.layers.Layer & Record<string, unknown>;
  assertEquals(isBuiltInThroughout(changed), true);
  changed.activation = { getClassName: () => "relu", apply: tf.square };
  assertEquals(isBuiltInThroughout(changed), false);
  const listened = dense("b");
  listened.setCallHook(() => {});
  assertEquals(isBuiltInThroughout(listened), false);
  const replaced = dense("c");
  replaced.call = (x) => x;
  assertEquals(isBuiltInThroughout(replaced), false);
  const held = tf.layers.timeDistributed({ layer: new Dense({ name: "d" }) });
  assertEquals(isBuiltInThroughout(held), false);
});
