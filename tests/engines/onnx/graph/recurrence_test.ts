import { assert, assertEquals } from "@std/assert";
import { OnnxGraph } from "../../../../lib/engines/onnx/graph/onnx_graph.ts";
import { OnnxOps } from "../../../../lib/engines/onnx/graph/onnx_ops.ts";
import type { OnnxValue } from "../../../../lib/engines/onnx/graph/onnx_value.ts";
import { openGraph } from "../../../support/open_graph.ts";
import { callLayer } from "../../../../lib/layers/call_layer.ts";
import { assertAllClose } from "../../../support/all_close.ts";
import { layerOf } from "../../../support/hand_calls.ts";
import { waves } from "../_recorded.ts";

const UNITS = 5;
const WIDTH = 3;
const BASE = {
  units: UNITS,
  activation: "tanh",
  "recurrent_activation": "sigmoid",
  "return_sequences": true,
};
const GATES = { LSTM: 4, GRU: 3 };
type Kind = keyof typeof GATES;

/** Settings of a recurrent layer. */
interface Setup {
  readonly options?: Readonly<Record<string, unknown>>;
  readonly hasState?: boolean;
  readonly hasMask?: boolean;
  /** Whether kernels are computed, so that it must be recorded as a scan. */
  readonly isComputed?: boolean;
  /** What is added to the bias of the last gate, which an LSTM's output goes through. */
  readonly shift?: number;
}

/** The layer recorded over `[N, T, 3]`. */
function recorded(kind: Kind, setup: Setup) {
  const { options = {}, hasState, hasMask, isComputed, shift = 0 } = setup;
  const graph = new OnnxGraph();
  const ops = new OnnxOps(graph);
  const layer = layerOf(kind, { ...BASE, ...options });
  const columns = GATES[kind] * UNITS;
  const constant = (shape: number[], phase: number, shift = 0) => {
    const { data } = waves(shape, phase);
    const isLast = (i: number) => i % columns >= columns - UNITS;
    const value = ops.constant({
      data: Float32Array.from(data, (v, i) => v / 4 + (isLast(i) ? shift : 0)),
      shape,
      dtype: "float32",
    });
    return isComputed ? ops.multiply(value, ops.constant(1)) : value;
  };
  const hasRows = kind === "GRU" && options.reset_after !== false;
  const weights = {
    "cell/kernel": constant([WIDTH, columns], 1),
    "cell/recurrent_kernel": constant([UNITS, columns], 2),
    "cell/bias": constant(hasRows ? [2, columns] : [columns], 3, shift),
  };
  const float = (stem: string, shape: (number | null)[]): OnnxValue => ({
    name: graph.input(stem, "float32", shape),
    shape,
    dtype: "float32",
  });
  const x = float("x", [null, null, WIDTH]);
  const states = hasState
    ? (kind === "LSTM" ? ["h", "c"] : ["h"]).map((name) =>
      float(name, [null, UNITS])
    )
    : [];
  const mask = hasMask
    ? ops.any(ops.greater(x, ops.constant(-1)), { axis: 2 })
    : undefined;
  const outputs = callLayer<OnnxValue>(ops, {
    layer,
    inputs: [x, ...states].map((value, i) => ({
      value,
      mask: i === 0 ? mask : undefined,
    })),
    weights,
    args: {},
    argMasks: {},
  }).map(({ value }) => value);
  const names = outputs.map(({ name, dtype }) =>
    graph.output("output", name, dtype)
  );
  graph.dropUnused();
  return { graph, names, outputs, feeds: [x, ...states] };
}

function operators({ graph }: { graph: OnnxGraph }): string[] {
  return graph.nodes.map(({ operator }) => operator);
}

/** Operators of the branches of its `If`. */
function branches({ graph }: { graph: OnnxGraph }): string[][] {
  const choice = graph.nodes.find(({ operator }) => operator === "If");
  return Object.values(choice?.attributes ?? {}).map((branch) =>
    operators({ graph: branch as OnnxGraph })
  );
}

interface Values {
  readonly data: readonly number[];
  readonly shape: readonly number[];
}

/** Runs it once. */
async function run(layer: ReturnType<typeof recorded>, x: Values) {
  const open = await openGraph(layer.graph);
  const found = await runOpen(open, layer, x);
  await open.close();
  return found;
}

async function runOpen(
  open: Awaited<ReturnType<typeof openGraph>>,
  { names, feeds }: ReturnType<typeof recorded>,
  x: Values,
) {
  const [rows] = x.shape as [number];
  const inputs = feeds.map(({ name }, i) => {
    const { data, shape } = i === 0 ? x : waves([rows, UNITS], 7 + i);
    const array = {
      data: Float32Array.from(data),
      shape,
      dtype: "float32",
    } as const;
    return [name, { type: "float32", array }] as const;
  });
  const results = await open.run(Object.fromEntries(inputs));
  return names.map((name) => {
    const { data, shape } = results[name]!;
    return {
      data: [...data as Float32Array],
      shape,
      dtype: "float32" as const,
    };
  });
}

const SETUPS: Readonly<Record<string, Setup>> = {
  plain: {},
  "without a bias": { options: { "use_bias": false } },
  backwards: { options: { "go_backwards": true } },
  "with its state": { options: { "return_state": true } },
  "the last time step alone": { options: { "return_sequences": false } },
  "from a given state": { hasState: true },
  "backwards from a given state, with its state": {
    hasState: true,
    options: { "go_backwards": true, "return_state": true },
  },
};

for (const kind of ["LSTM", "GRU"] as const) {
  for (const [name, setup] of Object.entries(SETUPS)) {
    Deno.test(`an ${kind} is recorded as the operator, ${name}`, async () => {
      const fast = recorded(kind, setup);
      const scanned = recorded(kind, { ...setup, isComputed: true });
      const [then, otherwise] = branches(fast);
      assert(then!.includes(kind));
      assert(otherwise!.includes("Scan"));
      const outside = ["Scan", "MatMul", kind];
      assert(!operators(fast).some((name) => outside.includes(name)));
      assert(operators(scanned).includes("Scan"));
      const opened = await openGraph(fast.graph);
      const openedScan = await openGraph(scanned.graph);
      for (const shape of [[4, 6, WIDTH], [1, 1, WIDTH], [2, 3, WIDTH]]) {
        for (const size of [1e-3, 1, 1e3]) {
          const { data } = waves(shape, 5);
          const x = { data: data.map((v) => v * size), shape };
          const found = await runOpen(opened, fast, x);
          const expected = await runOpen(openedScan, scanned, x);
          found.forEach((value, i) =>
            assertAllClose(value, expected[i]!, { atol: 2e-6 })
          );
        }
      }
      await opened.close();
      await openedScan.close();
    });
  }

  Deno.test(`an ${kind} returns NaN from a NaN on, and in no other row`, async () => {
    const x = waves([3, 4, WIDTH], 5);
    const data = [...x.data];
    data[(1 * 4 + 2) * WIDTH] = NaN; // row 1, time step 2
    const [found] = await run(recorded(kind, {}), { ...x, data });
    const isNaNAt = (row: number, step: number) =>
      found!.data.slice(
        (row * 4 + step) * UNITS,
        (row * 4 + step + 1) * UNITS,
      )
        .map(Number.isNaN);
    for (const row of [0, 1, 2]) {
      for (const step of [0, 1, 2, 3]) {
        const isBad = row === 1 && step >= 2;
        assertEquals(isNaNAt(row, step), Array(UNITS).fill(isBad));
      }
    }
  });

  Deno.test(`a layer that is not quite an ${kind} is recorded as a scan`, () => {
    for (
      const setup of [
        { options: { activation: "relu" } },
        { options: { "recurrent_activation": "hard_sigmoid" } },
        { hasMask: true },
        { isComputed: true },
      ]
    ) {
      assert(operators(recorded(kind, setup)).includes("Scan"));
    }
  });
}

Deno.test("a GRU that resets before the product is recorded as a scan", () => {
  const before = recorded("GRU", { options: { "reset_after": false } });
  assert(operators(before).includes("Scan"));
});

Deno.test("an LSTM whose output gates are all but closed keeps its digits", async () => {
  const shape = [4, 6, WIDTH];
  for (const shift of [-3, -4, -9, -14, -20]) {
    for (const options of [{}, { "return_sequences": false }]) {
      const setup = { shift, options };
      const [found] = await run(recorded("LSTM", setup), waves(shape, 5));
      const [expected] = await run(
        recorded("LSTM", { ...setup, isComputed: true }),
        waves(shape, 5),
      );
      const largest = Math.max(...expected!.data.map(Math.abs));
      assert(largest > 0 && largest < 0.2, `${largest}`);
      const close = { rtol: 0, atol: 1e-5 * largest };
      assertAllClose(found!, expected!, close);
    }
  }
});
