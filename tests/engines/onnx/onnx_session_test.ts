import { assert, assertEquals, assertRejects } from "@std/assert";
import { openOnnx } from "../../../lib/engines/onnx/onnx_session.ts";
import { Pacer } from "../../../lib/formats/pacer.ts";
import type { Program } from "../../../lib/engines/program.ts";
import type { Layer } from "../../../lib/layers/layer.ts";
import { react } from "../../../lib/shaping/react.ts";
import { scale } from "../../../lib/shaping/scale.ts";
import {
  array,
  builtInNode,
  feature,
  first,
  input,
  layer,
  program,
  recordingOf,
} from "./_program.ts";

const PACER = new Pacer();
const KERNEL = array([2, 3], [1, 0, 2, 0, 1, -1]);
const BIAS = array([3], [0.5, 0, 0]);
const DENSE: Layer = {
  weights: ["kernel", "bias"],
  call: (ops, [x], { kernel, bias }) => [
    ops.add(ops.matmul(x!, kernel!), bias!),
  ],
};
const X = input(0, "x", [null, 2]);
const SQUARE = builtInNode(
  1,
  "square",
  layer((ops, [x]) => [ops.multiply(x!, x!)]),
  [first(X)],
);
const OUTPUT = builtInNode(2, "dense", DENSE, [first(SQUARE)], {
  kernel: KERNEL,
  bias: BIAS,
});

function withLogits(shaping?: ReturnType<typeof react>): Program {
  return program([X], [feature(SQUARE)], {
    head: {
      name: "dense",
      penultimate: first(SQUARE),
      weights: { kernel: KERNEL, bias: BIAS },
      isConvolution: false,
    },
    direct: first(OUTPUT),
    ...(shaping === undefined
      ? {}
      : { shaping: (ops, value) => shaping.apply(ops, value) }),
  });
}

Deno.test("openOnnx() returns features, penultimate and logits, batch by batch", async () => {
  await using session = await openOnnx(recordingOf(withLogits()));
  const two = await session.run([array([2, 2], [1, 2, 3, -1])], PACER);
  assertEquals(two.features[0], array([2, 2], [1, 4, 9, 1]));
  assertEquals(two.penultimate, array([2, 2], [1, 4, 9, 1]));
  assertEquals(two.logits, array([2, 3], [1.5, 4, -2, 9.5, 1, 17]));
  const one = await session.run([array([1, 2], [0, 1])], PACER);
  assertEquals(one.logits, array([1, 3], [0.5, 1, -1]));
  assertEquals(two.logits!.data[0], 1.5); // builtInNode to keep
});

Deno.test("openOnnx() shapes the penultimate before the head", async () => {
  await using session = await openOnnx(recordingOf(withLogits(react(3))));
  const { logits } = await session.run([array([1, 2], [1, 2])], PACER);
  assertEquals(logits, array([1, 3], [1.5, 3, -1])); // [1, 4] cut to [1, 3]
});

Deno.test("openOnnx() returns the factors of a shaping that has some", async () => {
  await using session = await openOnnx(recordingOf(withLogits(scale(0.5))));
  const { scale: factors } = await session.run(
    [array([2, 2], [1, 2, 2, 1])],
    PACER,
  );
  // Of [1, 4] the percentile is 1 (half to even), so exp(5 / 4); likewise [4, 1].
  const expected = Math.fround(Math.exp(1.25));
  assertEquals([...factors!].map((f) => Math.abs(f - expected) < 1e-6), [
    true,
    true,
  ]);
});

Deno.test("openOnnx() runs built-in postprocessing steps, and halves", async () => {
  const target = feature(SQUARE, (ops, x) => ops.sum(x, { axis: 1 }));
  await using session = await openOnnx(
    recordingOf(program([X], [{ ...target, readAs: "float16" }, feature(X)])),
  );
  const { features } = await session.run([array([2, 2], [1, 2, 3, 4])], PACER);
  assertEquals(features[0]!.dtype, "float16");
  assertEquals([...features[0]!.data], [5, 25]);
  assertEquals(features[1], array([2, 2], [1, 2, 3, 4]));
  await assertRejects(
    () => session.run([array([1, 2], [300, 1])], PACER),
    RangeError,
    `Cannot keep layer "square" as float16 as its values must lie within ±65504, in row 0`,
  );
});

Deno.test("openOnnx() tells infinities of the model from those of float16", async () => {
  const same = feature(X);
  await using session = await openOnnx(
    recordingOf(program([X], [{ ...same, readAs: "float16" }])),
  );
  const own = array([2, 2], [1, Infinity, -Infinity, NaN]);
  const { features: [half] } = await session.run([own], PACER);
  assertEquals([...half!.data], [1, Infinity, -Infinity, NaN]);
  const both = array([3, 2], [1, Infinity, 2, 3, 4, -65520]);
  await assertRejects(
    () => session.run([both], PACER),
    RangeError,
    `in row 2 too: current value is -65520`,
  );
});

Deno.test("openOnnx() carries masks, and returns integers and booleans as int32", async () => {
  const ids = input(0, "ids", [null, 3], "int32");
  const masking: Layer = {
    weights: [],
    call: (ops, [x]) => [ops.float(x!)],
    masks: (ops, [x]) => [ops.greater(ops.float(x!), ops.constant(0))],
  };
  const embedded = builtInNode(1, "masking", masking, [first(ids)]);
  const counting = layer((ops, [x], _weights, { masks: [mask] }) => [
    ops.add(x!, ops.float(mask!)),
    ops.cast(mask!, "int32"),
    mask!,
  ]);
  const counted = builtInNode(2, "counting", counting, [first(embedded)]);
  const outputs = [0, 1, 2].map((index) => ({
    ...feature(counted),
    ref: { node: counted, index },
  }));
  await using session = await openOnnx(recordingOf(program([ids], outputs)));
  const data = Int32Array.of(5, 0, 2);
  const batch = { data, shape: [1, 3], dtype: "int32" } as const;
  const { features } = await session.run([batch], PACER);
  assertEquals(features.map(({ dtype }) => dtype), [
    "float32",
    "int32",
    "int32",
  ]);
  assertEquals(features.map(({ data }) => [...data]), [
    [6, 0, 3],
    [1, 0, 1],
    [1, 0, 1],
  ]);
  assertEquals([...data], [5, 0, 2]);
});

Deno.test("openOnnx() returns a session that closes once, and stops", async () => {
  const session = await openOnnx(recordingOf(withLogits()));
  const stop = new AbortController();
  stop.abort();
  await assertRejects(
    () => session.run([array([1, 2], [1, 2])], new Pacer(stop.signal)),
    DOMException,
  );
  const running = session.run([array([1, 2], [1, 2])], PACER);
  await running;
  await session.close();
  await session.close();
  await assertRejects(
    () => session.run([array([1, 2], [1, 2])], PACER),
    TypeError,
    "open",
  );
});

Deno.test("openOnnx() refuses feature maps of unknown size that are smaller than a window", async () => {
  const map = input(0, "map", [null, null, null, 1]);
  const options = { size: [3, 3], strides: [1, 1], padding: "valid" } as const;
  for (const kind of ["maxPool", "averagePool"] as const) {
    const pool = layer((ops, [x]) => [ops[kind](x!, options)]);
    const pooled = builtInNode(1, "pool", pool, [first(map)]);
    await using session = await openOnnx(
      recordingOf(program([map], [feature(pooled)])),
    );
    const fits = await session.run(
      [array([1, 3, 3, 1], Array(9).fill(1))],
      PACER,
    );
    assertEquals(fits.features[0]!.shape, [1, 1, 1, 1]);
    const error = await assertRejects(
      () => session.run([array([4, 3, 2, 1], Array(24).fill(1))], PACER),
      RangeError,
      "Cannot run samples of [3, 2, 1] as each layer must suit their sizes",
    );
    assert(error.message.includes('"pool"'));
    assert(error.message.includes("at least 3"), error.message);
  }
});
