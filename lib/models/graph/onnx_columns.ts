import { type GraphNode, origin, type Ref, refKey, specOf } from "./graph.ts";
import { valuesOf } from "./onnx_head.ts";

/**
 * The probabilities of which each output is the column of a class, in order, as
 * scikit-learn's converter writes them with `zipmap="columns"`:
 * `reshape(slice(p, [i], [i + 1], axes=[1]), [-1])`.
 *
 * @param outputs Outputs of an ONNX file.
 * @returns The tensor; undefined if they are not all of its columns.
 */
export function columnsOf(outputs: readonly Ref[]): Ref | undefined {
  const slices = outputs.map((ref) => {
    const { node } = origin(ref);
    const of = node.row.kind === "Reshape" ? sourceOf(node) : undefined;
    return of?.node.row.kind === "Slice" ? of.node : undefined;
  });
  const [first] = slices;
  const whole = first && sourceOf(first);
  if (whole === undefined) return undefined;
  const areColumns = slices.every((slice, i) =>
    slice !== undefined && refKey(sourceOf(slice)!) === refKey(whole) &&
    String(valuesOf(slice, 1)) === String(i) &&
    String(valuesOf(slice, 2)) === String(i + 1) &&
    String(valuesOf(slice, 3)) === "1"
  );
  const count = specOf(whole)?.shape[1] ?? slices.length;
  return areColumns && count === slices.length ? whole : undefined;
}

/** The first input of an operation; undefined if it is a constant. */
function sourceOf({ call }: GraphNode): Ref | undefined {
  const source = call.kind === "raw" ? call.onnx?.producers[0] : undefined;
  return source && origin(source);
}
