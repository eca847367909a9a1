import type { HostComputation, Layer } from "../../layers/layer.ts";
import {
  rearrange,
  type Rearranged,
  rearrangementOf,
} from "../../layers/rearrange_strings.ts";
import { origin, type Ref, refKey } from "../graph/graph.ts";

/** A tensor of strings: an input of the model, or a part of it. */
interface StringTensor {
  /** The input. */
  readonly from: Ref;
  /** How the input is rearranged; undefined for the input itself. */
  readonly rearranged: Rearranged | undefined;
}

/** The tensors of strings in a model. */
export class StringTensors {
  readonly #rearranged = new Map<string, StringTensor>();

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
      ? { from, rearranged: undefined }
      : this.#rearranged.get(refKey(from));
  }

  /**
   * Adds the outputs of a layer that only rearranges strings.
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
    if (sizes.some((size) => size === null)) return undefined;
    const outputs = rearrangementOf(layer, sizes as number[]);
    outputs?.forEach(({ shape, indices }, index) => {
      const rearranged = {
        shape,
        indices: before === undefined
          ? indices
          : indices.map((at) => before.indices[at]!),
      };
      this.#rearranged.set(`${id}:${index}`, { ...strings, rearranged });
    });
    return outputs?.map(({ shape }) => [null, ...shape]);
  }
}

/**
 * A computation on the host, over rearranged strings.
 *
 * @param computation The computation.
 * @param rearranged How the strings are rearranged before.
 * @returns The computation from the model's input.
 */
export function overRearranged(
  computation: HostComputation,
  rearranged: Rearranged | undefined,
): HostComputation {
  if (rearranged === undefined) return computation;
  return {
    ...computation,
    shapeOf: () => computation.shapeOf([null, ...rearranged.shape]),
    compute: ({ data, shape }) =>
      computation.compute(
        rearrange({ data: data as readonly string[], shape }, rearranged),
      ),
  };
}
