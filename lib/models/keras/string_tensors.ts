import { cannot } from "../../check.ts";
import type { HostComputation, HostValues, Layer } from "../../layers/layer.ts";
import {
  rearrange,
  type Rearranged,
  rearrangementOf,
} from "../../layers/rearrange_strings.ts";
import type { TensorSpec } from "../../types.ts";
import { origin, type Ref, refKey } from "../graph/graph.ts";
import type { LayerDraft } from "./layer_draft.ts";

/** A tensor of strings: an input of the model, or computed from one. */
interface StringTensor {
  /** The input. */
  readonly from: Ref;
  /** How the input is rearranged; undefined for its order. */
  readonly rearranged?: Rearranged | undefined;
  /** How each string is changed; undefined for the strings themselves. */
  readonly change?: ((text: string) => string) | undefined;
}

/** The tensors of strings in a model. */
export class StringTensors {
  readonly #computed = new Map<string, StringTensor>();

  /**
   * Finds a tensor of strings.
   *
   * @param ref Any tensor.
   * @returns It; undefined if it holds numbers.
   */
  find(ref: Ref): StringTensor | undefined {
    const from = origin(ref);
    const { call } = from.node;
    return call.kind === "input" && call.spec.dtype === "string"
      ? { from }
      : this.#computed.get(refKey(from));
  }

  /**
   * Finds what a layer on the host is computed from.
   *
   * @param layer The layer.
   * @param computation Its computation.
   * @returns Inputs of the model, and the computation over these.
   * @throws {TypeError} If it is called on other tensors.
   */
  onHost({ name, inputs }: LayerDraft, computation: HostComputation) {
    const refuse = (rule: string, value: unknown): never => {
      throw new TypeError(cannot(`call layer "${name}"`, rule, value));
    };
    const strings = inputs.map((ref) => this.find(ref));
    const from = inputs.map((ref, i) => strings[i]?.from ?? origin(ref));
    if (from.length > 1 && !computation.takesSeveral) {
      refuse("it must get one input", from.length);
    }
    const specs = from.map(({ node }): TensorSpec => {
      const { call, name } = node as LayerDraft;
      if (call.kind === "input" && call.host === undefined) return call.spec;
      const rule = "it must be called on inputs of the model: " +
        "it is computed on the host";
      return refuse(rule, name);
    });
    const wrong = specs.find(({ dtype }) => dtype !== "string");
    if (wrong !== undefined && !computation.takesNumbers) {
      refuse(`input "${wrong.name}" must hold strings`, wrong.dtype);
    }
    return { from, specs, onInput: overStrings(computation, strings) };
  }

  /**
   * Adds the outputs of a layer that rearranges strings, or changes each.
   *
   * @param id The layer's id.
   * @param layer The layer.
   * @param input Its input.
   * @returns Their shapes; undefined if it does anything else.
   */
  add(id: number, layer: Layer, input: Ref): (number | null)[][] | undefined {
    const strings = this.find(input);
    const { call } = strings?.from.node ?? {};
    if (strings === undefined || call?.kind !== "input") return undefined;
    const before = strings.rearranged;
    const sizes = before?.shape ?? call.spec.shape.slice(1);
    const { onEachString } = layer;
    if (onEachString !== undefined) {
      const { change } = strings;
      this.#computed.set(`${id}:0`, {
        ...strings,
        change: change === undefined
          ? onEachString
          : (text) => onEachString(change(text)),
      });
      return [[null, ...sizes]];
    }
    if (sizes.some((size) => size === null)) return undefined;
    const outputs = rearrangementOf(layer, sizes as number[]);
    outputs?.forEach(({ shape, indices }, index) => {
      const rearranged = {
        shape,
        indices: before === undefined
          ? indices
          : indices.map((at) => before.indices[at]!),
      };
      this.#computed.set(`${id}:${index}`, { ...strings, rearranged });
    });
    return outputs?.map(({ shape }) => [null, ...shape]);
  }
}

/**
 * A computation on the host, over strings that are rearranged and changed
 * before.
 *
 * @param computation The computation.
 * @param inputs How, for each of its inputs; undefined for an input itself.
 * @returns The computation from the model's inputs.
 */
export function overStrings(
  computation: HostComputation,
  inputs: readonly (Omit<StringTensor, "from"> | undefined)[],
): HostComputation {
  const isPlain = (strings: Omit<StringTensor, "from"> = {}) =>
    strings.rearranged === undefined && strings.change === undefined;
  if (inputs.every(isPlain)) return computation;
  return {
    ...computation,
    shapeOf: (...shapes) =>
      computation.shapeOf(...shapes.map((shape, i) => {
        const { rearranged } = inputs[i] ?? {};
        return rearranged === undefined ? shape : [null, ...rearranged.shape];
      })),
    compute: (...values) =>
      computation.compute(
        ...values.map((value, i) => movedStrings(value, inputs[i] ?? {})),
      ),
  };
}

function movedStrings(
  values: HostValues,
  { rearranged, change }: Omit<StringTensor, "from">,
): HostValues {
  const strings = values as Parameters<typeof rearrange>[0];
  const moved = rearranged === undefined
    ? strings
    : rearrange(strings, rearranged);
  return change === undefined
    ? moved
    : { data: moved.data.map(change), shape: moved.shape };
}
