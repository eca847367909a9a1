import { assertEquals } from "@std/assert";
import {
  furtherShape,
  SELECTIONS,
} from "../../../lib/models/onnx/infer_selections.ts";
import {
  inferFurther,
  inferOutput,
} from "../../../lib/models/onnx/infer_shapes.ts";

type Shape = readonly (number | null)[];

Deno.test("inferOutput() and inferFurther() know all outputs of splits, recurrent layers and classifiers", () => {
  const x = { shape: [null, 7, 4], type: 1 };
  const outputs = (
    kind: string,
    inputs: readonly ({ shape: Shape; type: number } | undefined)[],
    numOutputs: number,
    attributes: Readonly<Record<string, unknown>> = {},
    constants: Readonly<Record<number, number[]>> = {},
  ) => {
    const values = (index: number) => constants[index];
    const call = {
      kind,
      attributes,
      inputs,
      numOutputs,
      values,
      sizes: values,
    };
    const first = inferOutput(call);
    const all = Array.from(
      { length: numOutputs },
      (_, i) => i === 0 ? first : inferFurther(call, i, first),
    );
    return all.map((found) => found?.shape);
  };
  assertEquals(outputs("Shape", [x], 1), [[3]]);
  assertEquals(outputs("Shape", [x], 1, { start: 0, end: 1 }), [[1]]);
  assertEquals(outputs("Shape", [x], 1, { start: -2 }), [[2]]);
  const sizes = { shape: [2], type: 7 };
  assertEquals(outputs("Split", [x], 3, { axis: 1 }), [
    ...[[null, 3, 4], [null, 3, 4], [null, 1, 4]],
  ]);
  assertEquals(outputs("Split", [x, sizes], 2, { axis: 1 }, { 1: [5, 2] }), [
    ...[[null, 5, 4], [null, 2, 4]],
  ]);
  assertEquals(outputs("Split", [x, sizes], 2, { axis: 1 }), [
    ...[[null, null, 4], [null, null, 4]],
  ]);
  assertEquals(outputs("TopK", [x, sizes], 2, {}, { 1: [3] }), [
    ...[[null, 7, 3], [null, 7, 3]],
  ]);
  const [w, r] = [{ shape: [2, 24, 4], type: 1 }, {
    shape: [2, 24, 6],
    type: 1,
  }];
  assertEquals(outputs("LSTM", [x, w, r], 3), [
    ...[[null, 2, 7, 6], [2, 7, 6], [2, 7, 6]],
  ]);
  assertEquals(outputs("GRU", [x, w, r], 2, { layout: 1 }), [
    ...[[null, 7, 2, 6], [null, 2, 6]],
  ]);
  const rows = { shape: [null, 4], type: 1 };
  assertEquals(outputs("LinearClassifier", [rows], 2), [[null], [null, null]]);
});

Deno.test("furtherShape() knows nothing of operators with one output", () => {
  const x = { shape: [2, 3], type: 1 };
  for (const [kind] of SELECTIONS) {
    if (/^(Split|LSTM|GRU|RNN)$/.test(kind)) continue;
    const call = {
      ...{ kind, attributes: {}, inputs: [x], numOutputs: 1 },
      values: () => undefined,
      sizes: () => undefined,
    };
    assertEquals(furtherShape(call, 1, [2, 3]), undefined);
  }
});
