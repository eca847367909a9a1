/**
 * What stays of an ONNX file in the nodes and the model that are made of it,
 * for the engine that runs it.
 *
 * @module
 */
import type { OnnxFile, OnnxOperation } from "../../formats/onnx_model.ts";
import type { Ref } from "../graph/graph.ts";
import type { OnnxConstant } from "./onnx_constants.ts";

/** An operation of an ONNX file. */
export interface OnnxCall {
  readonly operation: OnnxOperation;
  /** All tensors that it takes, those of graphs within it too; empty for one left out. */
  readonly takes: readonly string[];
  /** What gives each of these; undefined for constants and what is left out. */
  readonly givers: readonly (Ref | undefined)[];
  /** The version of its operators: it decides what their attributes mean. */
  readonly version: number;
  /** What its operator means besides its name and attributes: domain, version, a function's body. */
  readonly meaning: string;
}

/** An ONNX file that a model was made from. */
export interface OnnxOrigin {
  readonly file: OnnxFile;
  /** Constants by the names of the tensors that they are. */
  readonly constants: ReadonlyMap<string, OnnxConstant>;
  /** Element types of the tensors that the file says something of, by number. */
  readonly types: ReadonlyMap<string, number>;
  /** How many rows the model takes at once; undefined where that is free. */
  readonly batch: number | undefined;
  /**
   * The name of a tensor in the file.
   *
   * @param ref The tensor.
   * @returns Its name.
   */
  nameOf(ref: Ref): string;
}
