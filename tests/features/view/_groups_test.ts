import { assertEquals } from "@std/assert";
import {
  groupByLabel,
  groupByValue,
} from "../../../lib/features/view/_groups.ts";

Deno.test("groupByLabel() names classes, in their order", () => {
  const groups = groupByLabel([2, 0, 2, 5], ["zero", "one", "two"]);
  assertEquals(groups, [
    { name: "zero", members: [1] },
    { name: "two", members: [0, 2] },
    { name: "5", members: [3] },
  ]);
  assertEquals(groupByLabel([]), []);
});

Deno.test("groupByLabel() puts the rarest together when there are more than 20", () => {
  const labels = Array.from({ length: 22 }, (_, i) => i);
  const groups = groupByLabel([
    ...labels,
    ...labels.slice(2),
    ...labels.slice(3),
  ]);
  assertEquals(groups.length, 20);
  assertEquals(groups[0]?.name, "3");
  assertEquals(groups.at(-1), {
    name: "3 other classes",
    members: [0, 1, 2, 22],
    isRest: true,
  });
});

Deno.test("groupByValue() takes few whole numbers as classes", () => {
  assertEquals(groupByValue([1, 0, 1]), [
    { name: "0", members: [1] },
    { name: "1", members: [0, 2] },
  ]);
});

Deno.test("groupByValue() makes five bins of other numbers, and one of NaN", () => {
  const values = Array.from({ length: 11 }, (_, i) => i / 10);
  // Quantiles 0, 0.2, … 1; an edge belongs to the bin below it.
  assertEquals(groupByValue([...values, NaN]), [
    { name: "0 to 0.2", members: [0, 1, 2] },
    { name: "0.2 to 0.4", members: [3, 4] },
    { name: "0.4 to 0.6", members: [5, 6] },
    { name: "0.6 to 0.8", members: [7, 8] },
    { name: "0.8 to 1", members: [9, 10] },
    { name: "NaN", members: [11] },
  ]);
});

Deno.test("groupByValue() returns one bin when all values are equal or NaN", () => {
  assertEquals(groupByValue([0.5, 0.5]), [{
    name: "0.5",
    members: [0, 1],
  }]);
  assertEquals(groupByValue([NaN]), [{ name: "NaN", members: [0] }]);
});

Deno.test("groupByValue() names five numbers or fewer one by one, however near", () => {
  const names = (values: number[]) =>
    groupByValue(values).map(({ name }) => name);
  assertEquals(names([1e6 + 0.25, 1e6 + 0.5, 1e6]), [
    "1,000,000",
    "1,000,000.3",
    "1,000,000.5",
  ]);
  assertEquals(names([0.5, Infinity, -Infinity, 0.25]), [
    ...["0.25", "0.5", "-Infinity", "Infinity"],
  ]);
});

Deno.test("groupByValue() writes edges of bins with the digits that tell them apart", () => {
  const values = Array.from({ length: 11 }, (_, i) => 1e6 + i / 10);
  assertEquals(groupByValue(values).map(({ name }) => name), [
    "1,000,000 to 1,000,000.2",
    "1,000,000.2 to 1,000,000.4",
    "1,000,000.4 to 1,000,000.6",
    "1,000,000.6 to 1,000,000.8",
    "1,000,000.8 to 1,000,001",
  ]);
});
