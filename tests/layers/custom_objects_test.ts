import { assertEquals, assertThrows } from "@std/assert";
import {
  customFunction,
  customTable,
  findCustom,
  isFactory,
} from "../../lib/layers/custom_objects.ts";

const one = () => ({ weights: [], call: () => [] });
const two = () => ({ weights: [], call: () => [] });

Deno.test("findCustom() finds names with and without their package", () => {
  assertEquals(findCustom({ Twice: one }, "Twice", "my>Twice"), one);
  assertEquals(findCustom({ "my>Twice": one }, "Twice", "my>Twice"), one);
  assertEquals(findCustom({ "my>Twice": one }, "Twice"), one);
  assertEquals(findCustom({ Twice: one }, "my>Twice"), one);
  assertEquals(findCustom({ "other>Twice": one }, "my>Twice"), undefined);
  const both = { "my>Twice": one, "other>Twice": two };
  assertEquals(findCustom(both, "Twice", "other>Twice"), two);
  assertEquals(findCustom(both, "Twice"), undefined);
  assertEquals(findCustom({}, "constructor"), undefined);
});

Deno.test("customFunction() gives functions, not aliases", () => {
  assertEquals(customFunction({ A: one, B: "Dense" }, "A"), one);
  assertEquals(customFunction({ A: one, B: "Dense" }, "B"), undefined);
});

Deno.test("customTable() joins both, and refuses what is none or differs", () => {
  assertEquals(customTable({ A: one }, { B: two }), { A: one, B: two });
  assertEquals(customTable({ A: one }, { A: one }), { A: one });
  assertThrows(
    () => customTable({ A: one }, { A: two }),
    TypeError,
    "not in both",
  );
  assertThrows(
    () => customTable({ A: 3 as unknown as string }, {}),
    TypeError,
    'custom object "A" must be a function, or the name of a known class',
  );
});

Deno.test("customTable() refuses what is no plain object", () => {
  for (const wrong of [new Map([["A", one]]), [one], "A"]) {
    assertThrows(
      () => customTable(wrong as never, {}),
      TypeError,
      '"customObjects" must be an object of functions and names',
    );
  }
});

Deno.test("customTable() refuses functions that do not compute at once", () => {
  const wrong = [
    [async () => {}, "not an async function or a generator"],
    [function* () {}, "not an async function or a generator"],
    [async function* () {}, "write it without async and yield"],
    [class {}, "not a class"],
  ] as const;
  for (const [entry, message] of wrong) {
    assertThrows(
      () => customTable({ A: entry as unknown as string }, {}),
      TypeError,
      message,
    );
  }
});

Deno.test("isFactory() counts parameters with defaults, and a rest parameter", () => {
  const x = 1;
  const factories: readonly ((...args: never[]) => unknown)[] = [
    () => x,
    (config) => config,
    (config = ({ a: [1, ","] })) => config,
    ({ name, layer }: { name: string; layer: string }) => [name, layer],
    function (config) {
      return [config, x];
    },
    { call: (config: unknown) => config }.call,
    ((_first: unknown, config: unknown) => config).bind(null, 1),
    (config /* , more */) => config,
  ];
  assertEquals(factories.map(isFactory), factories.map(() => true));
  const others: readonly ((...args: never[]) => unknown)[] = [
    (ops, x) => [ops, x],
    (ops, x = 2) => [ops, x],
    (ops, ...rest) => [ops, rest],
    (...all) => all,
    (ops = ")", x = "(") => [ops, x],
    ((_first: unknown, ops: unknown, x: unknown) => [ops, x]).bind(null, 1),
    function (ops, { scale } = { scale: 2 } as never) {
      return [ops, scale];
    },
  ];
  assertEquals(others.map(isFactory), others.map(() => false));
});
