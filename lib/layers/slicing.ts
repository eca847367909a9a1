/**
 * Slices as Keras writes them: `x[:, 0]`, `x[..., 1:5:2]`, `x[None]`.
 *
 * @module
 */
import type { Ops, SliceRange } from "../ops/ops.ts";
import type { Arguments, Compute } from "./operation.ts";

interface PySlice {
  readonly "class_name"?: string;
  readonly config?: {
    readonly start?: number | null;
    readonly stop?: number | null;
    readonly step?: number | null;
  };
}

/** `x[…]` with slices, whole numbers, an ellipsis and new axes. */
export const getItem: Compute = (ops, args) => {
  const key = args.raw("key");
  const items = (Array.isArray(key) ? key : [key]) as readonly unknown[];
  return sliced(ops, args.tensor("x"), items, args);
};

function isEllipsis(item: unknown): boolean {
  return (item as PySlice | null)?.class_name === "__ellipsis__";
}

function sliced<T>(
  ops: Ops<T>,
  x: T,
  items: readonly unknown[],
  args: Arguments<T>,
): T {
  const selected =
    items.filter((item) => item !== null && !isEllipsis(item)).length;
  const left = ops.shape(x).length - selected;
  const ranges: SliceRange[] = [];
  const dropped: number[] = [];
  const added: number[] = [];
  let axis = 0;
  let at = 0; // the axis of the result
  for (const item of items) {
    if (isEllipsis(item)) {
      axis += left;
      at += left;
    } else if (item === null) {
      added.push(at++);
    } else if (typeof item === "number") {
      const stop = item === -1 ? {} : { stop: item + 1 };
      ranges.push({ axis, start: item, ...stop });
      dropped.push(axis++);
    } else {
      ranges.push(rangeOf(item as PySlice, axis++, args));
      at++;
    }
  }
  const cut = ops.slice(x, ranges);
  const squeezed = dropped.reverse().reduce((y, a) => ops.squeeze(y, a), cut);
  return added.reduce((y, a) => ops.expandDims(y, a), squeezed);
}

function rangeOf<T>(
  { "class_name": name, config }: PySlice,
  axis: number,
  args: Arguments<T>,
): SliceRange {
  const { start, stop, step } = config ?? {};
  const isPlain = [start, stop, step].every((n) =>
    n === null || n === undefined || Number.isSafeInteger(n)
  );
  if (name !== "__slice__" || !isPlain || (step ?? 1) < 1) {
    args.refuse("key", "hold whole numbers and slices of a positive step");
  }
  return {
    axis,
    ...(typeof start === "number" ? { start } : {}),
    ...(typeof stop === "number" ? { stop } : {}),
    ...(typeof step === "number" ? { step } : {}),
  };
}

/** Keras 2 writes slices as records, under `slice_spec`. */
export const sliceSpec: Compute = (ops, args) => {
  const spec = args.raw("slice_spec");
  const items = (Array.isArray(spec) ? spec : [spec]).map((item: unknown) => {
    if (typeof item !== "object" || item === null) {
      return item === "..." ? { "class_name": "__ellipsis__" } : item;
    }
    return isEllipsis(item)
      ? item
      : { "class_name": "__slice__", config: item };
  });
  return sliced(ops, args.tensor("tensor"), items, args);
};
