/**
 * The ONNX file that a model was made from, for the engine that runs it.
 *
 * @module
 */
import type { OnnxFile } from "../../formats/onnx_model.ts";
import type { OnnxTensor } from "../../formats/onnx_tensor.ts";
import type { Ref, WeightSource } from "./graph.ts";

/** A constant of an ONNX file. */
export interface FileConstant extends WeightSource {
  readonly tensor: OnnxTensor;
  /** Whether it is an attribute of an operation. */
  readonly isOperation: boolean;
  /**
   * Its bytes in its element type; undefined if they must be copied from the
   * file, such as strings.
   */
  readonly storedBytes: (() => Uint8Array<ArrayBuffer>) | undefined;
}

/** An ONNX file that a model was made from. */
export interface OnnxOrigin {
  readonly file: OnnxFile;
  /** Constants by their tensor names. */
  readonly constants: ReadonlyMap<string, FileConstant>;
  /** Reads a tensor that is no constant of the whole graph. */
  readonly constantOf: (tensor: OnnxTensor) => FileConstant;
  /** Element types of the tensors that the file declares, by number. */
  readonly types: ReadonlyMap<string, number>;
  /** The fixed batch size; undefined if it is free. */
  readonly batch: number | undefined;
  /**
   * The name of a tensor in the file.
   *
   * @param ref The tensor.
   * @returns Its name.
   */
  nameOf(ref: Ref): string;
}
