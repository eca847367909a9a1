/**
 * Facts about an operation of an ONNX file that are known before it runs.
 *
 * @module
 */

/** Facts about a tensor. */
export interface KnownTensor {
  /** Sizes; null if unknown. */
  readonly shape: readonly (number | null)[];
  /** The element type, by its number in ONNX. */
  readonly type: number;
}

/** An operation to infer. */
export interface InferredCall {
  readonly kind: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Its inputs; undefined if unknown or omitted. */
  readonly inputs: readonly (KnownTensor | undefined)[];
  /** Values of an integer input; undefined if one of them is unknown. */
  readonly values: (index: number) => readonly number[] | undefined;
  /** The same, with null for an unknown value; undefined if all are. */
  readonly sizes: (
    index: number,
  ) => readonly (number | null)[] | undefined;
  /** The integer in its attribute `value`, a tensor of one; undefined if none. */
  readonly fill?: number | undefined;
  readonly numOutputs: number;
}
