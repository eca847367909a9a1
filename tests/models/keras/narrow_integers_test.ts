/** Right values: `tests/data/make_narrow_integers.py`. */
import { assertEquals, assertThrows } from "@std/assert";
import { FeatureExtractor } from "../../../lib/extractor/feature_extractor.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import {
  narrowCall,
  narrowType,
} from "../../../lib/models/keras/narrow_integers.ts";
import { assertAllClose } from "../../support/all_close.ts";

const FOLDER = new URL("../../data/narrow_integers/", import.meta.url);

interface Expected {
  readonly inputs: readonly number[][];
  readonly outputs: readonly (readonly [string, number[], number[]])[];
}

const files: Record<string, Expected> = JSON.parse(
  await Deno.readTextFile(new URL("expected.json", FOLDER)),
);

for (const [name, { inputs, outputs }] of Object.entries(files)) {
  for (const engine of ["onnx", "tfjs"] as const) {
    Deno.test(`integers wrap around as in Keras: ${name} on ${engine}`, async () => {
      await using model = await loadModel(new URL(name, FOLDER));
      const xs = inputs.map((values) => ({
        data: Int32Array.from(values),
        shape: [3, 4],
        dtype: "int32" as const,
      }));
      const names = [...new Set(outputs.map(([layer]) => layer))];
      const extractor = new FeatureExtractor(model).layers(names).logits(false);
      const set = await extractor.engine(engine).predict(xs);
      for (const [i, [layer, shape, values]] of outputs.entries()) {
        const { data, shape: found } = set.features[i]!;
        assertEquals(found, shape, layer);
        assertAllClose(data as Int32Array, values, { atol: 1e-4 });
      }
    });
  }
}

Deno.test("narrowCall() joins types as Keras does", () => {
  const typeOf = (...types: string[]) =>
    narrowCall("Add", types.map(narrowType), [])?.type;
  assertEquals(typeOf("uint8", "uint8"), "uint8");
  assertEquals(typeOf("uint8", "int8"), "int16");
  assertEquals(typeOf("uint8", "uint16"), "uint16");
  assertEquals(typeOf("uint8", "int16"), "int16");
  assertEquals(typeOf("uint16", "int16"), undefined);
  assertEquals(typeOf("uint8", "int32"), undefined);
});

Deno.test("narrowCall() refuses products that overflow in other ways", () => {
  assertThrows(
    () => narrowCall("Matmul", ["uint8", "uint8"], []),
    TypeError,
    'Cannot compute Matmul as integers must have 32 bits: current value is "uint8"',
  );
  assertEquals(narrowCall("Matmul", [undefined, undefined], []), undefined);
});
