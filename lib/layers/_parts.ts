/**
 * Weights of a layer's parts: a part at `cell` has its weights under `cell/`.
 *
 * @module
 */

/**
 * A part's weights, as the whole names them.
 *
 * @param part The part's name.
 * @param weights Its own names.
 * @returns `part/weight` for each.
 */
export function namesInPart(
  part: string,
  weights: readonly string[],
): string[] {
  return weights.map((weight) => `${part}/${weight}`);
}

/**
 * The weights of one part, under the part's own names.
 *
 * @param weights The whole's weights.
 * @param part The part's name.
 * @returns The part's weights.
 */
export function weightsOfPart<T>(
  weights: Readonly<Record<string, T>>,
  part: string,
): Readonly<Record<string, T>> {
  const prefix = `${part}/`;
  return Object.fromEntries(
    Object.entries(weights).filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}
