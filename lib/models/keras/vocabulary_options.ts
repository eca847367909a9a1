import type { LayerSpec } from "./keras_topology.ts";
import type { BoundWeights } from "./keras_weights.ts";

/**
 * Adds the vocabulary that is stored beside a layer to its options.
 *
 * @param spec The layer.
 * @param bound The stored weights of the model.
 * @returns The options; the same object if there is no vocabulary.
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
