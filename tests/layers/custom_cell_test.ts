// A cell of real Keras: `tests/whole/custom_objects_test.ts`.
import { assertEquals, assertThrows } from "@std/assert";
import { customCell } from "../../lib/layers/custom_cell.ts";
import type { Layer } from "../../lib/layers/layer.ts";
import { ShapeOps } from "../../lib/ops/shape_ops.ts";

const OPS = new ShapeOps();
const X = { shape: [null, 4], dtype: "float32" } as const;

function layer(
  stateSizes: readonly number[] | undefined,
  call: Layer["call"] = (_ops, [, ...state]) => [state[0]!, ...state],
): Layer {
  const parts = { weights: ["kernel"], call };
  return stateSizes === undefined ? parts : { ...parts, stateSizes };
}

Deno.test("customCell() begins with zeros of the sizes of its state", () => {
  const cell = customCell(layer([3, 2]), "r")!;
  assertEquals([cell.numStates, cell.outputState, cell.weights], [
    ...[2, 0, ["kernel"]],
  ]);
  const bound = cell.bind(OPS, {});
  const state = bound.zeroState(bound.project(X));
  assertEquals(state.map(({ shape }) => shape), [[null, 3], [null, 2]]);
  assertEquals(bound.step(X, state), state);
});

Deno.test("customCell() is undefined for a layer without a state", () => {
  assertEquals(customCell(layer(undefined), "r"), undefined);
});

Deno.test("customCell() refuses sizes and results that do not fit", () => {
  for (const sizes of [[], [0], [1.5]]) {
    assertThrows(
      () => customCell(layer(sizes), "r"),
      TypeError,
      'Cannot read layer "r" as the stateSizes of its cell must be positive',
    );
  }
  const wrong: Layer["call"][] = [
    (_ops, [x]) => [x!],
    (_ops, [x, ...state]) => [x!, ...state], // another output than its state
  ];
  for (const call of wrong) {
    const bound = customCell(layer([3], call), "r")!.bind(OPS, {});
    assertThrows(
      () => bound.step(X, bound.zeroState(X)),
      TypeError,
      'Cannot call layer "r" as its cell must return its output, and 1 tensor',
    );
  }
});
