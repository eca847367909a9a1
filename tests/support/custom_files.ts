/**
 * The files of `tests/data/make_custom_objects.py`, with what Keras computes.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  FeatureExtractor,
  loadModel,
  type LoadModelOptions,
  type Model,
} from "@sonde/sonde";
import { assertAllClose } from "./all_close.ts";

interface Values {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const FOLDER = new URL("../data/custom_objects/", import.meta.url);
/** Inputs and outputs by file. */
export const EXPECTED: Readonly<
  Record<string, { readonly x: readonly Values[]; readonly y: Values }>
> = JSON.parse(await Deno.readTextFile(new URL("expected.json", FOLDER)));

/** Opens one of the files. */
export function open(
  name: string,
  options: LoadModelOptions = {},
): Promise<Model> {
  return loadModel(new URL(name, FOLDER), options);
}

/** Compares the last layer on both engines with what Keras gives. */
export async function checkFile(
  name: string,
  customObjects: LoadModelOptions["customObjects"] = {},
): Promise<void> {
  const { x, y } = EXPECTED[name]!;
  const inputs = x.map(({ shape, data }) => ({
    shape,
    data: Float32Array.from(data),
    dtype: "float32" as const,
  }));
  for (const engine of ["onnx", "tfjs"] as const) {
    await using model = await open(name, { customObjects });
    const set = await new FeatureExtractor(model).layers([
      model.layers.at(-1)!.name,
    ]).engine(engine)
      .predict(inputs.length === 1 ? inputs[0]! : inputs);
    const found = set.features[0]!;
    assertEquals(found.shape, y.shape, `${name} on ${engine}`);
    assertAllClose([...found.data] as number[], [...y.data], {
      rtol: 1e-5,
      atol: 1e-5,
    });
  }
}
