import { assertEquals } from "@std/assert";
import { ONNX_RULES } from "../../lib/engines/onnx_samples.ts";
import {
  cut,
  elementsAlong,
  elementwise,
  guessed,
  joined,
  type Known,
  over,
  perIndex,
  type RawOperation,
  type RawValue,
  reshapedTo,
  same,
  type Size,
  spatial,
  squeezed,
  total,
  unsqueezed,
} from "../../lib/engines/raw_rules.ts";
import { sampleOps } from "../../lib/ops/sample_ops.ts";
import type { Shape } from "../../lib/ops/shapes.ts";

function located(axis: number | null, ...shape: Shape): Known {
  const samples = axis === null ? null : { axis };
  return { shape, dtype: "float32", samples };
}
const listed = (...values: NonNullable<Known["values"]>): Known => ({
  ...located(null, values.length),
  values,
});
const X = located(0, null, 3, 4);

function operation(kind: string, batch?: number): RawOperation {
  const ops = sampleOps(batch);
  return {
    ...{ kind, batch, ops, inputs: [], version: 17, numOutputs: 1 },
    ...{ sizes: undefined, dtype: undefined, attribute: () => undefined },
    ...{ number: (_name, fallback) => fallback, integers: () => undefined },
  };
}

/** By sizes, or numbers of repetitions. */
function by(kind: "Expand" | "Tile", x: Known, ...values: Size[]) {
  const inputs = [x, listed(...values)];
  return ONNX_RULES.single[kind]!(x, { ...operation(kind), inputs });
}

/** Samples, and sizes. */
function brief(value: unknown) {
  const { samples, shape } = value as RawValue;
  return [samples, shape];
}

Deno.test("same() and spatial() keep the samples of feature maps", () => {
  const op = operation("Relu");
  assertEquals(same(X, op), { ...X, values: undefined });
  assertEquals(brief(spatial(X, op)), [{ axis: 0 }, [null, null, null]]);
  assertEquals(spatial(located(0, null, 3), op), undefined);
  assertEquals(spatial(located(1, 3, null, 4), op), undefined);
});

Deno.test("elementwise() finds samples that meet others, rows of constants, and their number", () => {
  const at = (...inputs: Known[]) =>
    (elementwise(inputs, operation("Add")) as RawValue | undefined)?.samples;
  assertEquals(at(X, X), { axis: 0 });
  assertEquals(at(located(null, 4), X), { axis: 0 });
  assertEquals(at(X, located(0, null, 4)), "mixed");
  assertEquals(at(X, located(null, 2, 3, 4)), { axis: 0, isOrdered: true });
  assertEquals(at(X, located(null, null, 3, 4)), {
    ...{ axis: 0, isOrdered: "unknown" },
  });
  const number = { ...listed("samples"), shape: [] };
  assertEquals(at(X, number), "mixed");
  assertEquals(at({ ...X, dtype: "int32" }, number), undefined);
  const { values } = elementwise(
    [listed("samples", 3), listed(4)],
    operation("Mul"),
  ) as RawValue;
  assertEquals(values, ["samples", 12]);
});

Deno.test("over(), total() and perIndex() find axes with samples", () => {
  assertEquals(over(X, 1, -1).samples, { axis: 0 });
  assertEquals(over(X, -3).samples, "mixed");
  const op = operation("ReduceProd");
  assertEquals(brief(total(X, [1], false, op)), [{ axis: 0 }, [null, 4]]);
  assertEquals(total(X, undefined, true, op).samples, "mixed");
  assertEquals(total(listed(2, 3), [0], false, op).values, [6]);
  assertEquals(total(listed(2, "samples"), [0], false, op).values, ["samples"]);
  assertEquals(perIndex(X, 1, located(null, 3))?.samples, { axis: 0 });
  assertEquals(perIndex(X, 0, located(null, 3))?.samples, {
    ...{ axis: 0, isOrdered: true },
  });
  assertEquals(perIndex(X, 0, located(null))?.samples, { axis: 0 });
});

Deno.test("Transpose by an order that is not known is not known", () => {
  const inputs = [X, located(null, 3)];
  const rule = ONNX_RULES.single.Transpose!;
  assertEquals(rule(X, { ...operation("Transpose"), inputs }), undefined);
  assertEquals(brief(rule(X, operation("Transpose"))), [{ axis: 2 }, [
    ...[4, 3, null],
  ]]);
});

Deno.test("joined() and Tile count the rows of each sample", () => {
  const two = { axis: 0, before: 2 };
  const op = operation("Concat");
  assertEquals(brief(joined("concatenate", [X, X], -3, op)), [two, [
    null,
    3,
    4,
  ]]);
  assertEquals(brief(joined("concatenate", [X, X], 1, op)), [{ axis: 0 }, [
    null,
    6,
    4,
  ]]);
  assertEquals(
    joined("concatenate", [X, located(null, 2, 3, 4)], 0, op).samples,
    "mixed",
  );
  assertEquals(brief(by("Tile", X, 2, 1, 3)), [two, [null, 3, 12]]);
  assertEquals(brief(by("Tile", located(null, 1, 4), "samples", 1)), [
    ...[{ axis: 0, after: null }, [null, 4]],
  ]);
  assertEquals(
    joined("concatenate", [listed("samples"), listed(-1)], 0, op).values,
    [
      ...["samples", -1] as const,
    ],
  );
});

Deno.test("elementsAlong() and cut() find selected samples, not parts of each", () => {
  const op = operation("Gather");
  const indices = located(null, 5);
  assertEquals(brief(elementsAlong(X, indices, -1, op)), [{ axis: 0 }, [
    null,
    3,
    5,
  ]]);
  assertEquals(elementsAlong(X, indices, 0, op).samples, "mixed");
  const several = { ...X, samples: { axis: 0, after: 3 } };
  assertEquals(elementsAlong(several, indices, 0, op).samples, undefined);
  const table = located(null, 9, 2);
  const ids = located(0, null, 3);
  assertEquals(brief(elementsAlong(table, ids, 0, op)), [{ axis: 0 }, [
    null,
    3,
    2,
  ]]);
  assertEquals(cut(X, [{ axis: 1, start: 1 }]).samples, { axis: 0 });
  assertEquals(cut(X, [{ axis: 0, stop: 1e9 }]).samples, { axis: 0 });
  assertEquals(cut(X, [{ axis: 0, stop: 2 }]).samples, "mixed");
  assertEquals(cut(X, [{ axis: 0, start: null }]).samples, undefined);
  assertEquals(cut(several, [{ axis: 0, step: 3 }]).samples, undefined);
  assertEquals(cut(several, [{ axis: 0, step: -1 }]).samples, "mixed");
  assertEquals(cut(listed("samples", 3, 4), [{ axis: 0, start: 1 }]).values, [
    ...[3, 4],
  ]);
});

Deno.test("squeezed(), unsqueezed(), Expand and guessed() move and keep axes", () => {
  const { ops } = operation("Squeeze");
  const one = located(1, 1, null, 4);
  assertEquals(brief(squeezed(one, [0], ops)), [{ axis: 0 }, [null, 4]]);
  assertEquals(squeezed(one, [1], ops)?.samples, undefined);
  assertEquals(squeezed(one, undefined, ops), undefined);
  assertEquals(brief(unsqueezed(X, [0, -1], ops)), [
    ...[{ axis: 1 }, [1, null, 3, 4, 1]],
  ]);
  assertEquals(brief(by("Expand", X, 2, 1, 3, 4)), [
    ...[{ axis: 1 }, [2, null, 3, 4]],
  ]);
  assertEquals(brief(by("Expand", located(null, 1, 4), "samples", 4)), [
    ...[{ axis: 0, after: null }, [null, 4]],
  ]);
  assertEquals(guessed(X).samples, { axis: 0, isOrdered: "unknown" });
});

Deno.test("reshapedTo() merges axes into that of the samples, and finds joined samples", () => {
  const free = operation("Reshape");
  const at = (sizes: Known["values"], x = X, op = free) =>
    reshapedTo(x, sizes, op)?.samples;
  assertEquals(at([-1, 4]), { axis: 0, before: 1, after: 3 });
  assertEquals(at(["samples", 12]), { axis: 0, before: 1, after: 1 });
  assertEquals(at([-1, 24]), "mixed");
  assertEquals(at([-1, null]), { axis: 0, after: null });
  assertEquals(at([2, null]), "mixed");
  const unknown = located(0, 2, null, null);
  assertEquals(at([2, null], unknown, operation("Reshape", 2)), { axis: 0 });
});
