import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import {
  checkSampleOptions,
  type SampleOptions,
  sampleRows,
} from "../../lib/datasets/sample_rows.ts";

const LABELS = [0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2];
const FACTS = { count: 12, labels: LABELS, classNames: ["a", "b", "c"] };

function rows(options: SampleOptions, facts = FACTS): number[] | undefined {
  checkSampleOptions(options, "read");
  const found = sampleRows(facts, options, "read");
  return found && [...found];
}

Deno.test("sampleRows() leaves all samples as they are where nothing is selected", () => {
  assertEquals(rows({}), undefined);
  assertEquals(rows({ limit: 12 }), undefined);
  assertEquals(rows({ limit: 3 }), [0, 1, 2]);
});

Deno.test("sampleRows() cuts two parts that make up the whole, by the seed", () => {
  for (const seed of [0, 1, -5]) {
    const split = { share: 0.25, seed };
    const first = rows({ split: { ...split, part: "first" } })!;
    const rest = rows({ split: { ...split, part: "rest" } })!;
    assertEquals(first.length, 3);
    assertEquals(first, first.toSorted((a, b) => a - b));
    const both = [...first, ...rest].sort((a, b) => a - b);
    assertEquals(both, [...Array(12).keys()]);
  }
  const of = (seed: number) =>
    rows({ split: { share: 0.5, seed, part: "first" } });
  assertEquals(of(3), of(3));
  assertNotEquals(of(3), of(4));
});

Deno.test("sampleRows() shuffles by the seed, then limits", () => {
  const whole = rows({ shuffle: { seed: 7 } })!;
  assertEquals(whole.toSorted((a, b) => a - b), [...Array(12).keys()]);
  assertNotEquals(whole, [...Array(12).keys()]);
  assertEquals(rows({ shuffle: { seed: 7 }, limit: 5 }), whole.slice(0, 5));
  const split = { share: 0.5, seed: 1, part: "rest" } as const;
  const part = rows({ split })!;
  const mixed = rows({ split, shuffle: { seed: 2 } })!;
  assertEquals(mixed.toSorted((a, b) => a - b), part);
});

Deno.test("sampleRows() spreads positions evenly over all orders", () => {
  const seen = new Map<string, number>();
  for (let seed = 0; seed < 600; seed++) {
    const order = sampleRows({ count: 3 }, { shuffle: { seed } }, "read")!;
    seen.set(order.join(), (seen.get(order.join()) ?? 0) + 1);
  }
  assertEquals(seen.size, 6);
  for (const count of seen.values()) assertEquals(count > 60, true);
});

Deno.test("sampleRows() takes equally from each class", () => {
  const stratify = true;
  assertEquals(rows({ limit: 6, stratify }), [0, 1, 5, 6, 8, 9]);
  assertEquals(rows({ limit: 4, stratify }), [0, 1, 5, 8]);
  const { classNames: _, ...unnamed } = FACTS;
  assertEquals(rows({ limit: 6, stratify }, unnamed as typeof FACTS), [
    ...[0, 1, 5, 6, 8, 9],
  ]);
  assertThrows(
    () => rows({ limit: 12, stratify }),
    RangeError,
    'class "b" has 1 too few: lower the limit',
  );
  assertThrows(
    () => sampleRows({ count: 3 }, { limit: 2, stratify }, "read"),
    TypeError,
    '"stratify" must find labels',
  );
});

Deno.test("checkSampleOptions() refuses what it does not know", () => {
  const refuse = (options: unknown, text: string) =>
    assertThrows(() => rows(options as SampleOptions), Error, text);
  refuse({ limit: 0 }, '"limit" must be a positive integer');
  refuse({ stratify: true }, '"stratify" must come with "limit"');
  refuse({ split: { share: 1, seed: 0, part: "first" } }, '"share" must be');
  refuse({ split: { share: 0.5, seed: 0.5, part: "first" } }, '"seed" must be');
  refuse({ split: { share: 0.5, seed: 0, part: "last" } }, '"part" must be');
  refuse({ split: { part: "first", size: 3 } }, "every option must be one of");
  refuse({ shuffle: { seed: "a" } }, '"seed" must be');
  refuse(
    { shuffle: true },
    '"shuffle" must be { seed }: current value is true',
  );
  refuse({ split: 0.8 }, '"split" must be { share, seed, part }');
  const split = { share: 0.01, seed: 0, part: "first" };
  refuse({ split }, '"split" must leave a sample of the 12');
});
