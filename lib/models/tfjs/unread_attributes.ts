/**
 * Attributes of TensorFlow's operations that TF.js does not read, so that it
 * computes something else, or NaN, without an error.
 *
 * Source: `operations/op_list` and `operations/executors` of TF.js 4.22, where
 * they are `notSupported`, missing, or not passed on.
 *
 * @module
 */
import type { Operation } from "./graph_specs.ts";

/** An attribute in a `NodeDef`; integers may be strings. */
interface Attribute {
  readonly b?: boolean;
  readonly i?: number | string;
  readonly f?: number;
  readonly s?: string | ArrayLike<number>;
  readonly list?: {
    readonly i?: readonly (number | string)[];
    readonly s?: readonly (string | ArrayLike<number>)[];
  };
}

/** Attributes of an operation, by name. */
type Attributes = Readonly<Record<string, Attribute | undefined>>;

const NORMALISATION = /^FusedBatchNorm(V2|V3)?$/;
/** Operations that TF.js computes with channels last alone. */
const CHANNELS_LAST =
  /^(FusedBatchNorm(V2|V3)?|(Max|Avg)Pool(3D)?|MaxPoolWithArgmax|BiasAdd|(Fused)?DepthwiseConv2dNative|Conv2DBackpropInput)$/;
/** Convolutions whose strides TF.js reads as those of channels last. */
const CONVOLUTION = /^(Conv2D|_FusedConv2D)$/;
const FUSED = /^(_FusedConv2D|_FusedMatMul|FusedDepthwiseConv2dNative)$/;

/**
 * Finds an attribute that TF.js does not read.
 *
 * @param operation The operation.
 * @returns What the operation must be instead; undefined if it is so.
 */
export function unreadAttribute(
  { op, rawAttrs = {} }: Operation,
): string | undefined {
  const attributes = rawAttrs as Attributes;
  if (NORMALISATION.test(op) && attributes.is_training?.b === true) {
    return "be of inference, not of training, which TF.js does not compute";
  }
  if (isFirst(op, attributes)) {
    return "have its channels last, as TF.js computes no others";
  }
  if (op === "Conv2DBackpropInput" && isScaled(attributes.dilations)) {
    return "have dilations of 1, as TF.js reads no others";
  }
  if (op === "OneHot" && Number(attributes.axis?.i ?? -1) !== -1) {
    return "have axis -1, as TF.js reads no other";
  }
  if (op === "Mod") {
    return "be FloorMod, as TF.js rounds the quotient down";
  }
  return FUSED.test(op) ? unreadFusion(op, attributes) : undefined;
}

/** Whether TF.js takes channels first for channels last. */
function isFirst(op: string, attributes: Attributes): boolean {
  if (!textOf(attributes.data_format?.s).startsWith("NC")) return false;
  return CHANNELS_LAST.test(op) ||
    CONVOLUTION.test(op) && isScaled(attributes.strides, attributes.dilations);
}

function unreadFusion(
  op: string,
  { fused_ops: names }: Attributes,
): string | undefined {
  const fused = (names?.list?.s ?? []).map(textOf);
  if (fused.length > 0 && fused[0] !== "BiasAdd") {
    return "have a bias before its activation, which TF.js leaves out otherwise";
  }
  const isDepthwise = op === "FusedDepthwiseConv2dNative";
  return isDepthwise && fused.includes("LeakyRelu")
    ? "have no fused LeakyRelu, whose slope TF.js does not read"
    : undefined;
}

/** Whether strides or dilations are not all 1. */
function isScaled(...lists: readonly (Attribute | undefined)[]): boolean {
  return lists.some((list) =>
    list?.list?.i?.some((factor) => Number(factor) !== 1)
  );
}

/** A text attribute: base64 in JSON, or bytes. */
function textOf(text: string | ArrayLike<number> | undefined): string {
  if (text === undefined) return "";
  return typeof text === "string"
    ? atob(text)
    : new TextDecoder().decode(Uint8Array.from(text));
}
