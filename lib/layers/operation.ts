import { cannot } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import type { LayerConfig, LayerFactory } from "./layer.ts";

/** The index of an argument among a call's tensors. */
interface InputMark {
  readonly input: number;
}

/** Arguments of an operation, by the names of its parameters. */
export class Arguments<T> {
  readonly #ops: Ops<T>;
  readonly #inputs: readonly T[];
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #name: string;

  /** Takes values in which tensors are marked by their index. */
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

  /** Whether an argument was given. */
  has(key: string): boolean {
    return this.#values[key] !== undefined && this.#values[key] !== null;
  }

  /** A tensor, or a number or a list of them as a constant. */
  tensor(key: string): T {
    const value = this.#values[key];
    if (isInput(value)) return this.#inputs[value.input]!;
    if (typeof value === "number") return this.#ops.constant(value);
    if (typeof value === "boolean") return this.#ops.constant(Number(value));
    if (Array.isArray(value) && !value.some(isInput)) {
      return this.#ops.constant(constantOf(value, this.#name));
    }
    throw this.#wrong(key, "be a tensor or numbers", value);
  }

  /** Whether an argument is a tensor of the call. */
  isTensor(key: string): boolean {
    return isInput(this.#values[key]);
  }

  /** A list of tensors. */
  tensors(key: string): T[] {
    const value = this.#values[key];
    if (Array.isArray(value) && value.every(isInput)) {
      return value.map(({ input }) => this.#inputs[input]!);
    }
    throw this.#wrong(key, "be a list of tensors", value);
  }

  /** A number. */
  number(key: string, fallback?: number): number {
    const value = this.#values[key] ?? fallback;
    if (typeof value === "number") return value;
    throw this.#wrong(key, "be a number", value);
  }

  /** A boolean. */
  boolean(key: string, fallback: boolean): boolean {
    const value = this.#values[key] ?? fallback;
    if (typeof value === "boolean") return value;
    throw this.#wrong(key, "be true or false", value);
  }

  /** A text. */
  string(key: string, fallback?: string): string {
    const value = this.#values[key] ?? fallback;
    if (typeof value === "string") return value;
    throw this.#wrong(key, "be text", value);
  }

  /** Whole numbers; one stands for a list of one. */
  ints(key: string): number[] {
    const value = [this.#values[key]].flat();
    if (value.every(Number.isSafeInteger)) return value as number[];
    throw this.#wrong(key, "be whole numbers", this.#values[key]);
  }

  /** Whatever it is. */
  raw(key: string): unknown {
    return this.#values[key];
  }

  /** An argument that this library does not take. */
  refuse(key: string, rule: string): never {
    throw this.#wrong(key, rule, this.#values[key]);
  }

  #wrong(key: string, rule: string, value: unknown): TypeError {
    const action = `read operation "${this.#name}"`;
    return new TypeError(cannot(action, `"${key}" must ${rule}`, value));
  }
}

/** What an operation computes of its arguments. */
export type Compute = <T>(ops: Ops<T>, args: Arguments<T>) => T;

/**
 * A factory of an operation.
 *
 * @param parameters Names of its parameters, in their order in Python.
 * @param compute What it computes.
 * @returns The factory; an argument that is no parameter is an error.
 */
export function operation(
  parameters: readonly string[],
  compute: Compute,
): LayerFactory {
  return (config) => {
    const values = bound(config, parameters);
    return {
      weights: [],
      call: (ops, inputs) => [
        compute(ops, new Arguments(ops, inputs, values, config.name)),
      ],
      masks: () => [],
    };
  };
}

/** Options of the operation, then keyword arguments, then those by position. */
function bound(
  config: LayerConfig,
  parameters: readonly string[],
): Record<string, unknown> {
  config.raw("function"); // Keras 2 has the operation's name there
  const args = (config.raw("args") ?? []) as readonly unknown[];
  const kwargs = (config.raw("kwargs") ?? {}) as Record<string, unknown>;
  const values: Record<string, unknown> = {};
  for (const key of parameters) values[key] = config.raw(key);
  for (const [key, value] of Object.entries(kwargs)) {
    if (parameters.includes(key)) values[key] = value;
    else if (value !== null && key !== "name") {
      throw unknown(config, key, value);
    }
  }
  if (args.length > parameters.length) {
    throw unknown(config, `argument ${parameters.length}`, args.at(-1));
  }
  args.forEach((value, i) => values[parameters[i]!] = value);
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
      `"${key}" must be understood, and it is not`,
      value,
    ),
  );
}

function isInput(value: unknown): value is InputMark {
  return typeof value === "object" && value !== null && "input" in value;
}

/** Nested lists of numbers as an array. */
function constantOf(value: readonly unknown[], name: string) {
  const shape: number[] = [];
  for (let at: unknown = value; Array.isArray(at); at = at[0]) {
    shape.push(at.length);
  }
  const flat = value.flat(Infinity);
  const size = shape.reduce((p, n) => p * n, 1);
  if (flat.length !== size || !flat.every((x) => typeof x === "number")) {
    throw new TypeError(
      cannot(`read operation "${name}"`, "a constant must hold numbers", value),
    );
  }
  const isWhole = flat.every(Number.isSafeInteger);
  return isWhole
    ? {
      data: Int32Array.from(flat as number[]),
      shape,
      dtype: "int32" as const,
    }
    : {
      data: Float32Array.from(flat as number[]),
      shape,
      dtype: "float32" as const,
    };
}
