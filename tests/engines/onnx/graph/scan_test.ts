import { assertEquals, assertRejects } from "@std/assert";
import { assertAllClose } from "../../../support/all_close.ts";
import {
  anyRows,
  anySizes,
  booleans,
  type Build,
  floats,
  Recorded,
  rowsOf,
  waves,
} from "../_recorded.ts";

/** Running sum with a factor from around the loop; the outputs are twice the state. */
const running = (reverse: boolean): Build => (ops, x) => {
  const factor = ops.constant(0.5);
  const width = ops.sum(x!, { axis: 1 }); // [N, D]
  const zeros = ops.multiply(width, ops.constant(0));
  const { state, outputs } = ops.scan(
    ([sum], [position]) => {
      const next = ops.add(ops.multiply(sum!, factor), position!);
      return { state: [next], outputs: [ops.add(next, next)] };
    },
    [zeros],
    [x!],
    reverse,
  );
  return [state[0]!, outputs[0]!];
};

function byHand(rows: readonly number[][]): { last: number[]; all: number[] } {
  let sum = rows[0]!.map(() => 0);
  const all = rows.flatMap((row) => {
    sum = sum.map((v, i) => v * 0.5 + row[i]!);
    return sum.map((v) => 2 * v);
  });
  return { last: sum, all };
}

for (const reverse of [false, true]) {
  const way = reverse ? "from the end" : "from the start";
  Deno.test(`scan() of OnnxOps carries its state ${way}`, async () => {
    const x = waves([7, 5, 2]);
    for (const known of [anyRows, anySizes]) {
      await using recorded = await Recorded.open([known(x)], running(reverse));
      for (const rows of [[0, 1, 2, 3, 4, 5, 6], [3], [5, 2]]) {
        const [last, all] = await recorded.run(rowsOf(x, rows));
        const found = rows.map((row) => {
          const positions = [0, 1, 2, 3, 4].map((t) =>
            x.data.slice(row * 10 + t * 2, row * 10 + t * 2 + 2)
          );
          return byHand(reverse ? positions.toReversed() : positions);
        });
        const expected = {
          last: floats([rows.length, 2], found.flatMap(({ last }) => last)),
          all: floats([rows.length, 5, 2], found.flatMap(({ all }) => all)),
        };
        assertAllClose(last!, expected.last, { atol: 1e-6 });
        assertAllClose(all!, expected.all, { atol: 1e-6 });
      }
    }
  });
}

Deno.test("scan() of OnnxOps keeps a state at masked time steps", async () => {
  const x = floats([2, 4, 1], [1, 2, 3, 4, 5, 6, 7, 8]);
  const mask = booleans([2, 4], [1, 0, 1, 0, 0, 0, 0, 1]);
  await using recorded = await Recorded.open(
    [anyRows(x), anyRows(mask)],
    (ops, values, positions) => {
      const start = ops.multiply(
        ops.sum(values!, { axis: 1 }),
        ops.constant(0),
      );
      const { state, outputs } = ops.scan(
        ([sum], [value, isThere]) => {
          const next = ops.add(sum!, value!);
          const kept = ops.where(ops.expandDims(isThere!, -1), next, sum!);
          return { state: [kept], outputs: [kept, isThere!] };
        },
        [start],
        [values!, positions!],
      );
      return [state[0]!, ...outputs];
    },
  );
  const [last, sums, same] = await recorded.run(x, mask);
  assertEquals(last!.data, [4, 8]);
  assertEquals(sums!.data, [1, 1, 4, 4, 0, 0, 0, 8]);
  assertEquals(same!.data, mask.data);
});

Deno.test("scan() of OnnxOps goes within another", async () => {
  const x = floats([1, 2, 3], [1, 2, 3, 4, 5, 6]);
  await using recorded = await Recorded.open([anyRows(x)], (ops, values) => {
    const zero = ops.multiply(
      ops.sum(values!, { axis: [1, 2] }),
      ops.constant(0),
    );
    const weight = ops.constant(10);
    const { state } = ops.scan(
      ([total], [row]) => {
        const inner = ops.scan(
          ([sum], [value]) => ({
            state: [ops.add(sum!, ops.multiply(value!, weight))],
            outputs: [],
          }),
          [total!],
          [row!],
        );
        return { state: inner.state, outputs: [] };
      },
      [zero],
      [values!],
    );
    return state[0]!;
  });
  const [total] = await recorded.run(x);
  assertEquals(total!.data, [210]);
});

Deno.test("scan() of OnnxOps refuses a state that changes its shape", async () => {
  const x = waves([2, 3, 4]);
  await assertRejects(
    () =>
      Recorded.open([anyRows(x)], (ops, values) => {
        const start = ops.sum(values!, { axis: 1 });
        const step = ([s]: readonly typeof start[]) => ({
          state: [ops.sum(s!, { axis: 1 })],
          outputs: [],
        });
        return ops.scan(step, [start], [values!]).state[0]!;
      }),
    TypeError,
    "states of the shapes",
  );
});
