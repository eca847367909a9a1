/**
 * Slices as Keras writes them: `x[:, 0]`, `x[..., 1:5:2]`, `x[None]`,
 * `x[:, ::-1]`.
 *
 * @module
 */
import type { Ops, SliceRange } from "../ops/ops.ts";
import type { Arguments, Compute } from "./operation.ts";
import { constantOf, knownSize } from "./operation_forms.ts";

interface PySlice {
  readonly "class_name"?: string;
  readonly config?: {
    readonly start?: unknown;
    readonly stop?: unknown;
    readonly step?: unknown;
  };
}

/** `x[…]` with slices, integers, an ellipsis and new axes. */
export const getItem: Compute = (ops, args) => {
  const key = args.raw("key");
  const items = (Array.isArray(key) ? key : [key]) as readonly unknown[];
  return sliced(ops, args.tensor("x"), items, args);
};

/** Keras 2 writes slices as records, under `slice_spec`. */
export const sliceSpec: Compute = (ops, args) => {
  const spec = args.raw("slice_spec");
  const items = (Array.isArray(spec) ? spec : [spec]).map((item: unknown) => {
    if (typeof item !== "object" || item === null) {
      return item === "..." ? { "class_name": "__ellipsis__" } : item;
    }
    const isSlice = "start" in item || "stop" in item || "step" in item;
    return isSlice ? { "class_name": "__slice__", config: item } : item;
  });
  return sliced(ops, args.tensor("tensor"), items, args);
};

function isEllipsis(item: unknown): boolean {
  return (item as PySlice | null)?.class_name === "__ellipsis__";
}

/** What the items of a key do with the axes. */
interface Slicing {
  readonly forwards: SliceRange[];
  readonly backwards: { axis: number; indices: number[] }[];
  /** Axes that are reversed. */
  readonly mirrored: number[];
  /** Axes that an index removes. */
  readonly dropped: number[];
  /** New axes, by their positions in the result. */
  readonly added: number[];
}

function sliced<T>(
  ops: Ops<T>,
  x: T,
  items: readonly unknown[],
  args: Arguments<T>,
): T {
  const { forwards, backwards, mirrored, dropped, added } = slicingOf(
    ops,
    x,
    items,
    args,
  );
  const ahead = ops.slice(x, forwards);
  const cut = mirrored.length === 0 ? ahead : ops.flip(ahead, mirrored);
  const reversed = backwards.reduce(
    (y, { axis, indices }) =>
      ops.take(y, constantOf(ops, indices, "int32"), axis),
    cut,
  );
  const squeezed = dropped.reverse().reduce(
    (y, a) => ops.squeeze(y, a),
    reversed,
  );
  return added.reduce((y, a) => ops.expandDims(y, a), squeezed);
}

function slicingOf<T>(
  ops: Ops<T>,
  x: T,
  items: readonly unknown[],
  args: Arguments<T>,
): Slicing {
  const numSliced =
    items.filter((item) => item !== null && !isEllipsis(item)).length;
  const left = ops.shape(x).length - numSliced;
  if (left < 0 || items.filter(isEllipsis).length > 1) {
    args.refuse("key", "have an index for each axis at most");
  }
  const slicing: Slicing = {
    ...{ forwards: [], backwards: [], mirrored: [], dropped: [], added: [] },
  };
  let axis = 0;
  let resultAxis = 0;
  for (const item of items) {
    if (isEllipsis(item)) {
      axis += left;
      resultAxis += left;
    } else if (item === null) {
      slicing.added.push(resultAxis++);
    } else if (typeof item === "number" && Number.isSafeInteger(item)) {
      slicing.forwards.push(indexRange(ops, x, axis, item, args));
      slicing.dropped.push(axis++);
    } else {
      addSlice(
        slicing,
        sliceOf(item, args),
        axis++,
        (axis) => knownSize(ops, x, axis, args.name),
      );
      resultAxis++;
    }
  }
  return slicing;
}

function addSlice(
  { forwards, backwards, mirrored }: Slicing,
  { start, stop, step }: ReturnType<typeof sliceOf>,
  axis: number,
  sizeAt: (axis: number) => number,
): void {
  if (step > 0) {
    forwards.push({
      axis,
      step,
      ...(start === undefined ? {} : { start }),
      ...(stop === undefined ? {} : { stop }),
    });
  } else if (step === -1 && start === undefined && stop === undefined) {
    mirrored.push(axis);
  } else {
    const indices = backIndices(sizeAt(axis), { start, stop, step });
    backwards.push({ axis, indices });
  }
}

/** One index of an axis, which must exist: a slice would be empty. */
function indexRange<T>(
  ops: Ops<T>,
  x: T,
  axis: number,
  index: number,
  args: Arguments<T>,
): SliceRange {
  const size = ops.shape(x)[axis];
  if (typeof size === "number" && (index >= size || index < -size)) {
    args.refuse("key", `hold indices of an axis of size ${size}`);
  }
  const stop = index === -1 ? {} : { stop: index + 1 };
  return { axis, start: index, ...stop };
}

interface Bounds {
  readonly start: number | undefined;
  readonly stop: number | undefined;
  readonly step: number;
}

function sliceOf<T>(item: unknown, args: Arguments<T>): Bounds {
  const { class_name: name, config } = (item ?? {}) as PySlice;
  const [start, stop, step] = [config?.start, config?.stop, config?.step].map(
    (n) => n ?? undefined,
  );
  const isPlain = [start, stop, step].every((n) =>
    n === undefined || Number.isSafeInteger(n)
  );
  if (name !== "__slice__" || !isPlain || step === 0) {
    args.refuse("key", "hold whole numbers, slices, ellipses and new axes");
  }
  return {
    start: start as number | undefined,
    stop: stop as number | undefined,
    step: (step ?? 1) as number,
  };
}

/** The indices of a slice with a negative step, as in Python. */
function backIndices(size: number, { start, stop, step }: Bounds): number[] {
  const bounded = (n: number) =>
    Math.min(Math.max(n < 0 ? n + size : n, -1), size - 1);
  const first = start === undefined ? size - 1 : bounded(start);
  const end = stop === undefined ? -1 : bounded(stop);
  const indices = [];
  for (let i = first; i > end; i += step) indices.push(i);
  return indices;
}
