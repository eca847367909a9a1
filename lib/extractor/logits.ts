import { cannot, counted } from "../check.ts";
import { specOf, type WeightValue } from "../models/graph/graph.ts";
import {
  type Head,
  headAt,
  type HeadSearch,
  isOnePosition,
  type Logits,
  searchHead,
} from "../models/graph/head.ts";
import type { ModelGraph } from "../models/graph/model_graph.ts";
import { readToRun } from "../models/graph/weights.ts";
import type { LinearHead, NdArray } from "../types.ts";
import { sampleAxisMover } from "./sample_axis.ts";
import type { Settings } from "./settings.ts";

/** The logits of a model, and how they were found. */
export interface FoundLogits {
  readonly logits: Logits | undefined;
  /** The search for the head, if there was one. */
  readonly search: HeadSearch | undefined;
  /** Why logits that the search found are omitted. */
  readonly warnings: readonly string[];
}

/**
 * Finds the logits of a model, if the settings need them.
 *
 * @param graph The model.
 * @param settings The settings.
 * @returns The logits; undefined if they are omitted.
 */
export function selectedLogits(
  graph: ModelGraph,
  settings: Settings,
): FoundLogits {
  const { wantsLogits, penultimate, perturbation } = settings;
  const isNeeded = wantsLogits || penultimate !== undefined ||
    perturbation !== undefined;
  if (isNeeded) return findLogits(graph, settings);
  return { logits: undefined, search: undefined, warnings: [] };
}

/**
 * Finds the logits of a model.
 *
 * @param graph The model.
 * @param settings The settings, with or without a named head; without one, it
 * is searched from the output.
 * @returns The logits. Logits from a search are omitted if their rows are not
 * samples.
 */
function findLogits(
  graph: ModelGraph,
  settings: Pick<Settings, "head">,
): FoundLogits {
  if (settings.head !== undefined) {
    const { logits } = settings.head;
    return { logits, search: undefined, warnings: [] };
  }
  const search = searchHead(graph.outputRefs);
  const { logits } = search;
  const mover = logits && sampleAxisMover(graph, logits);
  if (mover === undefined) return { logits, search, warnings: [] };
  const name = logits!.head?.node.row.name ?? logits!.direct!.node.row.name;
  const why = `the rows of "${name}" are not samples: ` +
    `"${mover.row.name}" moves the axis of the samples`;
  return {
    logits: undefined,
    search: { ...search, logits: undefined, why },
    warnings: [logitsLeftOut(why)],
  };
}

/**
 * The warning of a plan about omitted logits.
 *
 * @param why The reason.
 * @returns The line.
 */
export function logitsLeftOut(why: string): string {
  return `logits are left out, as ${why}`;
}

/**
 * The advice of a message about missing logits.
 *
 * @param why Why there are none.
 * @param hint What to do, if anything.
 * @returns The part of the message.
 */
export function because(why: string, hint: string | undefined): string {
  return hint === undefined ? why : `${why}, so ${hint}`;
}

/**
 * Whether a model has a layer that `.head(id)` accepts.
 *
 * @param graph The model.
 * @param kind Whether the layer must be linear.
 * @returns True if there is such a layer.
 */
export function hasHead(graph: ModelGraph, kind?: "linear"): boolean {
  return graph.listed.some((node) => {
    try {
      const { head } = headAt(node);
      return kind === undefined || head !== undefined;
    } catch (error) {
      if (error instanceof TypeError) return false;
      throw error;
    }
  });
}

/**
 * Checks that the model meets the requirements of shaping, the penultimate and
 * perturbation.
 *
 * @param graph The model.
 * @param settings The settings.
 * @param action The action, for messages.
 * @throws {TypeError} If the model has no suitable head.
 */
export function checkHead(
  graph: ModelGraph,
  settings: Settings,
  action: string,
): void {
  const { shaping, penultimate, perturbation } = settings;
  if (!shaping && !penultimate && !perturbation) return;
  const found = findLogits(graph, settings);
  if (perturbation !== undefined) checkPerturbed(graph, found, action);
  if (shaping === undefined && penultimate === undefined) return;
  const { logits, search } = found;
  if (logits?.head === undefined) {
    const why = search?.why ?? "the layer named is an activation";
    const isNamed = found.warnings.length === 0 && hasHead(graph, "linear");
    const hint = isNamed ? "name it by .head(id) before" : undefined;
    const rule = "the model must have a linear head";
    throw new TypeError(cannot(action, rule, undefined, because(why, hint)));
  }
  const shape = specOf(logits.head.penultimate)?.shape;
  if (!shaping?.needsVectors || shape === undefined) return;
  if (isOnePosition(shape, logits.head.channels)) return;
  const { name } = logits.head.node.row;
  const rule = `the input of head "${name}" must be [N, D]`;
  throw new TypeError(cannot(action, rule, shape));
}

function checkPerturbed(
  graph: ModelGraph,
  { logits, search, warnings }: FoundLogits,
  action: string,
): void {
  if (logits === undefined) {
    const why = search?.why ?? "none were found";
    const isNamed = warnings.length === 0 && hasHead(graph);
    const hint = isNamed ? "name its head by .head(id) before" : undefined;
    const rule = "the model must have logits to be perturbed";
    throw new TypeError(cannot(action, rule, undefined, because(why, hint)));
  }
  const ref = logits.direct ?? { node: logits.head!.node, index: 0 };
  const units = specOf(ref)?.shape.at(-1) ?? null;
  const isBinary = logits.activation === "sigmoid";
  if (units === null || (isBinary ? units === 1 : units > 1)) return;
  const [rule, current] = isBinary
    ? [
      "the logits must be those of one softmax or one sigmoid, not of several sigmoids",
      "sigmoid",
    ]
    : ["the logits must be two classes or more", "unit"];
  throw new TypeError(cannot(action, rule, counted(units, current)));
}

/**
 * Copies a head's weights to the host, as a matrix and a vector.
 *
 * @param head The head.
 * @returns Kernel `[D, C]` and bias `[C]`, zeros if the layer has none.
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

/** `[1, 1, D, C]` counts as `[D, C]`; a transposed one is transposed back. */
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
        "its kernel must be a matrix, or of one spatial position",
        shape,
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
  const result = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      result[j * rows + i] = data[i * columns + j]!;
    }
  }
  return result;
}
