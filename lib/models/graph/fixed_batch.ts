/** Sizes of a tensor; null if a size is free, undefined if none is known. */
type Shape = readonly (number | null)[] | undefined;

/**
 * The batch size of a model whose inputs all have a fixed first size.
 *
 * Lists (a threshold, axes) do not count beside other inputs. If the first sizes
 * of the others differ, the batch is what all outputs and the first input begin
 * with, or else 1, or else what all outputs begin with.
 *
 * @param inputs The shapes of the inputs.
 * @param outputs Those of the outputs.
 * @returns The batch size; undefined without sizes, NaN if nothing tells.
 */
export function fixedBatch(
  inputs: readonly Shape[],
  outputs: readonly Shape[],
): number | undefined {
  const arrays = inputs.filter((shape = []) => shape.length > 1);
  const counted = arrays.length > 0 ? arrays : inputs;
  const sizes = firstSizes(counted);
  if (sizes.size < 2) return [...sizes][0];
  const [rows, ...others] = firstSizes(outputs);
  const isRows = others.length === 0 && sizes.has(rows!);
  if (isRows && rows === counted[0]?.[0]) return rows;
  if (sizes.has(1)) return 1;
  return isRows ? rows : NaN;
}

function firstSizes(shapes: readonly Shape[]): Set<number> {
  return new Set(shapes.flatMap((shape) => shape?.[0] ?? []));
}
