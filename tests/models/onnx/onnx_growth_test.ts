import { assertRejects } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import type { ModelLimits } from "../../../lib/models/graph/limits.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import { RUNS_ALL } from "../../support/extent.ts";
import {
  type Attribute,
  type Constant,
  type File,
  type Node,
  onnxBytes,
} from "../../support/onnx_bytes.ts";

async function opens(file: File, limits: ModelLimits = {}): Promise<void> {
  await using _model = await loadModel(onnxBytes(file), { limits });
}

async function refused(file: File, says: string, limits?: ModelLimits) {
  await assertRejects(
    () => opens(file, limits),
    ModelFormatError,
    says,
  );
}

const OPSETS = { "": 17, own: 1 };

/** Functions of which each calls the one before it so many times. */
function functions(levels: number, times: number): File {
  const named = Array.from({ length: levels }, (_, level) => ({
    name: `f${level}`,
    domain: "own",
    inputs: ["a"],
    outputs: ["b"],
    nodes: Array.from({ length: times }, (_, i): Node => ({
      op: level === 0 ? "Relu" : `f${level - 1}`,
      domain: level === 0 ? "" : "own",
      in: [i === 0 ? "a" : `t${i}`],
      out: [i === times - 1 ? "b" : `t${i + 1}`],
    })),
  }));
  return {
    opsets: OPSETS,
    functions: named,
    nodes: [{ op: `f${levels - 1}`, domain: "own", in: ["x"], out: ["y"] }],
  };
}

Deno.test("loadModel() counts the operations of functions of functions", async () => {
  await opens(functions(4, 5));
  await refused(functions(60, 10), "it must become at most 100000 nodes");
  await refused(functions(4, 5), "at most 100 nodes", { nodes: 100 });
  // 2^17 operations are more than the default limit, and take a second.
  const levels = RUNS_ALL ? 17 : 12;
  const limits = RUNS_ALL ? {} : { nodes: 3000 };
  await refused(functions(levels, 2), "it must become at most ", limits);
  await opens(functions(levels, 2), { nodes: 1_000_000 });
});

Deno.test("loadModel() refuses functions that call themselves, and those that nest too deep", async () => {
  const file = functions(2, 1);
  const [low, high] = file.functions!;
  const call = (op: string, more: Partial<Node> = {}): Node => (
    { op, domain: "own", in: ["a"], out: ["b"], ...more }
  );
  const says = "its functions must not call themselves, directly or through " +
    'others: current calls are "own.f1" to ';
  await refused(
    { ...file, functions: [{ ...high!, nodes: [call("f1")] }] },
    `${says}"own.f1"; write what is repeated as a Loop`,
  );
  const graph = { nodes: [call("f1")], outputs: [{ name: "b" }] };
  const attributes = { "then_branch": { graph }, "else_branch": { graph } };
  const branch = call("If", { domain: "", attributes });
  await refused(
    { ...file, functions: [{ ...low!, nodes: [branch] }, high!] },
    `${says}"own.f0" to "own.f1"`,
  );
  await opens(functions(60, 1));
  await refused(functions(80, 1), "it must nest at most 64 deep");
  await opens(functions(80, 1), { nesting: 100 });
});

/** Loops within loops. */
function loops(depth: number): Node {
  const inner: Node = depth === 0
    ? { op: "Identity", in: ["x"], out: ["o"] }
    : { ...loops(depth - 1), out: ["o"] };
  return {
    op: "Loop",
    in: ["n", "", "x"],
    out: ["y"],
    attributes: {
      body: {
        graph: {
          inputs: [{ name: "i" }, { name: "c" }, { name: "s" }],
          nodes: [{ op: "Identity", in: ["c"], out: ["d"] }, inner],
          outputs: [{ name: "d" }, { name: "o" }],
        },
      },
    },
  };
}

Deno.test("loadModel() counts how deep loops nest", async () => {
  const n: Constant = { name: "n", type: 7, shape: [], ints: [3] };
  await opens({ constants: [n], nodes: [loops(20)] });
  await refused({ constants: [n], nodes: [loops(70)] }, "at most 64 deep");
  await opens({ constants: [n], nodes: [loops(70)] }, { nesting: 99 });
});

/** One operation with constants behind its input. */
function grown(
  op: string,
  constants: readonly (readonly number[] | undefined)[],
  attributes: Record<string, Attribute> = {},
  isFloat = false,
): File {
  return {
    constants: constants.flatMap((values, i): Constant[] =>
      values === undefined ? [] : [{
        name: `c${i}`,
        type: isFloat ? 1 : 7,
        shape: [values.length],
        ...(isFloat ? { floats: values } : { ints: values }),
      }]
    ),
    nodes: [{
      op,
      in: [
        ...(op === "ConstantOfShape" ? [] : ["x"]),
        ...constants.map((values, i) => values === undefined ? "" : `c${i}`),
      ],
      out: ["y"],
      attributes,
    }],
  };
}

const LARGE: Readonly<Record<string, (size: number) => File>> = {
  ConstantOfShape: (size) => grown("ConstantOfShape", [[size, size]]),
  Expand: (size) => grown("Expand", [[size, size]]),
  Tile: (size) => grown("Tile", [[size, size]]),
  Pad: (size) => grown("Pad", [[0, size, size, 0]]),
  "Resize to sizes": (size) =>
    grown("Resize", [undefined, undefined, [size, size]]),
  "Resize by scales": (size) =>
    grown("Resize", [undefined, [size, size]], {}, true),
};

for (const [what, make] of Object.entries(LARGE)) {
  Deno.test(`loadModel() bounds what ${what} gives before it runs`, async () => {
    await opens(make(10));
    await refused(
      make(100_000),
      "its tensors must have at most 2147483648 bytes",
    );
    await refused(make(10), "at most 16 bytes", { tensorBytes: 16 });
    await opens(make(100_000), { tensorBytes: 2 ** 40 });
  });
}

Deno.test("loadModel() bounds what subgraphs and functions give", async () => {
  const grownIn = (size: number) => grown("Tile", [[size, size]]);
  const branch = (size: number): File => {
    const graph = { ...grownIn(size), outputs: [{ name: "y" }] };
    const attributes = { "then_branch": { graph }, "else_branch": { graph } };
    return { nodes: [{ op: "If", in: ["x"], out: ["z"], attributes }] };
  };
  const called = (size: number): File => {
    const { nodes, constants } = grownIn(size);
    const value: Node = {
      ...{ op: "Constant", out: ["c0"] },
      attributes: { value: { tensor: constants![0]! } },
    };
    const [text, strings] = [{ ...value, out: ["t"] }, ["a"]];
    const attributes = { value: { tensor: { name: "", type: 8, strings } } };
    return {
      opsets: OPSETS,
      nodes: [{ op: "f", domain: "own", in: ["x"], out: ["z"] }],
      functions: [{
        ...{ name: "f", domain: "own", inputs: ["x"], outputs: ["y"] },
        // A function with strings is not replaced by its operations.
        nodes: [value, { ...text, attributes }, ...nodes!],
      }],
    };
  };
  for (const make of [branch, called]) {
    await opens({ ...make(10), outputs: [{ name: "z" }] });
    await refused(
      { ...make(100_000), outputs: [{ name: "z" }] },
      'by Tile "y" with ',
    );
  }
});

Deno.test("loadModel() bounds inputs that are repeated, in whatever order they stand", async () => {
  const doubling = (times: number) =>
    Array.from({ length: times }, (_, i): Node => ({
      op: "Concat",
      in: [i === 0 ? "x" : `t${i}`, i === 0 ? "x" : `t${i}`],
      out: [i === times - 1 ? "y" : `t${i + 1}`],
      attributes: { axis: 1 },
    }));
  await opens({ nodes: doubling(10) });
  await refused({ nodes: doubling(40) }, "its tensors must have at most");
  await refused({ nodes: doubling(40).reverse() }, "its tensors must have");
});
