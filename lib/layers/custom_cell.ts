import { counted } from "../check.ts";
import { wrongCall, wrongConfig } from "./_checks.ts";
import type { Layer } from "./layer.ts";
import { type Cell, cellOf } from "./recurrent_cells.ts";

/**
 * A custom recurrent cell, from a layer with `stateSizes`.
 *
 * @param layer The layer.
 * @param name The recurrent layer, for messages.
 * @returns The cell; undefined if the layer has no `stateSizes`.
 */
export function customCell(layer: Layer, name: string): Cell | undefined {
  const { stateSizes, weights } = layer;
  if (stateSizes === undefined) return undefined;
  const isFit = stateSizes.length > 0 &&
    stateSizes.every((size) => Number.isSafeInteger(size) && size > 0);
  if (!isFit) {
    const rule = "the stateSizes of its cell must be positive whole numbers";
    throw wrongConfig(name, rule, stateSizes);
  }
  return cellOf({
    weights,
    numStates: stateSizes.length,
    outputState: 0,
    bind: (ops, weights) => ({
      project: (x) => x,
      zeroState(x) {
        const first = ops.slice(x, [{ axis: 1, start: 0, stop: 1 }]);
        const column = ops.cast(first, "int32"); // [N, 1], never NaN
        const isRow = ops.equal(column, column);
        return stateSizes.map((size) => {
          const zeros = ops.constant({
            data: new Float32Array(size),
            shape: [1, size],
            dtype: "float32",
          });
          return ops.where(isRow, zeros, zeros); // broadcasts to [N, size]
        });
      },
      step(x, state) {
        const context = { masks: [], args: {} };
        const [output, ...next] = layer.call(
          ops,
          [x, ...state],
          weights,
          context,
        );
        if (next.length === stateSizes.length && output === next[0]) {
          return next;
        }
        const rule =
          `its cell must return its output, and ${stateSizes.length} tensors of its state, the first of which is the output`;
        throw wrongCall(name, rule, counted(next.length + 1, "tensor"));
      },
    }),
  });
}
