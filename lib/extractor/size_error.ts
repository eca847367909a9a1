import { cannot, quote, shapeText } from "../check.ts";
import { UnsupportedByEngineError } from "../errors.ts";
import type { ModelGraph } from "../models/graph/model_graph.ts";
import type { FailedBatch } from "./index_error.ts";

/**
 * Explains a runtime's error by the sizes of the inputs of an ONNX file: axes of
 * the same name, such as the time steps of tokens and of their mask, must have
 * the same size. Runtimes do not check it, and fail at some later operation.
 *
 * @param error The error that the engine threw.
 * @param batch The batch.
 * @param graph The model.
 * @returns A TypeError with the error as its cause; the error itself if all such
 * sizes are equal.
 */
export function sizeError(
  error: unknown,
  { feeds, inputs }: FailedBatch,
  { onnx }: ModelGraph,
): unknown {
  if (!(error instanceof UnsupportedByEngineError)) return error;
  const infos = onnx?.file.graph?.inputs ?? [];
  const known = new Map<
    string,
    { readonly size: number; readonly at: number }
  >();
  for (const [at, { spec }] of feeds.entries()) {
    const info = infos.find(({ name }) => name === spec.name);
    for (const [axis, name] of info?.sizeNames?.entries() ?? []) {
      const size = inputs[at]!.shape[axis];
      // A size of 1 is broadcast.
      if (name === undefined || size === undefined || size === 1) continue;
      const before = known.get(name) ?? { size, at };
      known.set(name, before);
      if (before.size === size) continue;
      const text = (index: number) =>
        `${quote(feeds[index]!.spec.name)} ${shapeText(inputs[index]!.shape)}`;
      const rule = `inputs must have the same size on axis ${quote(name)}, ${
        text(before.at)
      } and ${text(at)}`;
      return new TypeError(cannot("run", rule, [before.size, size]), {
        cause: error,
      });
    }
  }
  return error;
}
