/**
 * Infers the values of short integer tensors, such as the shapes that exporters
 * compute from the shape of an input. Unknown values stay unknown.
 *
 * Source: the operators' specifications in ONNX' documentation.
 *
 * @module
 */
import type { InferredCall } from "./inferred_call.ts";

/** The values of a scalar or a vector; null for an unknown one. */
export type KnownValues = readonly (number | null)[];

type Rule = (call: InferredCall, x: KnownValues) => KnownValues | undefined;

/** Maximum number of values; shapes and axes are shorter. */
const MOST_VALUES = 64;

const same: Rule = (_call, x) => x;

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["Identity", same],
  [
    "Cast",
    ({ attributes: { to } }, x) => isInteger(Number(to)) ? x : undefined,
  ],
  ["Unsqueeze", same],
  ["Squeeze", same],
  ["Concat", concat],
  ["Gather", gather],
  ["Slice", slice],
  ["Add", elementwise((a, b) => a + b)],
  ["Sub", elementwise((a, b) => a - b)],
  ["Mul", elementwise((a, b) => a * b)],
  ["Div", elementwise((a, b) => b === 0 ? null : Math.trunc(a / b))],
  ["Mod", elementwise((a, b) => a >= 0 && b > 0 ? a % b : null)],
  ["Max", elementwise(Math.max)],
  ["Min", elementwise(Math.min)],
  ["Equal", elementwise((a, b) => a === b ? 1 : 0)],
  ["Where", where],
]);

/** Whether an element type is of integers or booleans that shapes are made of. */
function isInteger(type: number): boolean {
  return type === 6 || type === 7 || type === 9;
}

/**
 * Infers the values of the first output of an operation.
 *
 * @param call The operation, of the default ONNX domain.
 * @returns The values; undefined if unknown.
 */
export function inferValues(call: InferredCall): KnownValues | undefined {
  const { kind, inputs: [x], attributes } = call;
  if (kind === "Shape") return x && shapePart(attributes, x.shape);
  if (kind === "ConstantOfShape") return filled(call);
  // Values of more than one axis are not followed.
  if (x === undefined || x.shape.length > 1 || !isInteger(x.type)) return;
  const values = call.sizes(0);
  const found = values && RULES.get(kind)?.(call, values);
  return found && found.length <= MOST_VALUES ? found : undefined;
}

/**
 * The sizes that `Shape` returns, from opset 15 a part of them.
 *
 * @param attributes Its attributes.
 * @param shape The shape of its input.
 * @returns The sizes.
 */
export function shapePart(
  { start = 0, end }: InferredCall["attributes"],
  shape: KnownValues,
): KnownValues {
  const last = end === undefined ? undefined : Number(end);
  return shape.slice(Number(start), last);
}

function filled({ sizes, fill }: InferredCall): KnownValues | undefined {
  const shape = sizes(0);
  const [size] = shape ?? [];
  const isShort = shape?.length === 1 && typeof size === "number" &&
    size >= 0 && size <= MOST_VALUES;
  return isShort && fill !== undefined ? Array(size).fill(fill) : undefined;
}

function concat({ inputs, sizes }: InferredCall): KnownValues | undefined {
  const parts = inputs.map((_, i) => sizes(i));
  return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
}

function gather({ sizes, inputs }: InferredCall, x: KnownValues) {
  const indices = sizes(1);
  if (indices === undefined || (inputs[1]?.shape.length ?? 2) > 1) return;
  const found = indices.map((index) => index === null ? null : x.at(index));
  return found.includes(undefined) ? undefined : found as KnownValues;
}

function slice(
  { attributes, sizes, inputs }: InferredCall,
  x: KnownValues,
): KnownValues | undefined {
  const one = (key: string, input: number, fallback: number | undefined) => {
    const attribute = attributes[key];
    const list = Array.isArray(attribute) ? attribute : sizes(input);
    if (list === undefined) {
      return inputs.length <= input ? fallback : undefined;
    }
    return list.length === 1 && list[0] !== null ? Number(list[0]) : undefined;
  };
  const start = one("starts", 1, undefined);
  const end = one("ends", 2, undefined);
  const step = one("steps", 4, 1);
  if (start === undefined || end === undefined || step !== 1) return undefined;
  return x.slice(start, end);
}

/** Broadcasts, as far as one of two sizes is needed. */
function elementwise(
  compute: (a: number, b: number) => number | null,
): Rule {
  return ({ inputs, sizes }, x) => {
    const y = sizes(1);
    if (y === undefined || inputs.length !== 2) return undefined;
    return broadcast(
      [x, y],
      ([a, b]) => a === null || b === null ? null : compute(a!, b!),
    );
  };
}

function where({ sizes }: InferredCall, condition: KnownValues) {
  const [yes, no] = [sizes(1), sizes(2)];
  if (yes === undefined || no === undefined) return undefined;
  return broadcast([condition, yes, no], ([c, a, b]) => {
    if (c === null) return a === b ? a! : null;
    return c === 0 ? b! : a!;
  });
}

function broadcast(
  all: readonly KnownValues[],
  compute: (values: readonly (number | null)[]) => number | null,
): KnownValues | undefined {
  const length = all.some(({ length }) => length === 0)
    ? 0
    : Math.max(...all.map(({ length }) => length));
  const fits = all.every((values) =>
    values.length === 1 || values.length === length
  );
  if (!fits) return undefined;
  return Array.from(
    { length },
    (_, i) =>
      compute(all.map((values) => values[values.length === 1 ? 0 : i]!)),
  );
}
