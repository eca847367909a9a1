/**
 * Weights of nested layers: those of the layer at `cell` are named `cell/…`.
 *
 * @module
 */

/**
 * Prefixes the weight names of a nested layer.
 *
 * @param part The nested layer's name.
 * @param weights Its weight names.
 * @returns `part/weight` for each.
 */
export function namesInPart(
  part: string,
  weights: readonly string[],
): string[] {
  return weights.map((weight) => `${part}/${weight}`);
}

/**
 * The weights of a nested layer, under its own names.
 *
 * @param weights The weights of the outer layer.
 * @param part The nested layer's name.
 * @returns The weights of the nested layer.
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
