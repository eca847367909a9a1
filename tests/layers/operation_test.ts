import { assertEquals, assertThrows } from "@std/assert";
import { readLayer } from "../../lib/layers/config_reader.ts";
import {
  Arguments,
  operationFactory,
  operations,
} from "../../lib/layers/operation.ts";
import { ShapeOps, type ShapeValue } from "../../lib/ops/shape_ops.ts";
import { floats, shapeOfCall } from "./_call_operation.ts";

const OPS = new ShapeOps();
const X = { shape: [null, 2], dtype: "float32" as const };

function argumentsOf(values: Record<string, unknown>) {
  return new Arguments(OPS, [X], values, "it");
}

function read(options: Record<string, unknown>, signature = "x, axis") {
  return readLayer({
    name: "it",
    className: "It",
    dialect: 3,
    options,
    factoryOf: () =>
      operationFactory(
        signature,
        (ops, args) => ops.expandDims(args.tensor("x"), args.number("axis")),
      ),
  });
}

function shapeOf(options: Record<string, unknown>) {
  const context = { masks: [undefined], args: {} };
  return read(options).call(OPS, [X], {}, context)[0]!.shape;
}

Deno.test("operationFactory() takes arguments by position, by name and from the config", () => {
  const x = { input: 0 };
  assertEquals(shapeOf({ args: [x, 1] }), [null, 1, 2]);
  assertEquals(shapeOf({ args: [x], kwargs: { axis: 2 } }), [null, 2, 1]);
  assertEquals(shapeOf({ args: [x], axis: 1 }), [null, 1, 2]);
});

Deno.test("operations() gives each name of a row the same factory", () => {
  const table = operations({
    "abs | math.abs(x)": (ops, args) => ops.abs(args.tensor("x")),
    "exp(x)": (ops, args) => ops.exp(args.tensor("x")),
  }, "tf.");
  assertEquals(Object.keys(table), ["tf.abs", "tf.math.abs", "tf.exp"]);
  assertEquals(table["tf.abs"], table["tf.math.abs"]);
});

Deno.test("operationFactory() refuses arguments that it has not", () => {
  const args = [{ input: 0 }];
  for (
    const [options, name] of [
      [{ args, kwargs: { axis: 1, fast: true } }, `"fast"`],
      [{ args: [...args, 1, 2] }, `"argument 2"`],
      [{ args, axis: 1, fast: true }, `"fast"`],
    ] as const
  ) {
    assertThrows(() => read(options), TypeError, name);
  }
});

Deno.test("Arguments.axis() counts from the first axis, and refuses others", () => {
  assertEquals(argumentsOf({ axis: -1 }).axis(X), 1);
  assertEquals(argumentsOf({}).axis(X, 0), 0);
  // -3 + 2 = -1 would count from the end again.
  for (const axis of [-3, 2]) {
    assertThrows(() => argumentsOf({ axis }).axis(X), RangeError, "2 axes");
  }
});

Deno.test("Arguments.demand() refuses a call without an argument", () => {
  argumentsOf({ axis: 0 }).demand("axis");
  const rule = `"axis" must be there`;
  assertThrows(() => argumentsOf({}).demand("axis"), TypeError, rule);
});

Deno.test("Arguments.tensor() gives tensors, and numbers as constants", () => {
  const args = argumentsOf({
    x: { input: 0 },
    n: 2,
    list: [[1, 2, 3]],
    s: "a",
  });
  assertEquals(args.tensor("x"), X);
  assertEquals(args.tensor("n").shape, []);
  assertEquals(args.tensor("list").shape, [1, 3]);
  assertEquals(args.tensor("list").dtype, "int32");
  assertThrows(() => args.tensor("s"), TypeError, `"s" must be a tensor`);
  const uneven = argumentsOf({ x: [[1], [2, 3]] });
  assertThrows(() => uneven.tensor("x"), TypeError, "must hold numbers");
});

Deno.test("Arguments.pair() takes a whole number beside integers as one", () => {
  const ids: ShapeValue = { shape: [null], dtype: "int32" };
  const types = (a: unknown, b: unknown) =>
    new Arguments(OPS, [ids, X], { a, b }, "it").pair("a", "b")
      .map(({ dtype }) => dtype);
  const [integers, floats] = [{ input: 0 }, { input: 1 }];
  assertEquals(types(integers, 1000), ["int32", "int32"]);
  assertEquals(types(-7, integers), ["int32", "int32"]);
  for (const value of [0.5, 2 ** 31, Infinity]) {
    assertEquals(types(integers, value), ["int32", "float32"]);
  }
  assertEquals(types(floats, 2), ["float32", "float32"]);
});

Deno.test("Arguments says of each value what it must be", () => {
  const args = argumentsOf({ it: {} });
  assertThrows(() => args.tensors("it"), TypeError, "be a list of tensors");
  assertThrows(() => args.number("it"), TypeError, "be a number");
  assertThrows(() => args.boolean("it", true), TypeError, "be true or false");
  assertThrows(() => args.string("it"), TypeError, "be a string");
  assertThrows(() => args.ints("it"), TypeError, "be whole numbers");
  assertEquals(argumentsOf({ it: 3 }).ints("it"), [3]);
});

for (
  const [name, options, rest, shape, says] of [
    ["Sort", { axis: 0 }, [], [null, 3], "the size of axis 0"],
    ["Sort", { axis: -2 }, [], [null, 3], "the size of axis -2"],
    ["Argsort", { axis: 0 }, [], [null, 3], "the size of axis 0"],
    ["Argsort", { axis: null }, [], [null, 3], "the sizes of its inputs"],
    ["Median", { axis: 0 }, [], [null, 3], "the size of axis 0"],
    ["Median", { axis: [0, 1] }, [], [null, 3, 2], "the size of axis 0"],
    ["Median", {}, [], [null, 3], "the sizes of its inputs"],
    ["Nanquantile", { axis: 0 }, [0.5], [null, 3], "the size of axis 0"],
    ["Cumprod", { axis: 0 }, [], [null, 3], "the size of axis 0"],
    ["Cumprod", { axis: null }, [], [null, 3], "the sizes of its inputs"],
  ] as const
) {
  Deno.test(`${name} names the axis of the file: ${JSON.stringify(options)}`, () => {
    const { message } = assertThrows(
      () => shapeOfCall(name, options, [floats(...shape)], rest),
      TypeError,
    );
    assertEquals(
      message,
      `Cannot call operation "it" as ${says} must be known: current value is ` +
        `[${shape.map(String).join(", ")}]; axis 0 holds the samples: ` +
        "along other axes it is supported",
    );
  });
}

Deno.test("an operation names sizes that are unknown elsewhere without advice", () => {
  const sort = (shape: readonly (number | null)[], options = {}) =>
    assertThrows(() => shapeOfCall("Sort", options, [floats(...shape)]));
  assertEquals(
    sort([null, null], { axis: 1 }).message,
    'Cannot call operation "it" as the size of axis 1 must be known: current value is [null, null]',
  );
});
