import { assertEquals, assertThrows } from "@std/assert";
import {
  findColumn,
  inputArray,
  planInputs,
} from "../../lib/datasets/column_plan.ts";
import type { NdArray } from "../../lib/types.ts";
import { spec } from "./_read_source.ts";

const number = (name: string, ...shape: number[]) =>
  ({ name, kind: "numbers", type: "FLOAT", shape }) as const;
const COLUMNS = [number("a"), number("b"), number("v", 6), number("y")];
const facts = (inputs?: string[]) => ({
  columns: COLUMNS,
  inputs,
  others: ["y"],
  action: "read table",
});

Deno.test("planInputs() takes columns named as the inputs, or all single numbers", () => {
  const named = planInputs([spec([], "b"), spec([6], "v")], facts());
  assertEquals(named.map(({ columns }) => columns), [["b"], ["v"]]);
  const columns = [number("a"), number("b"), number("y")];
  const [all] = planInputs([spec([2])], { ...facts(), columns });
  assertEquals(all!.columns, ["a", "b"]);
  assertThrows(
    () => planInputs([spec([2])], facts()),
    TypeError,
    '"inputs" must name the columns that the model takes',
  );
});

Deno.test("planInputs() refuses columns that have not as many values as the input", () => {
  assertThrows(
    () => planInputs([spec([3])], facts(["a", "b"])),
    TypeError,
    'input "x" must get rows of [3]: current value is [2]; columns are "a", "b"',
  );
  assertThrows(
    () => planInputs([spec([null, 3])], facts(["v"])),
    TypeError,
    'input "x" must get rows of [null, 3]: current value is [6]',
  );
});

Deno.test("planInputs() names the columns of text that it did not take", () => {
  // As one value "1,000" or "NA" makes of a column of numbers.
  const text = (name: string) =>
    ({ name, kind: "strings", type: "VARCHAR", shape: [] }) as const;
  const columns = [text("a"), number("b"), text("y"), number("z")];
  const plan = (inputs?: string[]) => () =>
    planInputs([spec([3])], { ...facts(inputs), columns });
  const hint = 'columns are "b", "z"';
  assertThrows(
    plan(),
    TypeError,
    `${hint}, and of text or other values "a": name others by "inputs"`,
  );
  assertThrows(plan(["b", "z"]), TypeError, `${hint}: name others by`);
});

Deno.test("inputArray() puts columns side by side, in the shape of the input", () => {
  const column = (data: Float32Array | BigInt64Array, shape: number[] = []) => {
    const dtype = data instanceof Float32Array ? "float32" : "int64";
    return { kind: "numbers", data, shape, dtype } as const;
  };
  const block = {
    rows: 2,
    columns: new Map([
      ["a", column(Float32Array.of(1, 2))],
      ["b", column(BigInt64Array.of(3n, 4n))],
      ["v", column(Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), [6])],
      ["big", column(BigInt64Array.of(0n, 2n ** 53n + 1n))],
    ]),
  };
  const array = (columns: string[], ...shape: number[]) =>
    inputArray(block, { spec: spec(shape), columns, isImage: false }, "read");
  assertEquals(array(["a", "b"], 2), {
    data: Float64Array.of(1, 3, 2, 4),
    shape: [2, 2],
    dtype: "float64",
  });
  assertEquals(array(["a"], 1), {
    data: Float32Array.of(1, 2),
    shape: [2, 1],
    dtype: "float32",
  });
  const reshaped = array(["v"], 2, 3) as { shape: readonly number[] };
  assertEquals(reshaped.shape, [2, 2, 3]);
  assertThrows(
    () => array(["a", "big"], 2),
    RangeError,
    'column "big" must hold whole numbers that are exact in float64',
  );
});

Deno.test("findColumn() names the nearest columns", () => {
  assertEquals(findColumn("v", COLUMNS, "read").shape, [6]);
  assertThrows(
    () => findColumn("b_", COLUMNS, "read"),
    RangeError,
    'every column must be there: current value is "b_"; nearest name is "b"',
  );
  const far = () => findColumn("c", COLUMNS, "read");
  assertThrows(far, RangeError, 'columns are "a", "b", "v", "y"');
});

Deno.test("planInputs() and inputArray() reshape flat rows and axes of size 1, and transpose nothing", () => {
  const of = (shape: number[], wanted: (number | null)[]) => {
    const columns = [number("v", ...shape)];
    return () => planInputs([spec(wanted)], { ...facts(), columns });
  };
  const cases: [number[], number[], boolean][] = [
    [[12], [2, 2, 3], true],
    [[2, 2, 3], [12], true],
    [[2, 6], [2, 6, 1], true],
    [[1, 2, 6], [2, 6], true],
    [[3, 2, 2], [2, 2, 3], false],
    [[2, 6], [6, 2], false],
    [[11], [12], false],
  ];
  for (const [shape, wanted, fits] of cases) {
    const size = shape.reduce((a, b) => a * b, 1);
    const data = new Float32Array(2 * size);
    const column = { kind: "numbers", data, shape, dtype: "float32" } as const;
    const block = { rows: 2, columns: new Map([["v", column]]) };
    const input = { spec: spec(wanted), columns: ["v"], isImage: false };
    const array = inputArray(block, input, "read") as NdArray;
    assertEquals(array.shape, [2, ...fits ? wanted : shape]);
    if (fits) assertEquals(of(shape, wanted)().length, 1);
    else assertThrows(of(shape, wanted), TypeError, "must get rows of");
    if (!fits && size === 12) {
      assertThrows(of(shape, wanted), TypeError, "transpose them before");
    }
  }
});

Deno.test("findColumn() refuses a name of several columns", () => {
  assertThrows(
    () => findColumn("a", [number("a"), number("b"), number("a")], "read"),
    RangeError,
    'must be there once: current value is "2 named "a""; rename the others',
  );
});
