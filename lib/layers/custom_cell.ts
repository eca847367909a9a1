/**
 * Cells that are made of layers: a custom one, and several stacked ones.
 *
 * @module
 */
import { counted } from "../check.ts";
import { wrongCall, wrongConfig } from "./_checks.ts";
import { namesInPart, weightsOfPart } from "./_parts.ts";
import type { Ops } from "../ops/ops.ts";
import type { Layer, LayerConfig } from "./layer.ts";
import {
  type BoundCell,
  type Cell,
  cellOf,
  isCell,
} from "./recurrent_cells.ts";

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

/**
 * The cell that a layer is, built-in or custom.
 *
 * @param layer The layer.
 * @param name The recurrent layer, for messages.
 * @param className The class of the cell.
 * @returns The cell.
 * @throws {TypeError} If it is none.
 */
export function cellOfLayer(
  layer: Layer,
  name: string,
  className: string,
): Cell {
  const cell = isCell(layer) ? layer : customCell(layer, name);
  if (cell !== undefined) return cell;
  const rule = "each cell must be one of Keras' cells, or have stateSizes";
  throw wrongConfig(name, rule, className);
}

/**
 * StackedRNNCells: each cell's input is the output of the one before.
 *
 * @param config The cells' config.
 * @returns The combined cell.
 */
export function stackedRnnCells(config: LayerConfig): Cell {
  const layers = config.layerList("cells");
  const classes = config.raw("cells") as readonly { "class_name": string }[];
  const cells = layers.map((layer, i) =>
    cellOfLayer(layer, config.name, classes[i]!.class_name)
  );
  if (cells.length === 0) {
    throw wrongConfig(config.name, "it must have cells", classes);
  }
  const parts = numbered(classes.map((cell) => `cells/${snakeCase(cell)}`));
  const starts = cells.map((_, i) =>
    cells.slice(0, i).reduce((sum, { numStates }) => sum + numStates, 0)
  );
  const last = cells.length - 1;
  return cellOf({
    weights: cells.flatMap(({ weights }, i) => namesInPart(parts[i]!, weights)),
    numStates: starts[last]! + cells[last]!.numStates,
    outputState: starts[last]! + cells[last]!.outputState,
    bind<T>(ops: Ops<T>, weights: Readonly<Record<string, T>>): BoundCell<T> {
      const bound = cells.map((cell, i) =>
        cell.bind(ops, weightsOfPart(weights, parts[i]!))
      );
      return {
        project: (x) => bound[0]!.project(x),
        zeroState: (projected) =>
          bound.flatMap((cell) => cell.zeroState(projected)),
        step: (projected, state) => {
          let input = projected;
          return bound.flatMap((cell, i) => {
            const { numStates, outputState } = cells[i]!;
            const cellState = state.slice(starts[i]!, starts[i]! + numStates);
            const next = cell.step(
              i === 0 ? input : cell.project(input),
              cellState,
            );
            input = next[outputState]!;
            return next;
          });
        },
      };
    },
  });
}

/**
 * Names of nested layers as in Keras: the class, with a counter for each class.
 */
function numbered(names: readonly string[]): string[] {
  return names.map((name, i) => {
    const before = names.slice(0, i).filter((other) => other === name).length;
    return before === 0 ? name : `${name}_${before}`;
  });
}

function snakeCase({ class_name: name }: { "class_name": string }): string {
  return name.replace(/^.*>/, "").replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
}
