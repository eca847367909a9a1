// Sizes in whole models: `computed_sizes_test.ts`.
import { assertEquals, assertThrows } from "@std/assert";
import type { Ref } from "../../../lib/models/graph/graph.ts";
import { bindArguments } from "../../../lib/models/keras/bind_arguments.ts";
import type {
  CallSpec,
  LayerSpec,
  TensorId,
} from "../../../lib/models/keras/keras_topology.ts";

const of = (layer: string): { tensor: TensorId } => ({
  tensor: { layer, call: 0, index: 0 },
});

function spec(
  name: string,
  className: string,
  calls: readonly CallSpec[] = [],
): LayerSpec {
  const options = { function: name };
  const none = { module: undefined, registeredName: undefined };
  return { name, className, ...none, options, model: undefined, calls };
}

const SHAPE = spec("shape", "TFOpLambda", [{
  positional: [of("x")],
  named: {},
}]);

function bound(layer: LayerSpec, call: CallSpec, takesRecords = false) {
  const names: string[] = [];
  const { tensors: _tensors, ...others } = bindArguments(layer, call, {
    layers: [SHAPE],
    takesRecords,
    refOf: ({ layer }) => (names.push(layer), {} as Ref),
    fail: (rule) => {
      throw new TypeError(rule);
    },
  });
  return { names, ...others };
}

Deno.test("bindArguments() numbers tensors, in lists and by name", () => {
  const call = {
    positional: [{ list: [of("a"), of("b")] }, { value: 3 }],
    named: { mask: of("a"), axis: { value: -1 } },
  };
  assertEquals(bound(spec("l", "Add"), call), {
    names: ["a", "b", "a"],
    numInputs: 2,
    positional: [[{ input: 0 }, { input: 1 }], 3],
    named: { mask: { input: 2 }, axis: -1 },
  });
});

Deno.test("bindArguments() passes the tensor in the stead of its sizes", () => {
  const call = { positional: [of("shape")], named: {} };
  const { names, positional } = bound(spec("ones", "TFOpLambda"), call);
  assertEquals([names, positional], [["x"], [{ sizeOf: 0 }]]);
  const other = bound(spec("cast", "TFOpLambda"), call);
  assertEquals([other.names, other.positional], [["shape"], [{ input: 0 }]]);
  const both = { positional: [of("x"), of("shape")], named: {} };
  const reshaped = bound(spec("reshape", "TFOpLambda"), both);
  assertEquals([reshaped.names, reshaped.positional], [
    ["x"],
    [{ input: 0 }, { sizeOf: 0 }],
  ]);
});

Deno.test("bindArguments() refuses records, but for custom layers", () => {
  const call = { positional: [{ record: { a: of("a") } }], named: {} };
  const both = { record: { b: of("b"), a: of("a") } };
  const custom = { positional: [both], named: {} };
  const { names, positional } = bound(spec("l", "Mine"), custom, true);
  assertEquals(names, ["a", "b"]);
  assertEquals(positional, [[{ input: 0 }, { input: 1 }]]);
  assertThrows(
    () => bound(spec("l", "Add"), call),
    TypeError,
    "not on records with keys",
  );
});
