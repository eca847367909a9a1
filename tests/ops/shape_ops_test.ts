import { tf } from "../../lib/tf.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { takeTurn } from "../../lib/engines/tfjs/backend.ts";
import { TfjsOps } from "../../lib/engines/tfjs/tfjs_ops.ts";
import type { OpsType } from "../../lib/ops/ops.ts";
import { ShapeOps, type ShapeValue } from "../../lib/ops/shape_ops.ts";
import { type OpsInput, type OpsProgram, PROGRAMS } from "./_programs.ts";

const SHAPES = new ShapeOps();

Deno.test("ShapeOps has a program for each of its operations", () => {
  const own = [
    ...Object.getOwnPropertyNames(ShapeOps.prototype),
    ...Object.keys(SHAPES),
  ];
  const base = Object.getPrototypeOf(ShapeOps.prototype);
  const all = new Set([...own, ...Object.getOwnPropertyNames(base)]);
  for (const name of ["constructor", "shape", "dtype"]) all.delete(name);
  const tried = new Set(PROGRAMS.map(({ name }) => name));
  assertEquals([...all].sort(), [...tried].sort());
});

for (const backend of ["cpu", "wasm"] as const) {
  Deno.test(`ShapeOps agrees with TfjsOps on ${backend}`, async () => {
    await takeTurn(backend, (turn) => {
      turn.sync(() => {
        for (const program of PROGRAMS) {
          tf.engine().startScope();
          const found = kindsOf(program);
          tf.engine().endScope();
          const inputs = program.inputs.map(full);
          const expected = program.run<ShapeValue>(SHAPES, inputs);
          assertEquals(found, expected.map(plain), titleOf(program));
        }
      });
      return Promise.resolve();
    });
  });
}

Deno.test("ShapeOps says the same, or null, when sizes are not known", () => {
  for (const program of PROGRAMS) {
    const inputs = program.inputs.map(full);
    const known = program.run<ShapeValue>(SHAPES, inputs);
    inputs.forEach((input, i) => {
      // A kernel's sizes are always known.
      const isKernel = program.name.startsWith("conv") && i > 0;
      if (isKernel) return;
      input.shape.forEach((_, axis) => {
        const holed = inputs.with(i, {
          ...input,
          shape: input.shape.with(axis, null),
        });
        const values = program.run<ShapeValue>(SHAPES, holed);
        values.forEach((value, j) => {
          const title = `${titleOf(program)} without axis ${axis} of ${i}`;
          assertEquals(value.dtype, known[j]!.dtype, title);
          const { shape } = known[j]!;
          assertEquals(value.shape.length, shape.length, title);
          value.shape.forEach((size, k) =>
            assert(size === null || size === shape[k], title)
          );
        });
      });
    });
  }
});

Deno.test("ShapeOps keeps an unknown batch apart from what is known", () => {
  const map = floats(null, 8, 8, 4);
  const conv = SHAPES.conv(map, floats(3, 3, 4, 6), {
    strides: [2, 2],
    padding: "same",
    dilation: [1, 1],
  });
  assertEquals(conv, floats(null, 4, 4, 6));
  assertEquals(SHAPES.merge(map, 1, 3), floats(null, 256));
  assertEquals(SHAPES.reshape(map, [-1, 256]), floats(null, 256));
  assertEquals(SHAPES.unmerge(map, 0, [-1, 2]), floats(null, 2, 8, 8, 4));
  assertEquals(SHAPES.add(map, floats(4)), map);
  const rows = SHAPES.concatenate([floats(null, 2), floats(null, 3)], -1);
  assertEquals(rows, floats(null, 5));
});

Deno.test("ShapeOps throws when shapes do not go together", () => {
  const row = floats(null, 4);
  const cases: [() => unknown, string][] = [
    [() => SHAPES.add(row, floats(3)), "broadcast"],
    [() => SHAPES.matmul(row, floats(3, 2)), "columns of [null, 4]"],
    [() => SHAPES.squeeze(row, 1), "size 1"],
    [() => SHAPES.unmerge(row, 1, [3, -1]), "as many values"],
    [() => SHAPES.reshape(floats(2, 3), [4, -1]), "as many values"],
    [() => SHAPES.concatenate([row, floats(null, 4, 1)], 0), "concatenate"],
    [() => SHAPES.stack([row, floats(null, 3)], 0), "stack"],
    [() => SHAPES.pad(row, [[0, 0]]), "two widths"],
    [() => SHAPES.einsum("ab,bc->ac", row, floats(3, 2)), '"b"'],
    [() => SHAPES.maxPool(row, pool(2)), "3 axes"],
  ];
  for (const [call, text] of cases) assertThrows(call, TypeError, text);
  const ranges: [() => unknown, string][] = [
    [() => SHAPES.sum(row, { axis: 2 }), "one of the 2"],
    [() => SHAPES.transpose(row, [0, 0]), "occur once"],
    [() => SHAPES.topK(row, 5), '"k"'],
    [() => SHAPES.maxPool(floats(null, 2, 1), pool(3)), "at least 3"],
  ];
  for (const [call, text] of ranges) assertThrows(call, RangeError, text);
});

Deno.test("ShapeOps.scan() throws when the state changes its shape", () => {
  const step = (shape: ShapeValue) => () => ({ state: [shape], outputs: [] });
  const scan = (before: ShapeValue, after: ShapeValue) =>
    SHAPES.scan(step(after), [before], [floats(null, null, 3)]);
  assertEquals(scan(floats(null, 2), floats(null, 2)).outputs, []);
  assertThrows(
    () => scan(floats(null, 2), floats(null, 3)),
    TypeError,
    "state",
  );
  assertThrows(() => scan(floats(1, 2), floats(null, 2)), TypeError, "state");
  const int: ShapeValue = { shape: [null, 2], dtype: "int32" };
  assertThrows(() => scan(floats(null, 2), int), TypeError, "float32");
});

function floats(...shape: (number | null)[]): ShapeValue {
  return { shape, dtype: "float32" };
}

function pool(size: number) {
  return { size: [size], strides: [1], padding: "valid" } as const;
}

function full(input: readonly number[] | OpsInput): ShapeValue {
  if ("dtype" in input) return input;
  return { shape: input, dtype: "float32" };
}

function plain({ shape, dtype }: ShapeValue): ShapeValue {
  return { shape: [...shape], dtype };
}

/** What the operation gives when it computes, on zeros, ones and twos. */
function kindsOf(program: OpsProgram): ShapeValue[] {
  const inputs = program.inputs.map(full).map(({ shape, dtype }) => {
    const sizes = shape as number[];
    const length = sizes.reduce((n, size) => n * size, 1);
    const most = dtype === "bool" ? 2 : 3;
    const data = Array.from({ length }, (_, i) => i % most);
    const isDivisor = ["floorDivide", "mod"].includes(program.name);
    const values = isDivisor ? data.map(() => 1) : data; // nothing by 0
    return tf.tensor(values, sizes, dtype);
  });
  return program.run<tf.Tensor>(new TfjsOps(), inputs).map((x) => {
    assertEquals(x.size, x.dataSync().length);
    return { shape: [...x.shape], dtype: x.dtype as OpsType };
  });
}

function titleOf({ name, inputs }: OpsProgram): string {
  const kinds = inputs.map(full).map(({ shape, dtype }) =>
    `${dtype}[${shape}]`
  );
  return `${name}(${kinds.join(", ")})`;
}
