import { createHash } from "node:crypto";
import { readWeight } from "./weights.ts";
import { type GraphNode, origin, type Ref } from "./graph.ts";

/** Options that say how a layer was trained or shown, not what it computes. */
const NO_MEANING =
  /_(initializer|regularizer|constraint)$|^(name|trainable|dtype|batch_input_shape|batch_size|input_dtype|sparse|ragged|implementation|unroll)$/;

/**
 * SHA-256 over what a model computes: its nodes with their options and what
 * feeds them, its inputs and outputs, and the values of its weights. Not over
 * a file's bytes, so that the same model gives the same text from every format.
 *
 * @param nodes All nodes.
 * @param inputs The model's inputs.
 * @param outputs The model's outputs.
 * @returns 64 hexadecimal digits.
 */
export async function fingerprintOf(
  nodes: readonly GraphNode[],
  inputs: readonly Ref[],
  outputs: readonly Ref[],
): Promise<string> {
  const place = new Map(nodes.map((node, i) => [node, i]));
  const refs = (list: readonly Ref[]) =>
    list.map(origin).map(({ node, index }) => [place.get(node), index]);
  const hash = createHash("sha256");
  hash.update(canonicalJson([refs(inputs), refs(outputs)]));
  const seen = new Set<object>();
  for (const node of nodes) {
    const { name, kind, config } = node.row;
    const options = meaningOf(config);
    hash.update(canonicalJson([name, kind, options, refs(node.inputs)]));
    for (const { tensor } of node.weights()) {
      if (seen.has(tensor.dataId)) continue;
      seen.add(tensor.dataId);
      hash.update(canonicalJson([tensor.shape, tensor.dtype]));
      const { data } = await readWeight(tensor);
      hash.update(
        new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      );
    }
  }
  return hash.digest("hex");
}

/** Options in Keras' spelling, without those that change no value. */
function meaningOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(meaningOf);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [snakeCase(key), inner] as const)
      .filter(([key]) => !NO_MEANING.test(key))
      .map(([key, inner]) => [key, meaningOf(inner)]),
  );
}

function snakeCase(text: string): string {
  return text.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
}

/**
 * JSON with keys in order, so that equal values give equal text.
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
