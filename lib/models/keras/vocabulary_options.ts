import type { LayerSpec } from "./keras_topology.ts";
import type { BoundWeights } from "./keras_weights.ts";

/**
 * Options of a layer with the vocabulary that lies beside them in the file.
 *
 * @param spec The layer.
 * @param bound What is stored of the model.
 * @returns The options; the same object where nothing is beside them.
 */
export function vocabularyOptions(
  spec: LayerSpec,
  bound: BoundWeights,
): LayerSpec["options"] {
  const { className, options } = spec;
  const isLookup = /^(StringLookup|IntegerLookup|TextVectorization)$/.test(
    className,
  );
  const stored = isLookup ? bound.vocabulary?.(spec) : undefined;
  if (stored === undefined) return options;
  const { lines, weights } = stored;
  const isThere = lines === undefined || Array.isArray(options.vocabulary);
  return {
    ...options,
    ...(isThere ? {} : {
      vocabulary: className === "IntegerLookup" ? lines.map(Number) : lines,
    }),
    ...(weights === undefined ? {} : { "idf_weights": weights }),
  };
}
