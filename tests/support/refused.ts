/**
 * The 47 kinds of bad input, and functions to test them.
 *
 * @module
 */
import type { Model, NdArray } from "../../lib/types.ts";
import { modelGraphOf } from "../../lib/models/graph/model_graph.ts";
import type {
  OpenedCase,
  RefusedCase,
  RefusedInput,
} from "../whole/refused/_input.ts";
import { CONTAINERS } from "../whole/refused/_containers.ts";
import { HDF5 } from "../whole/refused/_hdf5.ts";
import { LAYERS } from "../whole/refused/_layers.ts";
import { LAYER_VALUES } from "../whole/refused/_layer_values.ts";
import { TOPOLOGIES } from "../whole/refused/_topologies.ts";
import { WEIGHTS } from "../whole/refused/_weights.ts";
import { openOn } from "./open_on.ts";

/** All, by number. */
export const REFUSED_INPUTS: readonly RefusedInput[] = [
  ...[
    ...CONTAINERS,
    ...HDF5,
    ...LAYERS,
    ...TOPOLOGIES,
    ...LAYER_VALUES,
    ...WEIGHTS,
  ],
];

/** Files in a folder of their own. */
export interface Placed extends AsyncDisposable {
  readonly folder: string;
  /** What is to be opened. */
  readonly path: string;
}

/** Writes the files of a case. */
export async function placed(
  { file, name = "model.keras" }: RefusedCase | OpenedCase,
): Promise<Placed> {
  const folder = await Deno.makeTempDir();
  const made = file();
  const files = made instanceof Uint8Array ? { [name]: made } : made;
  for (const [path, bytes] of Object.entries(files)) {
    const at = `${folder}/${path}`;
    await Deno.mkdir(at.slice(0, at.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(at, bytes);
  }
  return {
    folder,
    path: name === "" ? folder : `${folder}/${name}`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** Two samples of ones; sizes that are not known are 4. */
export function onesOf(
  shape: readonly (number | null)[],
): NdArray<Float32Array> {
  const sizes = [2, ...shape.slice(1).map((size) => size ?? 4)];
  const size = sizes.reduce((product, n) => product * n, 1);
  return {
    data: new Float32Array(size).fill(1),
    shape: sizes,
    dtype: "float32",
  };
}

/** Runs a model on ones. */
export async function runOnce(model: Model): Promise<void> {
  await using session = await openOn(modelGraphOf(model)!, "cpu");
  await session.run(model.inputs.map(({ shape }) => onesOf(shape)));
}
