/**
 * Attributes of TensorFlow's operations that TF.js does not read, so that it
 * computes something else, or NaN, without an error.
 *
 * Source: `operations/op_list` of TF.js 4.22, where they are `notSupported` or
 * missing.
 *
 * @module
 */
import type { Operation } from "./graph_specs.ts";

const NORMALISATION = /^FusedBatchNorm(V2|V3)?$/;
/** Operations that TF.js computes with channels last alone. */
const CHANNELS_LAST =
  /^(FusedBatchNorm(V2|V3)?|(Max|Avg)Pool(3D)?|MaxPoolWithArgmax|BiasAdd)$/;

/**
 * Finds an attribute that TF.js does not read.
 *
 * @param operation The operation.
 * @returns What the operation must be instead; undefined if it is so.
 */
export function unreadAttribute(
  { op, rawAttrs = {} }: Operation,
): string | undefined {
  const training = rawAttrs.is_training as { b?: boolean } | undefined;
  if (NORMALISATION.test(op) && training?.b === true) {
    return "be of inference, not of training, which TF.js does not compute";
  }
  const isFirst = CHANNELS_LAST.test(op) &&
    textOf(rawAttrs.data_format).startsWith("NC");
  return isFirst
    ? "have its channels last, as TF.js computes no others"
    : undefined;
}

/** A text attribute: base64 in JSON, or bytes. */
function textOf(value: unknown): string {
  const { s } = (value ?? {}) as { s?: string | ArrayLike<number> };
  if (s === undefined) return "";
  return typeof s === "string"
    ? atob(s)
    : new TextDecoder().decode(Uint8Array.from(s));
}
