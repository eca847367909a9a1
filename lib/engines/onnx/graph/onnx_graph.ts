/**
 * A graph of ONNX operators under construction: a list of nodes with the names
 * of their inputs and outputs.
 *
 * Values are names, unique in the whole model, so that the body of a loop, a
 * separate graph, can use values of the outer graph by name. Constants are
 * always in the outermost graph; large ones are stored beside its bytes.
 *
 * @module
 */

import { cannot } from "../../../check.ts";

/** Element types of recorded graphs. */
export type OnnxType =
  | "float16"
  | "float32"
  | "float64"
  | "int32"
  | "int64"
  | "uint8"
  | "bool";

/** Numbers of the element types, in `TensorProto.DataType` and for `Cast`. */
export const TYPE_NUMBERS: Readonly<Record<OnnxType, number>> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
};

/**
 * Attributes of a node, by their ONNX names in camel case. Numbers are
 * integers; floats are {@linkcode OnnxFloat}.
 */
export type OnnxAttribute =
  | number
  | string
  | readonly number[]
  | OnnxFloat
  | OnnxGraph;

/** A float attribute, such as `alpha`. */
export interface OnnxFloat {
  readonly float: number;
}

/** One operator. */
export interface OnnxNode {
  readonly operator: string;
  /** Names; empty for an omitted optional input. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** A size: a number, unknown, or unknown but equal for equal names. */
export type PortSize = number | null | string;

/** The name of the first size of inputs and outputs: the batch size. */
export const ROWS = "N";

/** An input or an output of a graph. */
export interface OnnxPort {
  readonly name: string;
  readonly type: OnnxType;
  /** Its sizes; undefined if the rank is not declared. */
  readonly shape?: readonly PortSize[];
}

/** A constant. */
export interface OnnxConstant {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly number[];
  readonly data: ArrayBufferView<ArrayBufferLike>;
  /** Whether the graph owns the array, so that it may be transferred. */
  readonly isTransferable?: boolean;
}

/** A constant without values, which {@linkcode OnnxGraph.withValues} sets. */
class EmptyConstant implements OnnxConstant {
  readonly name: string;
  readonly type = "float32";
  readonly shape: readonly number[];

  constructor(name: string, shape: readonly number[]) {
    this.name = name;
    this.shape = [...shape];
  }

  get data(): never {
    const rule = `the values of constant "${this.name}" must be set`;
    throw new TypeError(cannot("write a graph", rule, undefined));
  }
}

/** The derivation of a constant from another one. */
export interface Derivation {
  /** Its sizes. */
  readonly shape: readonly number[];
  /**
   * Computes its values.
   *
   * @param source Values of the other constant, float32.
   * @param factors Factors for the slices along the first axis, if any.
   * @returns A new array.
   */
  readonly compute: (
    source: Float32Array,
    factors?: Float64Array,
  ) => Float32Array<ArrayBuffer>;
}

/** A constant that is computed lazily from another one. */
export class DerivedConstant implements OnnxConstant {
  readonly isTransferable = true;
  readonly type = "float32";
  readonly name: string;
  readonly source: OnnxConstant;
  readonly derivation: Derivation;
  #factors: Float64Array | undefined;
  #data: Float32Array<ArrayBuffer> | undefined;

  /** Computes nothing yet. */
  constructor(name: string, source: OnnxConstant, derivation: Derivation) {
    this.name = name;
    this.source = source;
    this.derivation = derivation;
  }

  /** Sizes of its axes. */
  get shape(): readonly number[] {
    return this.derivation.shape;
  }

  /** Its values, computed on first access. */
  get data(): Float32Array<ArrayBuffer> {
    const source = () => this.source.data as Float32Array;
    return this.#data ??= this.derivation.compute(source(), this.#factors);
  }

  /**
   * Multiplies each slice along the first axis by a factor.
   *
   * @param factors One for each slice.
   * @throws {TypeError} If its values were computed already.
   */
  scale(factors: Float64Array): void {
    if (this.#data !== undefined) {
      throw new TypeError(
        cannot(
          "scale a constant",
          "its values must not be computed yet",
          "computed",
        ),
      );
    }
    this.#factors = this.#factors?.map((x, i) => x * factors[i]!) ?? factors;
  }
}

/** An operator that is needed only if a value is NaN. */
export interface NaNCheck {
  /** The output of the operator, correct for NaN too. */
  readonly checked: string;
  /**
   * A cheaper value that is equal if no value is NaN; only the operator uses
   * it.
   */
  readonly unchecked: string;
  /** Floats of any shape, one of which is NaN if a value is. */
  readonly indicator: string;
}

/** A graph, or the body of a loop within one. */
export class OnnxGraph {
  /** Operators, in an order in which they can run. */
  readonly nodes: OnnxNode[] = [];
  /** The inputs. */
  readonly inputs: OnnxPort[] = [];
  /** The outputs. */
  readonly outputs: OnnxPort[] = [];
  /**
   * Operators that only handle NaN; those of loops and branches are not listed.
   */
  readonly nanChecks: NaNCheck[] = [];
  /** Constants; empty except in the outermost graph. */
  readonly constants: OnnxConstant[] = [];
  readonly #root: OnnxGraph;
  readonly #known = new Map<string, string>();
  readonly #byName = new Map<string, OnnxConstant>();
  readonly #makers = new Map<string, OnnxNode>();
  #numNames = 0;
  #scope = "";

  /**
   * Starts a graph.
   *
   * @param outer The outer graph, for the body of a loop.
   */
  constructor(outer?: OnnxGraph) {
    this.#root = outer === undefined ? this : outer.#root;
  }

  /**
   * Sets the prefix of the following names, so that errors of a run name the
   * layer.
   *
   * @param scope A layer's name; empty for none.
   */
  setScope(scope: string): void {
    this.#root.#scope = scope === "" ? "" : `${scope}/`;
  }

  /**
   * Returns a unique name.
   *
   * @param stem End of the name, before a number.
   * @returns The name.
   */
  freshName(stem: string): string {
    const root = this.#root;
    return `${root.#scope}${stem}_${root.#numNames++}`;
  }

  /**
   * Adds an operator with one output.
   *
   * @param operator The operator's name, as in ONNX.
   * @param inputs Names of its inputs; empty for an omitted one.
   * @param attributes Its attributes.
   * @returns The output's name.
   */
  node(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): string {
    return this.nodeWith(1, operator, inputs, attributes)[0]!;
  }

  /**
   * Adds an operator with several outputs.
   *
   * @param numOutputs Number of outputs.
   * @param operator The operator's name, as in ONNX.
   * @param inputs Names of its inputs; empty for an omitted one.
   * @param attributes Its attributes.
   * @returns The outputs' names.
   */
  nodeWith(
    numOutputs: number,
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): string[] {
    const outputs = Array.from(
      { length: numOutputs },
      () => this.freshName(operator),
    );
    this.#add({ operator, inputs: [...inputs], outputs, attributes });
    return outputs;
  }

  /**
   * Adds an input.
   *
   * @param stem Start of its name.
   * @param type Its element type.
   * @param shape Its sizes, if declared.
   * @returns Its name.
   */
  input(
    stem: string,
    type: OnnxType,
    shape?: readonly PortSize[],
  ): string {
    const name = this.freshName(stem);
    this.inputs.push(port(name, type, shape));
    return name;
  }

  /**
   * Declares a value as an output, under a new name: one value may be several
   * outputs, or also an input.
   *
   * @param stem Start of the output's name.
   * @param value The value's name.
   * @param type Its element type.
   * @param shape Its sizes, if declared.
   * @returns The output's name.
   */
  output(
    stem: string,
    value: string,
    type: OnnxType,
    shape?: readonly PortSize[],
  ): string {
    const name = this.freshName(stem);
    const inputs = [value];
    this.#add({
      operator: "Identity",
      inputs,
      outputs: [name],
      attributes: {},
    });
    this.outputs.push(port(name, type, shape));
    return name;
  }

  /**
   * Declares the outputs of a branch.
   *
   * @param names The values' names.
   * @param type Their element type.
   * @returns This graph.
   */
  returning(names: readonly string[], type: OnnxType): this {
    for (const name of names) this.output("result", name, type);
    return this;
  }

  /**
   * Adds a constant. The array is not copied, and must not change until a
   * session is opened.
   *
   * @param type Its element type.
   * @param shape Its sizes.
   * @param data Its values.
   * @returns Its name.
   */
  constant(
    type: OnnxType,
    shape: readonly number[],
    data: ArrayBufferView<ArrayBufferLike>,
  ): string {
    const name = this.freshName("constant");
    return this.#keep({ name, type, shape: [...shape], data });
  }

  /**
   * Adds a float32 constant whose values are set later, such as a weight.
   *
   * @param shape Its sizes.
   * @returns Its name.
   */
  emptyConstant(shape: readonly number[]): string {
    return this.#keep(new EmptyConstant(this.freshName("constant"), shape));
  }

  /**
   * Copies the graph, with the values of its empty constants. Derived constants
   * are computed again.
   *
   * @param values Values of all empty constants, by name; not copied.
   * @returns A copy that rewrites may change. Operators are shared.
   */
  withValues(values: ReadonlyMap<string, Float32Array>): OnnxGraph {
    const copy = new OnnxGraph();
    copy.nodes.push(...this.nodes);
    copy.inputs.push(...this.inputs);
    copy.outputs.push(...this.outputs);
    copy.nanChecks.push(...this.nanChecks);
    copy.#numNames = this.#numNames;
    for (const [key, name] of this.#known) copy.#known.set(key, name);
    for (const [name, node] of this.#makers) copy.#makers.set(name, node);
    for (const constant of this.constants) {
      copy.#keep(copy.#filled(constant, values));
    }
    return copy;
  }

  /**
   * Copies a constant for a copy of its graph; its source was copied before.
   */
  #filled(
    constant: OnnxConstant,
    values: ReadonlyMap<string, Float32Array>,
  ): OnnxConstant {
    const { name, type, shape } = constant;
    if (constant instanceof DerivedConstant) {
      const source = this.constantOf(constant.source.name)!;
      return new DerivedConstant(name, source, constant.derivation);
    }
    const data = values.get(name);
    return data === undefined ? constant : { name, type, shape, data };
  }

  /**
   * Adds a constant of 64-bit integers, such as a shape or axes; equal ones are
   * shared.
   *
   * @param values The integers; their shape is `[n]`.
   * @returns Its name.
   */
  integers(values: readonly number[]): string {
    return this.#root.#once(`int64 ${values.join()}`, () =>
      this.constant(
        "int64",
        [values.length],
        BigInt64Array.from(values.map(toInt64)),
      ));
  }

  /**
   * Adds a scalar constant, `[]`; equal ones are shared.
   *
   * @param type Its element type.
   * @param value The number; 0 or 1 for booleans.
   * @returns Its name.
   */
  scalar(type: OnnxType, value: number): string {
    const text = Object.is(value, -0) ? "-0" : String(value);
    return this.#root.#once(
      `${type} scalar ${text}`,
      () => this.constant(type, [], scalarData(type, value)),
    );
  }

  /**
   * Finds a constant by name.
   *
   * @param name The name.
   * @returns The constant; undefined if the name is not one of a constant.
   */
  constantOf(name: string): OnnxConstant | undefined {
    return this.#root.#byName.get(name);
  }

  /**
   * Finds the operator that computes a value, in any graph of the same model.
   *
   * @param name The value's name.
   * @returns The operator; undefined for an input or a constant.
   */
  makerOf(name: string): OnnxNode | undefined {
    return this.#root.#makers.get(name);
  }

  /**
   * Adds a constant that is computed from another one, once for each purpose.
   *
   * @param name Name of the other constant, of type float32.
   * @param purpose Name of the purpose.
   * @param derivation The lazy computation.
   * @returns Its name.
   */
  derived(name: string, purpose: string, derivation: Derivation): string {
    return this.#root.#once(`${purpose} ${name}`, () => {
      const source = this.constantOf(name)!;
      const derived = this.freshName("constant");
      return this.#keep(new DerivedConstant(derived, source, derivation));
    });
  }

  /**
   * The operators that use each value.
   *
   * @returns For each name, the operators of this graph that use it, also in
   * their loops and branches; one that uses it twice is listed twice. For an
   * output of the graph, the operator that computes it is listed too.
   */
  users(): ReadonlyMap<string, readonly OnnxNode[]> {
    const users = new Map<string, OnnxNode[]>();
    const add = (name: string, user: OnnxNode) => {
      const known = users.get(name);
      if (known === undefined) users.set(name, [user]);
      else known.push(user);
    };
    for (const node of this.nodes) {
      for (const name of namesIn([node])) add(name, node);
    }
    for (const { name } of this.outputs) {
      const maker = this.makerOf(name);
      if (maker !== undefined) add(name, maker);
    }
    return users;
  }

  /**
   * Replaces an operator by another one.
   *
   * @param node The operator, one of this graph.
   * @param other The other one, whose inputs must be computed before; without
   * it, the operator is removed.
   */
  replace(node: OnnxNode, other?: OnnxNode): void {
    const index = this.nodes.indexOf(node);
    this.nodes.splice(index, 1, ...(other === undefined ? [] : [other]));
    for (const name of node.outputs) this.#root.#makers.delete(name);
    for (const name of other?.outputs ?? []) {
      this.#root.#makers.set(name, other!);
    }
  }

  /**
   * Removes values that no output needs: those of which only the shape is used,
   * and the sources of derived constants.
   */
  dropUnused(): void {
    const used = new Set(this.outputs.map(({ name }) => name));
    const needed: OnnxNode[] = [];
    for (const node of this.nodes.toReversed()) {
      if (!node.outputs.some((name) => used.has(name))) continue;
      for (const name of namesIn([node])) used.add(name);
      needed.push(node);
    }
    this.nodes.splice(0, Infinity, ...needed.reverse());
    const kept = this.constants.filter(({ name }) => used.has(name));
    this.constants.splice(0, Infinity, ...kept);
  }

  #keep(constant: OnnxConstant): string {
    this.#root.constants.push(constant);
    this.#root.#byName.set(constant.name, constant);
    return constant.name;
  }

  #add(node: OnnxNode): void {
    this.nodes.push(node);
    for (const name of node.outputs) this.#root.#makers.set(name, node);
  }

  #once(key: string, make: () => string): string {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const name = make();
    this.#known.set(key, name);
    return name;
  }
}

/**
 * Input names of operators, including those in loops and branches.
 *
 * @param nodes The operators.
 * @returns The names, some more than once.
 */
export function namesIn(nodes: readonly OnnxNode[]): string[] {
  return nodes.flatMap(({ inputs, attributes }) => [
    ...inputs,
    ...Object.values(attributes).flatMap((value) =>
      typeof value === "object" && "nodes" in value ? namesIn(value.nodes) : []
    ),
  ]);
}

function port(
  name: string,
  type: OnnxType,
  shape: readonly PortSize[] | undefined,
): OnnxPort {
  return shape === undefined ? { name, type } : { name, type, shape };
}

/** Infinity means the end of an axis, in either direction. */
function toInt64(value: number): bigint {
  if (value === Infinity) return 2n ** 63n - 1n;
  if (value === -Infinity) return -(2n ** 63n);
  return BigInt(value);
}

function scalarData(
  type: OnnxType,
  value: number,
): ArrayBufferView<ArrayBuffer> {
  switch (type) {
    case "float16":
      return Float16Array.of(value);
    case "float32":
      return Float32Array.of(value);
    case "float64":
      return Float64Array.of(value);
    case "int32":
      return Int32Array.of(value);
    case "int64":
      return BigInt64Array.of(toInt64(value));
    case "uint8":
    case "bool":
      return Uint8Array.of(value);
  }
}
