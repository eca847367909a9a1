// Models of Keras 2 with such sizes: `tests/data/make_computed_sizes.py`, which
// `tests/whole/old_layers_test.ts` runs.
import { assertEquals } from "@std/assert";
import {
  computedSizes,
  takesSizes,
} from "../../../lib/models/keras/bind_arguments.ts";
import type {
  CallSpec,
  LayerSpec,
  StoredArgument,
} from "../../../lib/models/keras/keras_topology.ts";

const of = (layer: string, index = 0) => ({ layer, call: 0, index });
const X = of("x");

function layer(
  name: string,
  options: LayerSpec["options"],
  first: StoredArgument,
  named: CallSpec["named"] = {},
): LayerSpec {
  const isSlice = options.function === undefined;
  return {
    name,
    className: isSlice ? "SlicingOpLambda" : "TFOpLambda",
    module: undefined,
    registeredName: undefined,
    options,
    model: undefined,
    calls: [{ positional: [first], named }],
  };
}

const sliced = (name: string, from: string, at: unknown) =>
  layer(name, {}, { tensor: of(from) }, { slice_spec: { value: at } });

const LAYERS: readonly LayerSpec[] = [
  layer("shape", { function: "compat.v1.shape" }, { tensor: X }),
  layer("shape2", { function: "shape" }, { tensor: of("y") }),
  sliced("rows", "shape", 0),
  sliced("columns", "shape2", 1),
  sliced("last", "shape", -1),
  sliced("part", "shape", { start: 0, stop: 1, step: null }),
  sliced("deeper", "rows", 0),
  layer("stack", { function: "stack" }, {
    list: [{ tensor: of("rows") }, { value: 2 }, { tensor: of("columns") }],
  }),
  sliced("steps", "shape", { start: 1, stop: 9, step: 2 }),
  layer("joined", { function: "concat" }, {
    list: [{ tensor: of("part") }, { list: [{ value: -1 }] }],
  }),
  layer("scalars", { function: "concat" }, {
    list: [{ tensor: of("rows") }, { list: [{ value: -1 }] }],
  }),
  layer("mixed", { function: "stack" }, {
    list: [{ tensor: of("rows") }, { tensor: X }],
  }),
  layer("relu", { function: "nn.relu" }, { tensor: X }),
  layer("each", { function: "unstack" }, { tensor: of("shape") }),
  layer("values", { function: "unstack" }, { tensor: X }),
];

Deno.test("computedSizes() follows sizes to the tensor that has them", () => {
  const rows = { of: X, axis: 0 };
  const columns = { of: of("y"), axis: 1 };
  assertEquals(computedSizes(of("shape"), LAYERS), { of: X });
  assertEquals(computedSizes(of("rows"), LAYERS), rows);
  assertEquals(computedSizes(of("columns"), LAYERS), columns);
  assertEquals(computedSizes(of("stack"), LAYERS), [rows, 2, columns]);
  const part = { of: X, from: 0, to: 1 };
  assertEquals(computedSizes(of("last"), LAYERS), { of: X, axis: -1 });
  assertEquals(computedSizes(of("part"), LAYERS), part);
  assertEquals(computedSizes(of("joined"), LAYERS), [part, -1]);
  assertEquals(computedSizes(of("each", 2), LAYERS), { of: X, axis: 2 });
  const others = ["steps", "scalars", "deeper", "mixed", "relu", "values", "x"];
  for (const name of others) {
    assertEquals(computedSizes(of(name), LAYERS), undefined, name);
  }
  assertEquals(computedSizes(of("shape", 1), LAYERS), undefined);
});

Deno.test("takesSizes() is true of what creates or repeats values", () => {
  const first = { tensor: X };
  const second = { tensor: of("rows") };
  const call = { positional: [first], named: { multiples: second } };
  const takes = (name: string, argument: StoredArgument) =>
    takesSizes(layer("l", { function: name }, first), argument, call);
  assertEquals(["ones", "fill", "range"].map((n) => takes(n, first)), [
    ...[true, true, true],
  ]);
  assertEquals(takes("tile", first), false);
  assertEquals(takes("tile", second), true);
  assertEquals(takes("reshape", first), false);
  assertEquals(takes("reshape", second), true);
  assertEquals(takes("nn.relu", second), false);
});
