import { assertEquals, assertThrows } from "@std/assert";
import {
  cannot,
  checkAwaited,
  checkIndices,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  counted,
  nearestNames,
  printable,
  printableMessage,
  quote,
  shapeText,
  sizeOf,
} from "../lib/check.ts";

Deno.test("cannot() words a message in the house form", () => {
  assertEquals(
    cannot("set batch size", '"size" must be a positive integer', 0),
    'Cannot set batch size as "size" must be a positive integer: current value is 0',
  );
  assertEquals(
    cannot("show this", "it must be a value", "x", "write await before it"),
    'Cannot show this as it must be a value: current value is "x"; write await before it',
  );
});

Deno.test("printableMessage() lets nouns agree with a count of one", () => {
  const rows = [
    ["it must have 1 samples, 1 axes", "it must have 1 sample, 1 axis"],
    ["one of its 1 classes, 1 batches", "one of its 1 class, 1 batch"],
    ["1 indices of 11 values, 1.1 bytes", "1 index of 11 values, 1.1 bytes"],
    ['layer "1 samples" has 2 values', 'layer "1 samples" has 2 values'],
    ['x: nearest names are "a"', 'x: nearest name is "a"'],
    ['nearest names are "a", "b"', 'nearest names are "a", "b"'],
    ['nearest classes are "A"; why', 'nearest class is "A"; why'],
    ['unknown ones are "l" (L of k); x', 'unknown one is "l" (L of k); x'],
    ["whose classes are equal", "whose classes are equal"],
  ] as const;
  for (const [text, expected] of rows) {
    assertEquals(printableMessage(text), expected);
  }
  assertEquals([0, 1, 2].map((n) => counted(n, "row")), [
    ...["0 rows", "1 row", "2 rows"],
  ]);
});

Deno.test("quote() writes each kind of value on one short line", () => {
  const rows: [unknown, string][] = [
    [function* () {}(), "a Generator"],
    [Object.create(null), "an Object"],
    ["a", '"a"'],
    [1.5, "1.5"],
    [NaN, "NaN"],
    [10n, "10n"],
    [null, "null"],
    [undefined, "undefined"],
    [true, "true"],
    [[2, null, "x"], '[2, null, "x"]'],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9], "[1, 2, 3, 4, 5, 6, 7, 8, …]"],
    [new Float32Array(3), "a Float32Array"],
    [new Int32Array(3), "an Int32Array"],
    [new Uint8Array(3), "a Uint8Array"],
    [new URL("file:///a"), "a URL"],
    [{}, "an Object"],
    [Object.create(null), "an Object"],
    [Promise.resolve(), "a Promise"],
    [sizeOf, 'function "sizeOf"'],
    ["x".repeat(200), `"${"x".repeat(119)}…"`],
  ];
  for (const [value, text] of rows) assertEquals(quote(value), text);
});

Deno.test("checkOptions() takes undefined as absent, and refuses null", () => {
  checkOptions({ size: undefined }, "do it", ["size"]);
  assertThrows(
    () => checkOptions({ size: null }, "do it", ["size"]),
    TypeError,
    'Cannot do it as option "size" must not be null: current value is null; leave it out for the default',
  );
});

Deno.test("checkInteger() gives back whole numbers in range, and refuses others", () => {
  assertEquals(checkInteger(3, "set size", "size"), 3);
  assertEquals(checkInteger(0, "show", "sample", 0), 0);
  for (const value of [0, -1, 1.5, NaN, Infinity, 2 ** 53]) {
    assertThrows(
      () => checkInteger(value, "set size", "size"),
      RangeError,
      `Cannot set size as "size" must be a positive integer: current value is ${value}`,
    );
  }
  assertThrows(
    () => checkInteger(-1, "show", "sample", 0),
    RangeError,
    '"sample" must be an integer >= 0: current value is -1',
  );
  assertThrows(
    () => checkInteger("3" as unknown as number, "set size", "size"),
    RangeError,
    'current value is "3"',
  );
});

Deno.test("checkNumber() gives back finite numbers in range, and refuses others", () => {
  assertEquals(checkNumber(-2, "set", "x"), -2);
  assertEquals(checkNumber(0, "set", "x", { min: 0 }), 0);
  assertEquals(checkNumber(0.5, "set", "x", { above: 0, below: 1 }), 0.5);
  for (const value of [0, 1, NaN, Infinity]) {
    assertThrows(
      () => checkNumber(value, "set", "x", { above: 0, below: 1 }),
      RangeError,
      `Cannot set as "x" must be finite and > 0 and < 1: current value is ${value}`,
    );
  }
  assertThrows(() => checkNumber(-1, "set", "x", { min: 0 }), RangeError);
  assertThrows(
    () => checkNumber("1" as unknown as number, "set", "x"),
    TypeError,
    '"x" must be finite: current value is "1"',
  );
});

Deno.test("checkOneOf() gives back a known text, and lists those that go", () => {
  assertEquals(checkOneOf("a", "set", "kind", ["a", "b"]), "a");
  assertThrows(
    () => checkOneOf("c", "set", "kind", ["a", "b"]),
    RangeError,
    'Cannot set as "kind" must be one of "a", "b": current value is "c"',
  );
});

Deno.test("checkOptions() refuses keys that it does not know, with the nearest", () => {
  checkOptions(undefined, "run", ["signal"]);
  checkOptions({ signal: 1 }, "run", ["signal"]);
  assertThrows(
    () => checkOptions({ singal: 1 }, "run", ["signal", "progress"]),
    TypeError,
    'Cannot run as every option must be one of "signal", "progress": current value is "singal"; did you mean "signal"',
  );
  assertThrows(
    () => checkOptions(null as unknown as object, "run", []),
    TypeError,
    "Cannot run as its options must be an object: current value is null",
  );
  const model = new (class Model {
    readonly kept = 1;
  })();
  for (const other of [["signal"], [], model]) {
    assertThrows(
      () => checkOptions(other, "run", ["a"], undefined, "pass it before"),
      TypeError,
      `Cannot run as its options must be an object: current value is ${
        quote(other)
      }; pass it before`,
    );
  }
});

Deno.test("checkAwaited() refuses promises only", () => {
  checkAwaited(undefined, "run", "the data");
  checkAwaited({ value: 1 }, "run", "the data");
  assertThrows(
    () => checkAwaited(Promise.resolve(1), "run", "the data"),
    TypeError,
    "Cannot run as the data must be a value: current value is a Promise; write await before it",
  );
});

Deno.test("nearestNames() gives the names nearest to a wrong one, best first", () => {
  const known = ["conv1", "conv2", "dense", "backbone/conv12"];
  assertEquals(nearestNames("conv3", known, 2), ["conv1", "conv2"]);
  assertEquals(nearestNames("Dnese", known), ["dense"]);
  assertEquals(nearestNames("conv12", known, 2), ["backbone/conv12", "conv1"]);
  assertEquals(nearestNames("qqqqqqqqqqqq", known), []);
  assertEquals(nearestNames("1", ["gap", "add"]), []);
  assertEquals(nearestNames("input_layer", ["y"]), []);
  assertEquals(nearestNames("dense", []), []);
  const long = `${"a".repeat(300)}x${"b".repeat(300)}`;
  assertEquals(nearestNames(long.replace("x", "yz"), ["q", long]), [long]);
  // Comparing all of them would take minutes.
  const [one, other] = ["ab", "ba"].map((text) => text.repeat(500_000));
  assertEquals(nearestNames(`${one}c`, [`d${other}`, "c".repeat(1e6)]), []);
});

Deno.test("sizeOf() multiplies the axes of a shape", () => {
  assertEquals(sizeOf([2, 3, 4]), 24);
  assertEquals(sizeOf([]), 1);
  assertEquals(sizeOf([5, 0]), 0);
});

Deno.test("shapeText() writes a shape as it stands in messages", () => {
  assertEquals(shapeText([null, 28, 28, 1]), "[null, 28, 28, 1]");
  assertEquals(shapeText([]), "[]");
});

Deno.test("checkIndices() takes arrays of indices below a count", () => {
  assertEquals(checkIndices([0, 2], "draw", "channels", 3), [0, 2]);
  const bad = (value: unknown, part: string) =>
    assertThrows(
      () => checkIndices(value as number[], "draw", "channels", 3),
      part.startsWith("an array") ? TypeError : RangeError,
      part,
    );
  bad(2, "an array of indices: current value is 2");
  bad([0, 3], '"channels" must hold integers >= 0 and < 3: current value is 3');
  bad([0.5], "current value is 0.5");
  bad([-1], "current value is -1");
  bad([], "current value is []");
});

Deno.test("printable() writes out what steers, and shortens", () => {
  assertEquals(printable("größe 日本"), "größe 日本");
  assertEquals(
    printable("a\u001b[31m\n\u202e\u0085\u2067"),
    "a\\u001b[31m\\u000a\\u202e\\u0085\\u2067",
  );
  assertEquals(printable("\ud800"), "\ufffd");
  assertEquals(printable("x".repeat(200)), "x".repeat(200));
  assertEquals(printable("x".repeat(201)), `${"x".repeat(199)}…`);
  assertEquals(printable("\u0007".repeat(99), 9), "\\u0007\\u…");
});

Deno.test("printableMessage() shortens names, and leaves sentences as they are", () => {
  const long = "x".repeat(300);
  const short = `${"x".repeat(199)}…`;
  const sentence = "a word ".repeat(60);
  assertEquals(
    printableMessage(`Cannot "a" as "${long}" ${sentence}: ${long} "b"`),
    `Cannot "a" as "${short}" ${sentence}: ${long} "b"`,
  );
  assertEquals(printableMessage(`as ${long}${long}`), `as ${short}`);
  assertEquals(printableMessage("a\u202eb"), "a\\u202eb");
});
