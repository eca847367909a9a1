/**
 * The ONNX file that a model was made from, for the engine that runs it.
 *
 * @module
 */
import type { OnnxFile } from "../../formats/onnx_model.ts";
import type { OnnxTensor } from "../../formats/onnx_tensor.ts";
import type { Span } from "../../formats/protobuf.ts";
import type { Ref, WeightSource } from "./graph.ts";

/** A constant of an ONNX file. */
export interface OnnxConstant extends WeightSource {
  readonly tensor: OnnxTensor;
  /** Where it stands in the file. */
  readonly span: Span;
  /** Whether an operation stands there, of which it is an attribute. */
  readonly isOperation: boolean;
  /**
   * Its bytes as its element type has them; undefined if they only go over as
   * in the file, as strings do.
   */
  readonly storedBytes: (() => Uint8Array<ArrayBuffer>) | undefined;
}

/** An ONNX file that a model was made from. */
export interface OnnxOrigin {
  readonly file: OnnxFile;
  /** Constants by the names of the tensors that they are. */
  readonly constants: ReadonlyMap<string, OnnxConstant>;
  /** Element types of the tensors that the file says something of, by number. */
  readonly types: ReadonlyMap<string, number>;
  /** How many rows the model takes at once; undefined if that is free. */
  readonly batch: number | undefined;
  /**
   * The name of a tensor in the file.
   *
   * @param ref The tensor.
   * @returns Its name.
   */
  nameOf(ref: Ref): string;
}
