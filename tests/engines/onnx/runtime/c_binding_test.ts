import { assert, assertEquals, assertRejects } from "@std/assert";
import type {
  RuntimeBinding,
  RuntimeSession,
} from "../../../../lib/engines/onnx/runtime/binding.ts";
import { cBinding } from "../../../../lib/engines/onnx/runtime/c_library.ts";
import { loadNodeBinding } from "../../../../lib/engines/onnx/runtime/node_binding.ts";
import { stringFeed } from "../../../../lib/engines/onnx/runtime/string_feed.ts";
import { floatBytes, onnxBytes } from "../../../support/onnx_bytes.ts";

const BINDINGS: Readonly<Record<string, () => Promise<RuntimeBinding>>> = {
  "by the C API": async () => (await cBinding())!,
  "by the package for Node": loadNodeBinding,
};

/** Element types of ONNX by number, and the arrays of their values. */
const TYPES = [
  [1, "float32", Float32Array.of(0, 1, 100)],
  [2, "uint8", Uint8Array.of(0, 1, 100)],
  [3, "int8", Int8Array.of(0, 1, 100)],
  [4, "uint16", Uint16Array.of(0, 1, 100)],
  [5, "int16", Int16Array.of(0, 1, 100)],
  [6, "int32", Int32Array.of(0, 1, 100)],
  [7, "int64", BigInt64Array.of(0n, 1n, 100n)],
  [9, "bool", Uint8Array.of(0, 1, 1)],
  [10, "float16", Float16Array.of(0, 1, 100)],
  [11, "float64", Float64Array.of(0, 1, 100)],
  [12, "uint32", Uint32Array.of(0, 1, 100)],
  [13, "uint64", BigUint64Array.of(0n, 1n, 100n)],
] as const;

/** Casts `[N]` floats to all types. */
const CASTS = onnxBytes({
  nodes: TYPES.map(([type, name]) => ({
    ...{ op: "Cast", in: ["x"], out: [name], attributes: { to: type } },
  })),
  inputs: [{ name: "x", type: 1, shape: ["rows"] }],
  outputs: TYPES.map(([type, name]) => ({ name, type, shape: ["rows"] })),
});

async function opened(
  load: () => Promise<RuntimeBinding>,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<RuntimeSession> {
  const binding = await load();
  return await binding.open({ bytes, externalData: [] }, { threads: 1 });
}

/** Runs a model of floats, and copies what it returns. */
async function results(
  session: RuntimeSession,
  data: Float32Array,
  shape: readonly number[],
) {
  const x = session.valueOf({ data, shape, type: "float32" });
  const wanted = session.outputs.map(({ name }) => [name, null]);
  const found = await session.run({ x }, Object.fromEntries(wanted));
  const copies = Object.entries(found).map(([name, value]) => {
    const copy = { data: value.view().slice(), shape: [...value.shape] };
    value.free();
    return [name, copy] as const;
  });
  x.free();
  return Object.fromEntries(copies);
}

for (const [where, load] of Object.entries(BINDINGS)) {
  Deno.test(`a session ${where} describes its inputs and outputs`, async () => {
    const session = await opened(load, CASTS);
    assertEquals(session.inputs, [
      { name: "x", type: "float32", shape: ["rows"] },
    ]);
    assertEquals(
      session.outputs,
      TYPES.map(([, type]) => ({ name: type, type, shape: ["rows"] })),
    );
    await session.release();
  });

  Deno.test(`a session ${where} returns values of every type, also none`, async () => {
    const session = await opened(load, CASTS);
    const found = await results(session, Float32Array.of(0, 1, 100), [3]);
    for (const [, name, values] of TYPES) {
      assertEquals(found[name]!.shape, [3], name);
      assertEquals([...found[name]!.data], [...values], name);
      const isHalf = name === "float16";
      const Kind = isHalf ? Float16Array : values.constructor;
      assert(found[name]!.data instanceof (Kind as typeof Uint8Array), name);
    }
    const none = await results(session, new Float32Array(0), [0]);
    for (const [, name] of TYPES) {
      assertEquals([none[name]!.shape, none[name]!.data.length], [[0], 0]);
    }
    await session.release();
  });

  Deno.test(`a session ${where} takes inputs of every type, and writes into arrays`, async () => {
    for (const [number, type, data] of TYPES) {
      if (type === "float16") continue; // its arrays are empty for Node
      const session = await opened(
        load,
        onnxBytes({
          nodes: [{ op: "Identity", in: ["x"], out: ["y"] }],
          inputs: [{ name: "x", type: number, shape: [3] }],
          outputs: [{ name: "y", type: number, shape: [3] }],
        }),
      );
      const Kind = data.constructor as Float32ArrayConstructor;
      const written = new Kind(3);
      const x = session.valueOf({ data, shape: [3], type });
      const y = session.valueOf({ data: written, shape: [3], type });
      await session.run({ x }, { y });
      assertEquals([...written], [...data], type);
      x.free();
      y.free();
      await session.release();
    }
  });

  Deno.test(`a session ${where} takes strings`, async () => {
    const session = await opened(
      load,
      onnxBytes({
        opsets: { "": 17, "ai.onnx.ml": 3 },
        nodes: [{
          op: "LabelEncoder",
          domain: "ai.onnx.ml",
          in: ["text"],
          out: ["code"],
          attributes: {
            keys_strings: { strings: ["", "ü", "ab"] },
            values_floats: { floats: [1, 2, 3] },
            default_float: { float: -1 },
          },
        }],
        inputs: [{ name: "text", type: 8, shape: ["N", 2] }],
        outputs: [{ name: "code", shape: ["N", 2] }],
      }),
    );
    const strings = ["ab", "", "ü", "c"];
    const { array } = stringFeed({ data: strings, shape: [2, 2] }, "text");
    const data = array.data as Uint8Array;
    const text = session.valueOf({ data, shape: [2, 2], type: "string" });
    const { code } = await session.run({ text }, { code: null });
    assertEquals([...code!.view()], [3, 1, 2, -1]);
    code!.free();
    text.free();
    await session.release();
  });

  Deno.test(`a session ${where} names a size that is unknown, and a sequence has no type`, async () => {
    const session = await opened(
      load,
      onnxBytes({
        nodes: [
          { op: "SequenceConstruct", in: ["x"], out: ["list"] },
          { op: "NonZero", in: ["x"], out: ["found"] },
        ],
        outputs: [
          { name: "list", type: 0 },
          { name: "found", type: 7, shape: [2, "count"] },
        ],
      }),
    );
    const [list, found] = session.outputs;
    assertEquals(list, { name: "list", type: undefined, shape: [] });
    assertEquals(found, { name: "found", type: "int64", shape: [2, "count"] });
    await session.release();
  });

  Deno.test(`a model ${where} is refused with the message of the runtime`, async () => {
    const refused = (file: Parameters<typeof onnxBytes>[0], message: string) =>
      assertRejects(() => opened(load, onnxBytes(file)), Error, message);
    await refused(
      { nodes: [{ op: "NoSuchOperator", in: ["x"], out: ["y"] }] },
      "NoSuchOperator",
    );
    const to = (type: number) => ({
      nodes: [{ op: "Cast", in: ["x"], out: ["y"], attributes: { to: type } }],
      outputs: [{ name: "y", type, shape: ["N", 2] }],
    });
    await refused(to(16), "Unsupported data type: 16"); // bfloat16
  });

  Deno.test(`a run ${where} fails with the message of the runtime, and the session goes on`, async () => {
    const session = await opened(load, onnxBytes());
    await assertRejects(
      () => results(session, new Float32Array(3), [1, 3]),
      Error,
      "invalid dimensions",
    );
    const { y } = await results(session, Float32Array.of(-1, 2), [1, 2]);
    assertEquals([...y!.data], [0, 2]);
    await session.release();
  });

  Deno.test(`products with weights of 4 bits ${where} are as exact as float32`, async () => {
    const [depth, width] = [64, 8];
    const weights = Array.from({ length: depth * width }, (_, i) => i * 7 % 16);
    const packed = Uint8Array.from(
      { length: weights.length / 2 },
      (_, i) => weights[2 * i]! | weights[2 * i + 1]! << 4,
    );
    const session = await opened(
      load,
      onnxBytes({
        opsets: { "": 21 },
        constants: [
          { name: "q", type: 22, shape: [depth, width], raw: packed },
          {
            name: "scale",
            shape: [2, width],
            raw: floatBytes(...Array<number>(2 * width).fill(0.37)),
          },
        ],
        nodes: [
          {
            op: "DequantizeLinear",
            in: ["q", "scale"],
            out: ["w"],
            attributes: { axis: 0, "block_size": 32 },
          },
          { op: "MatMul", in: ["x", "w"], out: ["y"] },
        ],
        inputs: [{ name: "x", shape: ["N", depth] }],
        outputs: [{ name: "y", shape: ["N", width] }],
      }),
    );
    const x = Float32Array.from({ length: depth }, (_, i) => Math.sin(i * i));
    const { y } = await results(session, x, [1, depth]);
    for (let column = 0; column < width; column++) {
      let sum = 0;
      for (let row = 0; row < depth; row++) {
        const bits = weights[row * width + column]!;
        sum += x[row]! * 0.37 * (bits < 8 ? bits : bits - 16);
      }
      const error = Math.abs(Number(y!.data[column]) - sum);
      assert(error < 1e-4, `${error} of ${sum}`);
    }
    await session.release();
  });
}

Deno.test("a session by the C API stops a run that never ends", async () => {
  const session = await opened(
    BINDINGS["by the C API"]!,
    onnxBytes({
      constants: [
        { name: "trips", type: 7, shape: [], ints: [2n ** 62n] },
        { name: "true", type: 9, shape: [], raw: Uint8Array.of(1) },
      ],
      nodes: [{
        op: "Loop",
        in: ["trips", "true", "x"],
        out: ["y"],
        attributes: {
          body: {
            graph: {
              nodes: [
                { op: "Identity", in: ["go"], out: ["goes"] },
                { op: "Neg", in: ["state"], out: ["next"] },
              ],
              inputs: [
                { name: "i", type: 7, shape: [] },
                { name: "go", type: 9, shape: [] },
                { name: "state", type: 1 },
              ],
              outputs: [
                { name: "goes", type: 9, shape: [] },
                { name: "next", type: 1 },
              ],
            },
          },
        },
      }],
    }),
  );
  const running = results(session, new Float32Array(2), [1, 2]);
  const ended = assertRejects(() => running, Error, "terminate");
  session.stop();
  await ended;
  await session.release();
});
