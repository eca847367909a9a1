/**
 * Names in model files that would control a terminal, reverse the text direction,
 * or are very long: in every message, in views, and in the titles of figures.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { loadModel } from "../../lib/extractor/load_model.ts";
import { dense, layer } from "../support/keras_spec.ts";
import {
  archiveWith,
  type Bytes,
  DENSE,
  DENSE_WEIGHTS,
  type Files,
  kerasOf,
  LISTED,
  modelJsonOf,
  modelOf,
  on,
  renamed,
} from "../support/model_files.ts";
import { type File, onnxBytes } from "../support/onnx_bytes.ts";

const BAD = "a\u001b[31m\u202eb\u0007c\u2028d\u0085e";
const NAMES: readonly string[] = [BAD, "x".repeat(5000), `${BAD} `.repeat(99)];
const STEERING = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

/** The Dense model with another value at a path of its description. */
function described(path: readonly (string | number)[], value: unknown): Bytes {
  const model = structuredClone(DENSE);
  // deno-lint-ignore no-explicit-any -- any JSON
  let at: any = model;
  for (const key of path.slice(0, -1)) at = at[key];
  at[path.at(-1)!] = value;
  return kerasOf(model, DENSE_WEIGHTS);
}

const H5 = Deno.readFileSync(
  new URL("../data/keras_models/k3_mlp.h5", import.meta.url),
);
/** As many bytes as a name in the file that it is put for. */
const fitted = (name: string, length: number) =>
  (name.startsWith("x") ? "" : "\u001b[31m\u202e\u0007").padEnd(length, "x")
    .slice(0, name.startsWith("x") ? length : length - 2);

/** An ONNX file of one operation, with constants. */
const onnx = (change: File): Bytes => onnxBytes(change);
const PORTS = {
  inputs: [{ name: "x", shape: ["N", 2] }],
  outputs: [{ name: "y", shape: ["N", 2] }],
};

/** Files by the name in them that is changed. */
const FILES: Readonly<Record<string, (name: string) => Bytes | Files>> = {
  "name of a layer": (name) =>
    kerasOf(modelOf(dense(name, 2, on("x"))), DENSE_WEIGHTS),
  "name of a layer whose weights are missing": (name) =>
    kerasOf(modelOf(dense(name, 2, on("x")))),
  "class of a layer": (name) => kerasOf(modelOf(layer("d", name, {}, on("x")))),
  "module of a layer": (name) =>
    kerasOf(modelOf({ ...layer("d", "Mine", {}, on("x")), module: name })),
  "option of a layer": (name) =>
    kerasOf(modelOf(layer("d", "ReLU", { [name]: 3 }, on("x")))),
  "activation": (name) =>
    kerasOf(modelOf(layer("d", "Activation", { activation: name }, on("x")))),
  "element type": (name) =>
    kerasOf(modelOf(layer("d", "ReLU", { dtype: name }, on("x")))),
  "name of the model": (name) => described(["config", "name"], name),
  "layer that is called": (name) =>
    kerasOf(modelOf(dense("d", 2, on(name))), DENSE_WEIGHTS),
  "output of the model": (name) =>
    described(["config", "output_layers"], [name, 0, 0]),
  "class of the model": (name) => described(["class_name"], name),
  "version of Keras": (name) =>
    archiveWith(kerasOf(DENSE, DENSE_WEIGHTS), {
      "metadata.json": {
        data: new TextEncoder().encode(
          JSON.stringify({ "keras_version": name }),
        ),
      },
    }),
  "path of a weight": (name) =>
    kerasOf(DENSE, { ...DENSE_WEIGHTS, [`layers/${name}/vars/0`]: [2] }),
  "member of the archive": (name) =>
    archiveWith(kerasOf(DENSE, DENSE_WEIGHTS), {
      [name]: { data: new Uint8Array(1) },
      "config.json": undefined,
    }),
  "group of an .h5": (name) =>
    renamed(H5, "sequential/dense/kernel", fitted(name, 23)),
  "weight of a model.json": (name) =>
    modelJsonOf(DENSE, [{ ...LISTED[0]!, name: `d/${name}` }, LISTED[1]!]),
  "element type in a model.json": (name) =>
    modelJsonOf(DENSE, [{ ...LISTED[0]!, dtype: name }, LISTED[1]!]),
  "weight file of a model.json": (name) => modelJsonOf(DENSE, LISTED, [name]),
  "operation of ONNX": (name) =>
    onnx({ ...PORTS, nodes: [{ op: name, in: ["x"], out: ["y"] }] }),
  "name of an operation of ONNX": (name) =>
    onnx({ ...PORTS, nodes: [{ op: "Relu", name, in: ["x"], out: ["y"] }] }),
  "domain of ONNX": (name) =>
    onnx({
      ...PORTS,
      nodes: [{ op: "Relu", domain: name, in: ["x"], out: ["y"] }],
    }),
  "tensor of ONNX that nothing gives": (name) =>
    onnx({ ...PORTS, nodes: [{ op: "Relu", in: [name], out: ["y"] }] }),
  "input of ONNX": (name) =>
    onnx({
      ...PORTS,
      inputs: [{ name, shape: ["N", 2] }],
      nodes: [{ op: "Relu", in: [name], out: ["y"] }],
    }),
  "output of ONNX": (name) =>
    onnx({
      ...PORTS,
      outputs: [{ name, shape: ["N", 2] }],
      nodes: [{ op: "Relu", in: ["x"], out: [name] }],
    }),
  "constant of ONNX": (name) =>
    onnx({
      ...PORTS,
      constants: [{ name, shape: [2], type: 1, raw: new Uint8Array(7) }],
      nodes: [{ op: "Add", in: ["x", name], out: ["y"] }],
    }),
  "other file of ONNX": (name) =>
    onnx({
      ...PORTS,
      constants: [{
        name: "c",
        shape: [2],
        type: 1,
        external: { location: name },
      }],
      nodes: [{ op: "Add", in: ["x", "c"], out: ["y"] }],
    }),
};

/** All text that a user is shown of a model, or the message of its error. */
async function shownOf(source: Bytes | Files): Promise<string[]> {
  const folder = await Deno.makeTempDir();
  try {
    const files = source instanceof Uint8Array ? { model: source } : source;
    for (const [name, bytes] of Object.entries(files)) {
      await Deno.writeFile(`${folder}/${name}`, bytes);
    }
    await using model = await loadModel(`${folder}/${Object.keys(files)[0]}`);
    const shown = [model];
    const strings: string[] = [];
    for (const each of [...shown, ...model.layers]) {
      const display = (each as unknown as Record<symbol, unknown>)[
        Symbol.for("Jupyter.display")
      ];
      if (typeof display !== "function") continue;
      const bundle = await display.call(each);
      strings.push(
        ...Object.values(bundle).map((value) => JSON.stringify(value)),
      );
    }
    for (const { name } of model.layers) {
      const near = `${name}?`;
      try {
        await model.getWeights(near);
      } catch (error) {
        strings.push((error as Error).message);
      }
    }
    assert(strings.length > 1);
    return strings;
  } catch (error) {
    return [(error as Error).message];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const [what, make] of Object.entries(FILES)) {
  Deno.test(`what is shown of a ${what} is printable, and short`, async () => {
    for (const name of NAMES) {
      for (const text of await shownOf(make(name))) {
        // JSON writes the newlines of tables as "\n".
        const found = STEERING.exec(text.replaceAll("\n", ""));
        assertEquals(found, null, text.slice(0, 500));
        assert(!/x{202}/.test(text), text.slice(0, 500));
        assert(text.split("[31m").length < 300, text.slice(0, 500));
      }
    }
  });
}

Deno.test("a model with names that steer runs, under its true names", async () => {
  await using model = await loadModel(
    kerasOf(modelOf(dense(BAD, 2, on("x"))), DENSE_WEIGHTS),
  );
  const { kernel } = await model.getWeights(BAD);
  assertEquals(kernel!.shape, [2, 2]);
  assertEquals(model.layers.at(-1)!.name, BAD);
});
