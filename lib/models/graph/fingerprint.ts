import { Pacer } from "../../formats/pacer.ts";
import { Sha256 } from "../../formats/sha256.ts";
import { releaseMemory } from "../../math/release_memory.ts";
import { snakeCase } from "./keras_spelling.ts";
import { identityOf, readWeight } from "./weights.ts";
import {
  type GraphNode,
  type NodeCall,
  origin,
  type Ref,
  specOf,
  type WeightValue,
} from "./graph.ts";

/** Options that affect training or display, but not the results. */
const NO_MEANING =
  /_(initializer|regularizer|constraint)$|^(name|trainable|dtype|batch_input_shape|batch_size|input_dtype|sparse|ragged|implementation|unroll)$/;

/** The structure of the computation, without values of weights. */
export interface Structure {
  /**
   * Nodes, inputs and outputs as canonical JSON; equal graphs give equal
   * strings.
   */
  readonly text: string;
  /** The weights in it, each once, in the order of their indices. */
  readonly weights: readonly WeightValue[];
}

/**
 * The current structure of a model: its nodes with options, inputs and weights,
 * and its inputs and outputs.
 *
 * @param nodes All nodes.
 * @param inputs The model's inputs.
 * @param outputs The model's outputs.
 * @returns The structure.
 */
export function structureOf(
  nodes: readonly GraphNode[],
  inputs: readonly Ref[],
  outputs: readonly Ref[],
): Structure {
  // An alias without a row is only an entry to a nested model.
  const counted = nodes.filter(({ isListed, call }) =>
    isListed || call.kind !== "alias"
  );
  const indices = new Map(counted.map((node, i) => [node, i]));
  const refs = (list: readonly Ref[]) =>
    list.map(origin).map(({ node, index }) => [indices.get(node), index]);
  const numbers = new Map<object, number>();
  const weights: WeightValue[] = [];
  const numberOf = (value: WeightValue) => {
    const known = numbers.get(identityOf(value));
    if (known !== undefined) return known;
    weights.push(value);
    numbers.set(identityOf(value), weights.length - 1);
    return weights.length - 1;
  };
  const described = counted.map((node) => {
    const { isListed, row, call } = node;
    // An alias computes nothing; its target is described.
    if (call.kind === "alias") return [row.name, refs(call.outputs)];
    return [
      isListed ? row.name : "",
      row.kind,
      optionsOf(node),
      refs(node.inputs),
      valuesOf(node).map(([key, value]) => [key, numberOf(value)]),
      ...castTypesOf(node),
    ];
  });
  const text = canonicalJson([described, refs(inputs), refs(outputs)]);
  return { text, weights };
}

/**
 * SHA-256 over a structure and the values of its weights. Not over a file's
 * bytes, so that the same model gives the same hash from every format.
 *
 * @param structure The structure of the model.
 * @param pacer Yields the thread at intervals, and aborts.
 * @returns 64 hexadecimal digits.
 */
export async function fingerprintOf(
  { text, weights }: Structure,
  pacer: Pacer = new Pacer(),
): Promise<string> {
  const hash = new Sha256().update(text);
  for (const value of weights) {
    await pacer.rest();
    const bytes = bytesOf(value);
    if (bytes !== undefined) {
      hash.update(canonicalJson([value.shape]));
      hash.update(bytes());
      continue;
    }
    const { data, shape, dtype } = await readWeight(value);
    hash.update(canonicalJson([shape, dtype]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    releaseMemory(data); // a copy
  }
  return await hash.digest();
}

/** The stored form of a weight, if it is not identified by its values. */
function bytesOf(value: WeightValue): (() => Uint8Array) | undefined {
  return "read" in value ? value.storedBytes ?? value.identity : undefined;
}

/**
 * The current storage of a model's weights. Fast, to detect before each small
 * run whether a weight was set.
 *
 * @param nodes All nodes.
 * @returns One object per weight, in the order of the nodes; equal lists mean
 * unchanged values.
 */
export function weightData(nodes: readonly GraphNode[]): object[] {
  return nodes.flatMap((node) =>
    valuesOf(node).map(([, value]) => identityOf(value))
  );
}

/**
 * The current options of a layer object, which may have changed since it was
 * opened.
 */
function optionsOf({ call, row }: GraphNode): unknown {
  return call.kind === "inMemory"
    ? meaningOf(call.layer.getConfig(), call.isBuiltInClass)
    : call.kind === "raw"
    ? withMeaning(row.config, call.onnx?.meaning ?? call.functions?.meaning)
    : call.kind === "builtIn"
    ? withMeaning(meaningOf(row.config, call.isBuiltInClass), call.meaning)
    : call.kind === "input" && call.host !== undefined
    ? row.config
    : undefined;
}

function withMeaning(options: unknown, meaning: unknown): unknown {
  return meaning === undefined ? options : [options, meaning];
}

/**
 * The element types of the outputs of a built-in layer, if it converts its
 * inputs. The target type is an option of casts; the `dtype` of other layers is
 * ignored, as it changes no results.
 */
function castTypesOf({ call, row, inputs }: GraphNode): string[][] {
  const types = row.outputs.map(({ dtype }) => dtype);
  const kept = ["float32", ...inputs.map((ref) => specOf(ref)?.dtype)];
  const isCast = types.some((type) => !kept.includes(type));
  return call.kind === "builtIn" && isCast ? [types] : [];
}

/**
 * Weights by name; constants of an operation by their argument index. Weights
 * of known classes are identified by order, because TF.js names the weights of
 * cells and wrapped layers differently from Keras.
 */
function valuesOf({ call, weights }: GraphNode): [unknown, WeightValue][] {
  return call.kind === "raw"
    ? [...call.constants, ...(call.functions?.constants ?? []).entries()]
      .map(([at, tensor]) => [at, tensor()])
    : weights().map(({ name, value }, i) => [isKnown(call) ? i : name, value]);
}

function isKnown(call: NodeCall): boolean {
  return (call.kind === "inMemory" || call.kind === "builtIn") &&
    call.isBuiltInClass;
}

/**
 * Options in Keras' spelling, without those that are not set or change no
 * value. For known classes, also string values: TF.js uses `channelsLast`.
 */
function meaningOf(value: unknown, isKnown: boolean): unknown {
  if (Array.isArray(value)) {
    return value.map((inner) => meaningOf(inner, isKnown));
  }
  if (typeof value === "string" && isKnown) return snakeCase(value);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [snakeCase(key), inner] as const)
      .filter(([key, inner]) =>
        inner !== undefined && inner !== null && !NO_MEANING.test(key)
      )
      .map(([key, inner]) => [key, meaningOf(inner, isKnown)]),
  );
}

/**
 * JSON with sorted keys, so that equal values give equal strings.
 *
 * @param value Plain data; functions and undefined are left out.
 * @returns The text.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === "number" && !Number.isFinite(inner)) {
      return String(inner);
    }
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) {
      return inner;
    }
    return Object.fromEntries(
      Object.entries(inner).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0),
    );
  });
}
