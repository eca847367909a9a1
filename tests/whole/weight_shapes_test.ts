/**
 * Weights of other shapes than the layer's: a broadcast weight would give wrong
 * numbers without an error. Each weight of each one-layer model of Keras is
 * stored with other shapes, and each must be refused when the model is opened.
 *
 * @module
 */
import { openKeras } from "../support/open_keras.ts";
import { assert, assertEquals } from "@std/assert";
import { ModelFormatError } from "../../lib/errors.ts";
import type { BindWeights } from "../../lib/models/keras/keras_weights.ts";
import { modelOfKerasFile } from "../../lib/models/keras/keras_file.ts";
import { inTurn, RUNS_ALL } from "../support/extent.ts";
import { goldenNames } from "../support/golden_layers.ts";

const FOLDER = new URL("../data/keras_layers/", import.meta.url);

type Shape = readonly number[];

/** What may be made of a shape. */
const CHANGES: Readonly<Record<string, (shape: Shape) => Shape>> = {
  "with an axis more at the end": (shape) => [...shape, 1],
  "with an axis more in front": (shape) => [1, ...shape],
  "with a longer first axis": ([first = 1, ...rest]) => [2 * first, ...rest],
  "with a longer last axis": (shape) => [
    ...shape.slice(0, -1),
    2 * (shape.at(-1) ?? 1),
  ],
  "turned round": (shape) => shape.toReversed(),
  "of ones": (shape) => shape.map(() => 1),
  "in one row": (shape) => [shape.reduce((p, n) => p * n, 1)],
};

/** Weights of which one has another shape; the shapes of all are kept. */
function changed(
  bindWeights: BindWeights,
  shapes: Map<string, Shape>,
  target?: string,
  shape?: Shape,
): BindWeights {
  return (model) => {
    const bound = bindWeights(model);
    return {
      finish: () => bound.finish(),
      take: (layer, names) =>
        bound.take(layer, names).map((source) => {
          const key = `${layer.name}/${source.name}`;
          shapes.set(key, source.shape);
          return key === target ? { ...source, shape: shape! } : source;
        }),
    };
  };
}

async function open(
  name: string,
  target?: string,
  shape?: Shape,
): Promise<ReadonlyMap<string, Shape>> {
  const file = await openKeras(new URL(`${name}.keras`, FOLDER));
  const shapes = new Map<string, Shape>();
  const bindWeights = changed(file.bindWeights, shapes, target, shape);
  const { format, source, kerasVersion, major, config } = file;
  const close = () => file.close();
  const parts = { format, source, kerasVersion, major, config, close };
  await (await modelOfKerasFile({ ...parts, bindWeights })).close();
  return shapes;
}

/**
 * Whether a layer accepts that shape too: Keras 2 stores weights over several
 * axes with a leading axis of size 1, and the order of two axes of equal size
 * cannot be detected.
 */
function isMeant(name: string, what: string): boolean {
  return name === "ln_axes" && what === "with an axis more in front";
}

Deno.test("loadModel() refuses a weight of any other shape, in every layer of Keras", async () => {
  const selected: string[] = [];
  let numRefused = 0;
  let index = 0;
  for (const name of goldenNames().filter((name) => name !== "melspec")) {
    for (const [weight, shape] of await open(name)) {
      const changes = inTurn(Object.entries(CHANGES), index++);
      for (const [what, change] of changes) {
        const other = change(shape);
        if (other.join() === shape.join() && other.length === shape.length) {
          continue;
        }
        try {
          await open(name, weight, other);
          if (!isMeant(name, what)) selected.push(`${name}: ${weight} ${what}`);
        } catch (error) {
          assert(error instanceof ModelFormatError, String(error));
          numRefused++;
        }
      }
    }
  }
  assertEquals(selected, []);
  assert(numRefused > (RUNS_ALL ? 1000 : 150), `${numRefused}`);
});
