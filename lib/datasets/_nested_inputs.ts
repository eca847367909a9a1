import { cannot } from "../check.ts";
import {
  innermost,
  isHostArray,
  isObject,
  isPlainArray,
  isTensor,
} from "./tensor_likes.ts";

/** Maximum nesting. */
const DEEPEST = 32;

/**
 * Names the inputs of a model with nested inputs by their paths: `{ a: { b: x } }`
 * as `{ "a/b": x }`.
 *
 * Source: Keras 3.15 `keras.tree`. Lists count by index; one of a single element
 * adds nothing to the path.
 *
 * @param batch A batch in any form.
 * @param names The names of the inputs.
 * @returns The batch, with flat inputs where they are nested.
 * @throws {TypeError} If an input is passed twice, by its path and nested.
 */
export function flatInputs(batch: unknown, names: readonly string[]): unknown {
  const isPair = Array.isArray(batch) && batch.length === 2;
  const flat = flattened(batch, names);
  // A pair of lists is inputs and labels.
  if (flat !== undefined && !(isPair && Array.isArray(flat))) return flat;
  if (isPair) return [named(batch[0], names), batch[1]];
  const hasSides = isPlain(batch) && "xs" in batch && !names.includes("xs");
  return hasSides
    ? { ...batch, xs: named(batch.xs, names) }
    : named(batch, names);
}

/** Flat inputs; also if some are missing, so that the message names paths. */
function named(inputs: unknown, names: readonly string[]): unknown {
  const isNested = isPlain(inputs) && names.some((name) => name.includes("/"));
  return flattened(inputs, names) ??
    (isNested ? byPath([...leavesOf(inputs)]) : inputs);
}

/** All inputs, if these and no others are nested in a value. */
function flattened(value: unknown, names: readonly string[]): unknown {
  const isNested = Array.isArray(value)
    ? value.some((inner) => Array.isArray(inner) || isPlain(inner))
    : isPlain(value) && !names.every((name) => name in value);
  if (!isNested) return undefined;
  const found: [path: string, value: unknown][] = [];
  for (const leaf of leavesOf(value)) {
    if (found.push(leaf) > names.length) return undefined;
  }
  if (found.length < names.length) return undefined;
  const paths = byPath(found);
  if (names.every((name) => Object.hasOwn(paths, name))) return paths;
  // Lists alone have no paths: Keras names these inputs by their layers.
  const areLists = found.every(([path, value]) =>
    /^[\d/]+$/.test(path) && (isTensor(value) || isHostArray(value))
  );
  return areLists ? found.map(([, value]) => value) : undefined;
}

function byPath(
  found: readonly (readonly [path: string, value: unknown])[],
): Record<string, unknown> {
  const paths = Object.fromEntries(found);
  const again = found.find(([path, value]) => paths[path] !== value);
  if (again === undefined) return paths;
  const rule = "each input must be passed once";
  throw new TypeError(cannot("read inputs", rule, again[0]));
}

/** Everything but lists and records, with its path. */
function* leavesOf(
  value: unknown,
  path: readonly string[] = [],
): Generator<[path: string, value: unknown]> {
  const isNumbers = isPlainArray(value) && typeof innermost(value) !== "string";
  const inner = path.length >= DEEPEST || isNumbers
    ? undefined
    : Array.isArray(value) && typeof value[0] !== "string"
    ? value.map((one, i) =>
      [value.length === 1 ? [] : [String(i)], one] as const
    )
    : isPlain(value)
    ? Object.entries(value).map(([key, one]) => [[key], one] as const)
    : undefined;
  if (inner === undefined) yield [path.join("/"), value];
  else {for (const [step, one] of inner) {
      yield* leavesOf(one, [...path, ...step]);
    }}
}

/** Whether a value is a record of inputs. */
function isPlain(value: unknown): value is Record<string, unknown> {
  return isObject(value) && !Array.isArray(value) && !isTensor(value) &&
    !isHostArray(value) && !(Symbol.iterator in value) &&
    Object.keys(value).length > 0;
}
