import { cannot } from "../check.ts";
import type { NdArray } from "../types.ts";
import {
  constantArray,
  isWrittenArray,
  plainValue,
} from "./constant_values.ts";
import type { Ops } from "../ops/ops.ts";
import { axisOf } from "../ops/shapes.ts";
import type { FactoryTable, LayerConfig, LayerFactory } from "./layer.ts";

/** The index of an argument among a call's tensors. */
interface InputMark {
  readonly input: number;
}

/** A size that is computed in the graph, from one of a call's tensors. */
interface SizeMark {
  readonly sizeOf: number;
  /** The axis; undefined for the sizes of all axes, or of a range. */
  readonly axis?: number;
  readonly from?: number;
  readonly to?: number;
}

/**
 * A size: a number, or that of a tensor's axis, or those of all its axes; empty
 * if it is computed in another way.
 */
export interface SizeArgument<T> {
  readonly value?: number;
  readonly of?: T;
  /** The index of that tensor among the call's. */
  readonly input?: number;
  /** The axes of that tensor whose sizes it holds. */
  readonly axes: readonly number[];
}

/** Arguments of an operation, by the names of its parameters. */
export class Arguments<T> {
  readonly #ops: Ops<T>;
  readonly #inputs: readonly T[];
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #name: string;

  /**
   * Creates the arguments from values in which tensors are marked by their
   * index.
   */
  constructor(
    ops: Ops<T>,
    inputs: readonly T[],
    values: Readonly<Record<string, unknown>>,
    name: string,
  ) {
    this.#ops = ops;
    this.#inputs = inputs;
    this.#values = values;
    this.#name = name;
  }

  /** Whether an argument was passed. */
  has(key: string): boolean {
    return this.#values[key] !== undefined && this.#values[key] !== null;
  }

  /** A tensor, or a number or a list of them as a constant. */
  tensor(key: string): T {
    const value = this.#values[key];
    if (typeof value === "number") return this.#ops.constant(value);
    if (typeof value === "boolean") {
      return this.#ops.cast(this.#ops.constant(Number(value)), "bool");
    }
    if (Array.isArray(value) && value.some(isInput)) {
      // A list of scalars, some of them tensors, stacked as by `tf.stack`.
      return this.#ops.stack(value.map((item) => this.#item(item)), 0);
    }
    const isKnown = isInput(value) || isWrittenArray(value) ||
      Array.isArray(value);
    if (isKnown) return this.#item(value);
    throw this.#wrong(key, "be a tensor or numbers", value);
  }

  /**
   * A tensor that is computed with another one. A whole number beside a tensor
   * of integers is an integer, as in Keras: as a float it would round the other
   * beyond 2^24.
   */
  beside(key: string, other: string): T {
    const value = this.#values[key];
    const beside = this.#values[other];
    const isInteger = typeof value === "number" && value === (value | 0) &&
      isInput(beside) &&
      this.#ops.dtype(this.#inputs[beside.input]!) === "int32";
    return isInteger ? this.#item(value) : this.tensor(key);
  }

  /** Two tensors that are computed with each other. */
  pair(first: string, second: string): [T, T] {
    return [this.beside(first, second), this.beside(second, first)];
  }

  /** A tensor of the call, or a constant. */
  #item(item: unknown): T {
    return isInput(item)
      ? this.#inputs[item.input]!
      : this.#ops.constant(constantArray(item, this.#name));
  }

  /** A constant as an array. */
  constant(key: string): NdArray<Float32Array | Int32Array> {
    const value = this.#values[key];
    if (isInput(value)) throw this.#wrong(key, "be a constant", "a tensor");
    return constantArray(value, this.#name);
  }

  /** Whether an argument is a tensor of the call. */
  isTensor(key: string): boolean {
    return isInput(this.#values[key]);
  }

  /** A list of tensors. */
  tensors(key: string): T[] {
    const value = this.#values[key];
    if (Array.isArray(value) && value.length > 0) {
      return value.map((item) => this.#item(item));
    }
    throw this.#wrong(key, "be a list of tensors", value);
  }

  /** A number. */
  number(key: string, fallback?: number): number {
    const value = plainValue(this.#values[key] ?? fallback);
    if (typeof value === "number") return value;
    throw this.#wrong(key, "be a number", value);
  }

  /** A boolean. */
  boolean(key: string, fallback: boolean): boolean {
    const value = this.#values[key] ?? fallback;
    if (typeof value === "boolean") return value;
    throw this.#wrong(key, "be true or false", value);
  }

  /** A string. */
  string(key: string, fallback?: string): string {
    const value = this.#values[key] ?? fallback;
    if (typeof value === "string") return value;
    throw this.#wrong(key, "be a string", value);
  }

  /** An axis of a tensor, counted from its first. */
  axis(x: T, fallback?: number): number {
    return axisOf(this.number("axis", fallback), this.#ops.shape(x).length);
  }

  /** A list of integers; a single one is a list of one. */
  ints(key: string): number[] {
    const value = [plainValue(this.#values[key])].flat();
    if (value.every(Number.isSafeInteger)) return value as number[];
    throw this.#wrong(key, "be whole numbers", this.#values[key]);
  }

  /** Sizes, some of which are computed in the graph; one is a list of one. */
  sizes(key: string): SizeArgument<T>[] {
    const value = this.#values[key];
    if (isInput(value)) {
      const rule =
        "be sizes of tensors, parts of them, and numbers, stacked or joined";
      throw this.#wrong(key, rule, "another tensor");
    }
    const list = isSize(value) ? [value] : [plainValue(value)].flat();
    return list.map((size): SizeArgument<T> => {
      if (typeof size === "number") return { value: size, axes: [] };
      if (isInput(size)) return { axes: [] };
      if (!isSize(size)) throw this.#wrong(key, "hold sizes", value);
      const { sizeOf: input, axis, from, to } = size;
      const of = this.#inputs[input]!;
      const all = [...this.#ops.shape(of).keys()];
      if (axis === undefined) return { of, input, axes: all.slice(from, to) };
      const at = all.at(axis);
      if (at !== undefined) return { of, input, axes: [at] };
      throw this.#wrong(key, `hold sizes of ${all.length} axes`, axis);
    });
  }

  /** The index of a tensor among the call's; undefined for other arguments. */
  indexOf(key: string): number | undefined {
    const value = this.#values[key];
    return isInput(value) ? value.input : undefined;
  }

  /** The raw value; an array as nested lists. */
  raw(key: string): unknown {
    return plainValue(this.#values[key]);
  }

  /** A copy with one changed argument. */
  with(key: string, change: (value: T) => T): Arguments<T> {
    const changed = change(this.tensor(key));
    const mark = { input: this.#inputs.length };
    return new Arguments(
      this.#ops,
      [...this.#inputs, changed],
      { ...this.#values, [key]: mark },
      this.#name,
    );
  }

  /** A copy with another plain value. */
  set(
    key: string,
    value: number | string | boolean | readonly number[],
  ): Arguments<T> {
    const values = { ...this.#values, [key]: value };
    return new Arguments(this.#ops, this.#inputs, values, this.#name);
  }

  /** A copy with a plain value for an argument that was not passed. */
  orElse(key: string, value: number | string): Arguments<T> {
    return this.has(key) ? this : this.set(key, value);
  }

  /** The operation's name, for messages. */
  get name(): string {
    return this.#name;
  }

  /** Refuses arguments that are not at their default. */
  refuseUnless(key: string, ...allowed: readonly unknown[]): void {
    const value = this.#values[key];
    if (value === undefined || value === null || allowed.includes(value)) {
      return;
    }
    throw this.#wrong(
      key,
      allowed.length === 0
        ? "be left out"
        : `be ${allowed.map((x) => JSON.stringify(x)).join(" or ")}`,
      value,
    );
  }

  /** Refuses a call without an argument that has a default in Python. */
  demand(key: string): void {
    if (!this.has(key)) this.refuse(key, "be there");
  }

  /** Creates the error for an unsupported argument. */
  refuse(key: string, rule: string): never {
    throw this.#wrong(key, rule, this.#values[key]);
  }

  /** The error for a size that must be known, by the axes of the call. */
  unknownSize(): TypeError {
    const shapes = this.#inputs.map((x) => this.#ops.shape(x));
    const [first = []] = shapes;
    const axes = [this.raw("axis")].flat().filter((axis) =>
      typeof axis === "number" && first.at(axis) === null
    );
    const rule = axes.length > 0
      ? `the size of axis ${axes.join(", ")} must be known`
      : "the sizes of its inputs must be known";
    const isOverSamples = first.indexOf(null) === 0 &&
      first.lastIndexOf(null) === 0;
    return new TypeError(cannot(
      `call operation "${this.#name}"`,
      rule,
      shapes.length === 1 ? first : shapes,
      isOverSamples
        ? "axis 0 holds the samples: along other axes it is supported"
        : undefined,
    ));
  }

  #wrong(key: string, rule: string, value: unknown): TypeError {
    const action = `read operation "${this.#name}"`;
    return new TypeError(cannot(action, `"${key}" must ${rule}`, value));
  }
}

/** A size that must be known before the run, of any tensor of a computation. */
export class UnknownSizeError extends TypeError {}

/** The computation of an operation: one tensor, or several. */
export type Compute = <T>(ops: Ops<T>, args: Arguments<T>) => T | T[];

/** The computation of an operation that gives one tensor. */
export type ComputeOne = <T>(ops: Ops<T>, args: Arguments<T>) => T;

/**
 * Creates the factory of an operation.
 *
 * @param signature Its parameters as in Python, `"x, axis, keepdims"`;
 * `name:key` for one that the computation reads by another key, `*key` for the
 * remaining positional arguments.
 * @param compute The computation.
 * @returns The factory; unknown arguments are errors.
 */
export function operationFactory(
  signature: string,
  compute: Compute,
): LayerFactory {
  const parameters = signature.split(", ").map((text) => {
    const [name, key = name] = text.replace("*", "").split(":");
    return { name: name!, key: key!, isRest: text.startsWith("*") };
  });
  return (config) => {
    const values = bound(config, parameters);
    return {
      weights: [],
      call<T>(ops: Ops<T>, inputs: readonly T[]) {
        const args = new Arguments(ops, inputs, values, config.name);
        try {
          return [compute(ops, args)].flat() as T[];
        } catch (error) {
          throw error instanceof UnknownSizeError ? args.unknownSize() : error;
        }
      },
      masks: () => [],
    };
  };
}

/**
 * Creates the factories of a table of operations.
 *
 * @param table Computations by names and signature, as in
 * `"ExpandDims | tf.expand_dims(x, axis)"`.
 * @param prefix Stands before each name.
 * @returns The factories by name.
 */
export function operations(
  table: Readonly<Record<string, Compute>>,
  prefix = "",
): FactoryTable {
  const factories = Object.entries(table).flatMap(([row, compute]) => {
    const [, names, signature] = /^(.*)\((.*)\)$/.exec(row)!;
    const factory = operationFactory(signature!, compute);
    return names!.split(" | ").map((name) => [prefix + name, factory]);
  });
  return Object.freeze(Object.fromEntries(factories));
}

/** One parameter of an operation. */
interface Parameter {
  readonly name: string;
  /** The key by which the computation reads it. */
  readonly key: string;
  /** Whether it is a list of the remaining positional arguments. */
  readonly isRest: boolean;
}

/**
 * Merges options of the operation, keyword arguments, and positional arguments.
 */
function bound(
  config: LayerConfig,
  parameters: readonly Parameter[],
): Record<string, unknown> {
  // the operation's name in Keras 2, not an option: further keys, such as
  // "dtype", belong to the layer around the function.
  const isFunction = config.raw("function") !== undefined;
  const args = (config.raw("args") ?? []) as readonly unknown[];
  const kwargs = (config.raw("kwargs") ?? {}) as Record<string, unknown>;
  const values: Record<string, unknown> = {};
  for (const { name, key } of parameters) {
    const value = config.raw(name);
    if (value !== undefined && !isFunction) values[key] = value;
  }
  for (const [name, value] of Object.entries(kwargs)) {
    const parameter = parameters.find((each) => each.name === name);
    if (parameter !== undefined) values[parameter.key] = value;
    else if (value !== null && name !== "name") {
      throw unknown(config, name, value);
    }
  }
  for (const [i, value] of args.entries()) {
    const parameter = parameters[i];
    if (parameter === undefined) {
      throw unknown(config, `argument ${parameters.length}`, args.at(-1));
    }
    values[parameter.key] = parameter.isRest ? args.slice(i) : value;
    if (parameter.isRest) break;
  }
  return values;
}

function unknown(
  { name }: LayerConfig,
  key: string,
  value: unknown,
): TypeError {
  return new TypeError(
    cannot(
      `read operation "${name}"`,
      `"${key}" must be a known one`,
      value,
    ),
  );
}

function isInput(value: unknown): value is InputMark {
  return typeof value === "object" && value !== null && "input" in value;
}

function isSize(value: unknown): value is SizeMark {
  return typeof value === "object" && value !== null && "sizeOf" in value;
}
