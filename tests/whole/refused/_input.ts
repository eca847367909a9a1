import type { LoadModelOptions } from "../../../lib/extractor/load_model.ts";
import type { Bytes, Files } from "../../support/model_files.ts";

/** One kind of input that must be refused. */
export interface RefusedInput {
  /** Its number, from 1 to 47. */
  readonly number: number;
  /** What is wrong with it. */
  readonly what: string;
  /** Files of that kind, each made for it. */
  readonly refused: readonly RefusedCase[];
  /** Files that look alike and are good. */
  readonly opened?: readonly OpenedCase[];
}

/** A file, and what is said of it. */
export interface RefusedCase {
  readonly what: string;
  /** The file, or a folder of files of which the first is opened. */
  readonly file: () => Bytes | Files;
  /** Its name. @default {"model.keras"} */
  readonly name?: string;
  /** Parts of the message: member, layer, value, and what to do. */
  readonly says: readonly string[];
  /** Whether it opens, and is refused when it runs. @default {false} */
  readonly atRun?: boolean;
  readonly options?: LoadModelOptions;
}

/** A file that opens and runs. */
export interface OpenedCase {
  readonly what: string;
  readonly file: () => Bytes | Files;
  readonly name?: string;
  readonly options?: LoadModelOptions;
}
