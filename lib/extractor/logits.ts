import { cannot, shapeText } from "../check.ts";
import { specOf, type WeightValue } from "../models/graph/graph.ts";
import {
  type Head,
  type HeadSearch,
  type Logits,
  searchHead,
} from "../models/graph/head.ts";
import type { ModelGraph } from "../models/graph/model_graph.ts";
import { readToRun } from "../models/graph/weights.ts";
import type { LinearHead, NdArray } from "../types.ts";
import type { Settings } from "./settings.ts";

/** Logits, and what the walk to them looked at if there was one. */
export interface FoundLogits {
  readonly logits: Logits | undefined;
  readonly search: HeadSearch | undefined;
}

/**
 * Finds the logits that some settings ask for.
 *
 * @param graph The model.
 * @param settings The settings.
 * @returns The logits, and what the walk looked at if there was one.
 */
export function findLogits(
  graph: ModelGraph,
  settings: Pick<Settings, "head">,
): FoundLogits {
  if (settings.head !== undefined) {
    return { logits: settings.head.logits, search: undefined };
  }
  const search = searchHead(graph.outputRefs);
  return { logits: search.logits, search };
}

/**
 * Checks what shaping, the penultimate and perturbation need of the model.
 *
 * @param graph The model.
 * @param settings The settings.
 * @param action What was to be done.
 * @throws {TypeError} If the model has no head, or not such a one.
 */
export function checkHead(
  graph: ModelGraph,
  settings: Settings,
  action: string,
): void {
  const { shaping, wantsPenultimate, perturbation } = settings;
  if (!shaping && !wantsPenultimate && !perturbation) return;
  const found = findLogits(graph, settings);
  if (perturbation !== undefined) checkPerturbed(found, action);
  if (shaping === undefined && !wantsPenultimate) return;
  const { logits, search } = found;
  if (logits?.head === undefined) {
    const why = search?.why ?? "the layer named is an activation";
    const hint = "name it by .head(id) before";
    const rule = "the model must have a linear head";
    throw new TypeError(cannot(action, rule, `none, as ${why}`, hint));
  }
  const shape = specOf(logits.head.penultimate)?.shape;
  if (!shaping?.needsVectors || shape === undefined) return;
  const places = logits.head.channels === "first"
    ? shape.slice(2)
    : shape.slice(1, -1);
  const isVector = shape.length >= 2 && places.every((size) => size === 1);
  if (isVector) return;
  const { name } = logits.head.node.row;
  throw new TypeError(
    cannot(
      action,
      `what feeds head "${name}" must be [N, D]`,
      shapeText(shape),
    ),
  );
}

function checkPerturbed(
  { logits, search }: FoundLogits,
  action: string,
): void {
  if (logits === undefined) {
    const why = search?.why ?? "none were found";
    const hint = "name its head by .head(id) before";
    const rule = "the model must have logits to be perturbed";
    throw new TypeError(cannot(action, rule, `none, as ${why}`, hint));
  }
  const ref = logits.direct ?? { node: logits.head!.node, index: 0 };
  const units = specOf(ref)?.shape.at(-1) ?? null;
  const isBinary = logits.activation === "sigmoid";
  if (units === null || (isBinary ? units === 1 : units > 1)) return;
  const [rule, current] = isBinary
    ? ["the logits must be classes, and several sigmoids are none", "sigmoids"]
    : ["the logits must be two classes or more", "units"];
  throw new TypeError(cannot(action, rule, `${units} ${current}`));
}

/**
 * Copies a head's weights to the host, as a matrix and a row.
 *
 * @param head The head.
 * @returns Kernel `[D, C]` and bias `[C]`, zeros where the layer has none.
 */
export async function readHead(head: Head): Promise<LinearHead> {
  const { kernel, bias, isTransposed } = head.weights();
  const { name } = head.node.row;
  const matrix = await readMatrix(kernel, isTransposed, name);
  const units = matrix.shape[1]!;
  const row = bias === undefined
    ? new Float32Array(units)
    : (await readToRun(bias, name)).data as Float32Array;
  return Object.freeze({
    kernel: matrix,
    bias: Object.freeze({ data: row, shape: [units], dtype: "float32" }),
  });
}

/** `[1, 1, D, C]` counts as `[D, C]`; a transposed one is turned. */
async function readMatrix(
  kernel: WeightValue,
  isTransposed: boolean,
  name: string,
): Promise<NdArray> {
  const { shape } = kernel;
  if (shape.length < 2 || shape.slice(0, -2).some((size) => size !== 1)) {
    throw new TypeError(
      cannot(
        `read head "${name}"`,
        "its kernel must be a matrix, or one for one place",
        shapeText(shape),
      ),
    );
  }
  const [rows, columns] = shape.slice(-2) as [number, number];
  const data = (await readToRun(kernel, name)).data as Float32Array;
  const sizes = isTransposed ? [columns, rows] : [rows, columns];
  return Object.freeze({
    data: isTransposed ? transposed(data, rows, columns) : data,
    shape: Object.freeze(sizes),
    dtype: "float32",
  });
}

function transposed(
  data: Float32Array,
  rows: number,
  columns: number,
): Float32Array {
  const turned = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      turned[j * rows + i] = data[i * columns + j]!;
    }
  }
  return turned;
}
