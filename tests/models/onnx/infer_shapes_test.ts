import { assert, assertEquals } from "@std/assert";
import {
  inferFurther,
  inferOutput,
} from "../../../lib/models/onnx/infer_shapes.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";

type Shape = readonly (number | null)[];

interface Case {
  readonly kind: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly shapes: readonly Shape[];
  readonly constants: Readonly<Record<string, number | number[]>>;
  readonly expected: Shape | null;
  readonly type: number;
}

/** An operation of which nothing is known. */
const UNKNOWN = {
  attributes: {},
  values: () => undefined,
  sizes: () => undefined,
  numOutputs: 1,
};

const FAULTS = new URL("../../data/faults/", import.meta.url);
const CASES: readonly Case[] = JSON.parse(
  await Deno.readTextFile(new URL("shapes/shapes.json", FAULTS)),
);

Deno.test("inferOutput() knows no more, and nothing else, than ONNX' own inference", () => {
  const less: string[] = [];
  for (const { kind, attributes, shapes, constants, expected, type } of CASES) {
    const inputs: { shape: Shape; type: number }[] = shapes.map((shape) => ({
      shape,
      type: 1,
    }));
    for (const [i, values] of Object.entries(constants)) {
      const shape = Array.isArray(values) ? [values.length] : [];
      inputs[Number(i)] = { shape, type: 7 };
    }
    const sizes = (index: number) => {
      const values = constants[index];
      return values === undefined ? undefined : [values].flat();
    };
    const found = inferOutput({
      kind,
      attributes,
      inputs,
      values: sizes,
      sizes,
      numOutputs: 1,
    });
    const label = `${kind} ${
      JSON.stringify({ attributes, shapes, constants })
    }`;
    if (found === undefined) {
      less.push(label);
      continue;
    }
    assert(expected !== null, label);
    assertEquals(found.shape.length, expected.length, label);
    assertEquals(found.type, type, label);
    found.shape.forEach((size, i) => {
      // ONNX leaves a size open that follows from the number of values.
      if (size !== null && expected[i] !== null) {
        assertEquals(size, expected[i], label);
      }
      if (size === null && expected[i] !== null) less.push(label);
    });
  }
  // Only windows that may lie in the padding alone.
  assertEquals(less.filter((label) => !label.includes("ceil_mode")), []);
});

Deno.test("inferOutput() knows nothing of other operators, or of inputs that are not known", () => {
  const x = { shape: [null, 3], type: 1 };
  const of = (kind: string, inputs: readonly (typeof x | undefined)[]) =>
    inferOutput({ ...UNKNOWN, kind, inputs });
  assertEquals(of("NonZero", [x]), undefined);
  assertEquals(of("Add", [x, undefined]), undefined);
  assertEquals(of("Relu", [undefined]), undefined);
  assertEquals(of("Reshape", [x, x]), undefined);
  assertEquals(of("ReduceSum", [x, x]), undefined);
});

Deno.test("inferOutput() follows quantised products", () => {
  const tensor = (type: number, ...shape: (number | null)[]) => ({
    shape,
    type,
  });
  const [float, uint8, int8, int32] = [1, 2, 3, 6];
  const x = tensor(float, null, 4);
  const scale = tensor(float);
  const of = (
    kind: string,
    inputs: readonly (ReturnType<typeof tensor> | undefined)[],
    attributes = {},
  ) => inferOutput({ ...UNKNOWN, kind, attributes, inputs });
  const [bytes, weights] = [tensor(uint8, null, 4), tensor(int8, 4, 3)];
  const zero = tensor(int8);
  assertEquals(of("QuantizeLinear", [x, scale, zero]), tensor(int8, null, 4));
  assertEquals(of("QuantizeLinear", [x, scale]), bytes);
  assertEquals(
    of("QuantizeLinear", [x, scale], { output_dtype: 3 }),
    tensor(int8, null, 4),
  );
  assertEquals(of("QuantizeLinear", [x, scale, undefined]), undefined);
  assertEquals(of("DequantizeLinear", [bytes, scale, zero]), x);
  assertEquals(of("DynamicQuantizeLinear", [x]), bytes);
  const further = (kind: string, index: number) =>
    inferFurther({ ...UNKNOWN, kind, inputs: [x] }, index, undefined);
  assertEquals(further("DynamicQuantizeLinear", 1), tensor(float));
  assertEquals(further("DynamicQuantizeLinear", 2), tensor(uint8));
  assertEquals(further("TopK", 1), undefined);
  assertEquals(
    of("MatMulInteger", [bytes, weights]),
    tensor(int32, null, 3),
  );
  const operands = [bytes, scale, zero, weights, scale, zero, scale, zero];
  assertEquals(of("QLinearMatMul", operands), tensor(int8, null, 3));
  const maps = tensor(uint8, null, 2, 5, 5);
  const kernel = tensor(int8, 6, 2, 3, 3);
  assertEquals(
    of("QLinearConv", operands.with(0, maps).with(3, kernel)),
    tensor(int8, null, 6, 3, 3),
  );
});

Deno.test("loadModel() shows the shapes of an ONNX file that says none", async () => {
  const path = new URL("softmax_without_shape/model.onnx", FAULTS);
  await using model = await loadModel(path);
  const shapes = Object.fromEntries(
    model.layers.map(({ name, outputs }) => [name, outputs[0]?.shape]),
  );
  assertEquals(shapes, {
    pool: [null, 6, 1, 1],
    flat: [null, 6],
    product: [null, 3],
    bias: [null, 3],
    softmax: [null, 3],
    identity: [null, 3],
  });
});

Deno.test("inferOutput() gives predicates booleans, and a choice the type of its values", () => {
  const [float, int32, bool] = [1, 6, 9];
  const of = (kind: string, ...inputs: { shape: Shape; type: number }[]) =>
    inferOutput({ ...UNKNOWN, kind, inputs });
  const x = { shape: [null, 3], type: float };
  assertEquals(of("IsNaN", x), { ...x, type: bool });
  assertEquals(of("IsInf", x), { ...x, type: bool });
  assertEquals(of("Less", x, x), { ...x, type: bool });
  assertEquals(of("Atan", x), x);
  const [yes, one] = [{ ...x, type: bool }, { shape: [3], type: int32 }];
  assertEquals(of("Where", yes, one, one), { ...x, type: int32 });
  assertEquals(of("PRelu", x, { shape: [3], type: float }), x);
});
