/**
 * The description in a file of features: everything of a feature set except the
 * arrays of rows, and their checksums.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import config from "../../deno.json" with { type: "json" };
import { cannot } from "../check.ts";
import { parseLooseJson } from "../formats/loose_json.ts";
import type { RowRange } from "../formats/safetensors.ts";
import type { StoredType } from "../formats/stored_array.ts";
import type {
  FeatureSource,
  FeatureSpec,
  LinearHead,
  OutputActivation,
  SkippedSample,
} from "../types.ts";
import type { IdKind } from "./_ids.ts";

/** The version of Sonde, as in files. */
export const VERSION: string = config.version;

/** The version of the layout of files. */
const LAYOUT = 1;

/** One array of rows. */
export interface ColumnSpec {
  /** Its name: that of a layer, or one that starts with `sonde.` */
  readonly name: string;
  /** Its element type in a feature set. */
  readonly dtype: StoredType;
  /** Sizes of one row. */
  readonly shape: readonly number[];
  /** CRC-32 over the values of all rows. */
  readonly crc32: number;
}

/** Description of the ids. */
export interface IdSpec {
  /** Their encoding. */
  readonly kind: IdKind;
  /** CRC-32 over the ids as JSON, one per line. */
  readonly crc32: number;
  /** Bytes of these lines. */
  readonly bytes: number;
}

/** The description in a file of features. */
export interface Description {
  /** The version of Sonde that wrote it. */
  readonly version: string;
  /** Number of rows. */
  readonly samples: number;
  /** Its ids. */
  readonly ids: IdSpec;
  /** Its columns, without ids. */
  readonly columns: readonly ColumnSpec[];
  /** Descriptions of the features, in the order of the layers. */
  readonly specs: readonly FeatureSpec[];
  /** Names of the classes, by label. */
  readonly classNames?: readonly string[] | undefined;
  /** The activation after the logits in the model. */
  readonly activation?: OutputActivation | undefined;
  /** The model and settings that made the features. */
  readonly source?: FeatureSource | undefined;
  /** Shape of the head's kernel, if there is a head. */
  readonly head?: readonly number[] | undefined;
  /** CRC-32 over the head's weights: those of the kernel, then the bias. */
  readonly headCrc32?: number | undefined;
  /** The head's weights as base64, if the format has no arrays besides rows. */
  readonly weights?:
    | { readonly kernel: string; readonly bias: string }
    | undefined;
  /** Samples that a source skipped. */
  readonly skipped: readonly SkippedSample[];
  /** The samples of a part of a run. */
  readonly range?: RowRange | undefined;
  /** The run that wrote it, if it has a fingerprint. */
  readonly run?: string | undefined;
}

/**
 * Encodes a description.
 *
 * @param description The description.
 * @returns JSON; equal for equal descriptions.
 */
export function descriptionText(description: Description): string {
  return sealed(JSON.stringify({ layout: LAYOUT, ...description }));
}

/**
 * Puts a checksum at the end of a JSON object.
 *
 * @param text The object.
 * @returns The same with one entry more, `"crc32"`.
 */
function sealed(text: string): string {
  const open = text.replace(/\s*\}$/, "");
  return `${open},"crc32":${crc32(open)}}`;
}

/**
 * Checks the text of an object that was {@linkcode sealed}.
 *
 * @param text The text.
 * @param name The file, for messages.
 * @throws {SyntaxError} If it was changed.
 */
function checkSeal(text: string, name: string): void {
  const [end, checksum] = /,"crc32":(\d+)\}$/.exec(text) ?? [];
  const found = crc32(text.slice(0, text.length - (end?.length ?? 0)));
  if (Number(checksum) === found) return;
  const rule = "its description must have the checksum that it ends with";
  const hint = "the file was changed or is damaged: write it again";
  throw badFeatures(name, rule, found.toString(16), hint);
}

/**
 * The checksum of a head's weights.
 *
 * @param head The weights.
 * @returns Its CRC-32.
 */
export function headChecksum({ kernel, bias }: LinearHead): number {
  return [kernel, bias].reduce((sum, { data }) => {
    const { buffer, byteOffset, byteLength } = data;
    return crc32(new Uint8Array(buffer, byteOffset, byteLength), sum);
  }, 0);
}

/**
 * Decodes a description.
 *
 * @param text JSON, or undefined if the file has none.
 * @param name The file, for messages.
 * @returns The description.
 * @throws {SyntaxError} If there is none, or it has the layout of another
 * version of Sonde.
 */
export function parseDescription(
  text: string | undefined,
  name: string,
): Description {
  if (text === undefined) {
    throw badFeatures(
      name,
      "Sonde must have written it",
      "no description of features",
      "read it with npzFile() or table(), if it is data",
    );
  }
  checkSeal(text, name);
  const limits = { bytes: 2 ** 30, values: 2 ** 24 };
  const parsed = parseLooseJson(text, `description of ${name}`, limits);
  const { layout, crc32: _checked, ...description } = Object(parsed) as {
    layout: number;
    crc32: number;
  };
  if (layout !== LAYOUT) {
    const hint = "open it with the version of Sonde that wrote it";
    throw badFeatures(name, `its layout must be ${LAYOUT}`, layout, hint);
  }
  checkFields(description, name);
  return description;
}

function checkFields(
  value: object,
  name: string,
): asserts value is Description {
  const { samples, ids, columns, specs, skipped } = value as Description;
  const isCount = Number.isSafeInteger(samples) && samples >= 0;
  const hasColumns = Array.isArray(columns) &&
    columns.every((column) =>
      typeof column?.name === "string" && typeof column.dtype === "string" &&
      Array.isArray(column.shape) && typeof column.crc32 === "number"
    );
  const hasRest = Array.isArray(specs) && Array.isArray(skipped) &&
    typeof ids?.kind === "string";
  if (isCount && hasColumns && hasRest) return;
  throw badFeatures(
    name,
    "its description must list samples, ids and columns",
    Object.keys(value),
  );
}

/**
 * Creates the error for an invalid file of features.
 *
 * @param name The file.
 * @param rule The violated rule.
 * @param value The value to check.
 * @param hint How to fix it.
 * @returns The error.
 */
export function badFeatures(
  name: string,
  rule: string,
  value: unknown,
  hint?: string,
): SyntaxError {
  return new SyntaxError(
    cannot(`open features "${name}"`, rule, value, hint),
  );
}
