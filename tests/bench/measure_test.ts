import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertThrows,
} from "@std/assert";
import {
  breaks,
  compare,
  differenceOf,
  intervalRank,
  median,
  type Pair,
  timePairs,
  timeRounds,
} from "./measure.ts";

/** Work on a clock that goes on only by working. */
function fakeBench() {
  let time = 0;
  const calls: string[] = [];
  const work = (name: string, ms: number) => () => {
    calls.push(name);
    time += ms;
  };
  return { calls, work, now: () => time };
}

function pairsOf(ratios: readonly number[]): Pair[] {
  return ratios.map((ratio) => ({ ours: 10 * ratio, theirs: 10 }));
}

Deno.test("timePairs() gives milliseconds a call of each side", async () => {
  const { work, now } = fakeBench();
  const pairs = await timePairs(work("a", 30), work("b", 40), {
    pairs: 6,
    minMs: 100,
    now,
  });
  assertEquals(pairs, Array(6).fill({ ours: 30, theirs: 40 }));
});

Deno.test("timePairs() waits for promises", async () => {
  let time = 0;
  const slow = async () => {
    await Promise.resolve();
    time += 50;
  };
  const now = () => time;
  const pairs = await timePairs(slow, slow, { pairs: 6, minMs: 50, now });
  assertEquals(pairs, Array(6).fill({ ours: 50, theirs: 50 }));
});

Deno.test("timePairs() repeats until a timing is long enough, and takes turns", async () => {
  const { calls, work, now } = fakeBench();
  const options = { pairs: 6, minMs: 100, warmUps: 1, now };
  await timePairs(work("a", 50), work("b", 100), options);
  // A warm-up of each, then pairs of two calls and one call, in changing order.
  assertEquals(calls.join(""), "ab" + "aabbaa".repeat(3));
});

Deno.test("timeRounds() gives each of the others a timing of ours beside it", async () => {
  const { calls, work, now } = fakeBench();
  const options = { pairs: 6, minMs: 10, warmUps: 0, now };
  const others = [work("a", 10), work("b", 20), work("c", 30), work("d", 40)];
  let age = 0; // ours gets slower, so that a pair shows whom it was taken from
  let time = 0;
  const clock = () => now() + time;
  const aging = () => {
    calls.push("o");
    time += 100 + age++;
  };
  const found = await timeRounds(aging, others, { ...options, now: clock });
  assertEquals(calls.join(""), "oabocdoodcobao".repeat(3));
  assertEquals(found.others.map((pairs) => pairs[0]), [
    { ours: 100, theirs: 10 },
    { ours: 101, theirs: 20 },
    { ours: 101, theirs: 30 },
    { ours: 102, theirs: 40 },
  ]);
  assertEquals(found.others.map((pairs) => pairs[1]!.ours), [
    ...[105, 104, 104, 103],
  ]);
  assertEquals(found.self.slice(0, 2), [
    { ours: 100, theirs: 101 },
    { ours: 103, theirs: 104 },
  ]);
});

Deno.test("timeRounds() pairs an odd number of others, too", async () => {
  const { calls, work, now } = fakeBench();
  const options = { pairs: 6, minMs: 10, warmUps: 0, now };
  const others = [work("a", 10), work("b", 20), work("c", 30)];
  const found = await timeRounds(work("o", 100), others, options);
  assertEquals(calls.join(""), "oaboccobao".repeat(3));
  assertEquals(found.others.map((pairs) => pairs.length), [6, 6, 6]);
});

Deno.test("timeRounds() refuses fewer than 6 rounds, and than two others", async () => {
  const messages: string[] = [];
  const keep = ({ message }: Error) => messages.push(message);
  await timeRounds(() => {}, [() => {}, () => {}], { pairs: 5 }).catch(keep);
  await timeRounds(() => {}, [() => {}]).catch(keep);
  assertEquals(messages, [
    "Cannot compare pairs as they must be at least 6: current value is 5",
    "Cannot time rounds as the others must be at least 2: current value is 1",
  ]);
});

Deno.test("timePairs() and compare() refuse fewer than 6 pairs", async () => {
  const { work, now } = fakeBench();
  let message = "";
  await timePairs(work("a", 1), work("b", 1), { pairs: 5, now })
    .catch((error: Error) => message = error.message);
  assertEquals(
    message,
    "Cannot compare pairs as they must be at least 6: current value is 5",
  );
  assertThrows(() => compare(pairsOf([1, 1, 1, 1, 1])), RangeError, message);
});

Deno.test("compare() gives medians and an interval that bears a spoilt pair", () => {
  const { ratio, low, high, ours, theirs } = compare(
    pairsOf([0.9, 1, 1.1, 1, 1, 1.2, 0.8, 1, 1, 50]),
  );
  assertEquals([ratio, low, high], [1, 0.9, 1.2]);
  assertEquals([ours, theirs], [10, 10]);
});

Deno.test("compare() takes ratios within pairs, not of medians", () => {
  // The machine got slower from pair to pair, for both alike.
  const pairs = [1, 2, 3, 4, 5, 6].map((ms) => ({ ours: 2 * ms, theirs: ms }));
  const { ratio, low, high } = compare(pairs);
  assertEquals([ratio, low, high], [2, 2, 2]);
});

Deno.test("intervalRank() is that of the sign test's table", () => {
  // By hand: 2 · 2^-6 = 0.031; 2 · (1 + 8) / 256 = 0.070; 2 · (1 + 9) / 512 =
  // 0.039; 2 · (1 + 10) / 1024 = 0.021; 2 · (1 + 20 + 190 + 1140 + 4845) / 2^20
  // = 0.012, and with 15504 more 0.041, with 38760 more 0.115.
  assertEquals([6, 8, 9, 10, 20].map(intervalRank), [0, 0, 1, 1, 5]);
});

Deno.test("median() takes the middle, or the mean of two", () => {
  assertEquals(median([3, 1, 2]), 2);
  assertEquals(median([4, 1, 3, 2]), 2.5);
  assertEquals(median([7]), 7);
});

Deno.test("breaks() only where the whole interval lies beyond the bound", () => {
  assert(!breaks({ low: 0.9, high: 0.96 }, { least: 0.95 }));
  assert(breaks({ low: 0.9, high: 0.94 }, { least: 0.95 }));
  assert(!breaks({ low: 1.2, high: 1.5 }, { most: 1.3 }));
  assert(breaks({ low: 1.31, high: 1.5 }, { most: 1.3 }));
  assert(breaks({ low: NaN, high: NaN }, { most: 1.3 }));
  assert(!breaks({ low: 0, high: 9 }, {}));
});

Deno.test("differenceOf() is relative to the largest value of the reference", () => {
  assertAlmostEquals(differenceOf([1, -8.1], [1, -8]), 0.0125, 1e-9);
  assertEquals(differenceOf([0, 0], [0, 0]), 0);
  assertEquals(differenceOf([1, 2], [1]), Infinity);
  assertEquals(differenceOf([1, 2], [0, 0]), Infinity);
  assertEquals(differenceOf([NaN], [1]), NaN);
});
