/**
 * Checks before a run: what a format cannot store, and free space on the disk.
 *
 * @module
 */
import { statfsSync } from "node:fs";
import { cannot, sizeOf } from "../check.ts";
import type { FeatureSet } from "../types.ts";
import type { FileFormat } from "./target.ts";

/** Names that are reserved in safetensors or its JSON readers. */
const KEPT: readonly string[] = [
  ...["__metadata__", "__proto__", "constructor", "prototype"],
];

/**
 * Checks that the names of layers are valid in a file.
 *
 * @param names The names.
 * @param format The format of the file.
 * @throws {RangeError} If one is not.
 */
export function checkFeatureNames(
  names: readonly string[],
  format: FileFormat,
): void {
  const all = new Set(names);
  for (const name of names) {
    if (format === "npz") checkMember(name, all);
    if (format !== "safetensors" || !KEPT.includes(name)) continue;
    const rule = `no layer must be named ${KEPT.join(", ")}`;
    throw new RangeError(
      cannot("write safetensors", rule, name, "rename the layer"),
    );
  }
}

/** Names that this library, all operating systems and NumPy accept. */
function checkMember(name: string, all: ReadonlySet<string>): void {
  const hint = "write a .safetensors or .parquet file";
  const refuse = (rule: string) => {
    throw new RangeError(cannot("write .npz", rule, name, hint));
  };
  const isUnsafe = name.split("/").some((part) => /^\.{0,2}$/.test(part)) ||
    // deno-lint-ignore no-control-regex
    /[\\\u0000-\u001f\u007f]|^[A-Za-z]:/.test(name);
  if (isUnsafe) refuse("every layer's name must be a plain path");
  if (name === "sonde") refuse("no layer must be named as the description");
  if (!name.endsWith(".npy") || !all.has(name.slice(0, -4))) return;
  refuse(
    'no layer must be named as another one and ".npy", which NumPy leaves out',
  );
}

/**
 * Checks that rows can be stored in a file.
 *
 * @param set The rows.
 * @param format The format of the file.
 * @throws {RangeError} If they cannot.
 */
export function checkWritable(set: FeatureSet, format: FileFormat): void {
  checkFeatureNames(set.layerNames, format);
  if (format === "npz") {
    for (let i = 0; i < set.ids.length; i++) checkId(set.ids[i]!);
  }
  if (format !== "parquet") return;
  set.features.forEach(({ shape }, i) =>
    checkUnits(set.layerNames[i]!, shape.slice(1))
  );
}

/**
 * Checks that a feature has units, which a list in Parquet needs.
 *
 * @param name The name of the feature.
 * @param shape Sizes of one row.
 * @throws {RangeError} If it has none.
 */
export function checkUnits(name: string, shape: readonly number[]): void {
  if (sizeOf(shape) > 0) return;
  const rule = `feature "${name}" must have units`;
  const hint = "write a .safetensors or .npz file";
  throw new RangeError(cannot("write Parquet", rule, [...shape], hint));
}

/**
 * Checks that an id can be stored in NumPy's strings.
 *
 * @param id The id.
 * @throws {RangeError} If it cannot.
 */
export function checkId(id: string | number): void {
  if (typeof id === "number" || !id.endsWith("\0")) return;
  const rule = "no id must end with a zero, which NumPy leaves out";
  const hint = "write a .safetensors or .parquet file";
  throw new RangeError(cannot("write .npz", rule, id, hint));
}

/**
 * Checks that a disk has enough free space for files. Without
 * `--allow-sys=statfs` nothing is checked, and a full disk is reported on
 * writing.
 *
 * @param folder A folder on the disk.
 * @param needed Number of bytes to write.
 * @throws {RangeError} If they do not fit.
 */
export function checkDiskSpace(folder: string, needed: number): void {
  const free = freeBytes(folder);
  if (free === undefined || needed <= free) return;
  const rule = `the disk of "${folder}" must have ${needed} free bytes, ` +
    "twice what the features take";
  const hint = "make room, or write to another disk";
  throw new RangeError(cannot("write features", rule, free, hint));
}

function freeBytes(folder: string): number | undefined {
  const permission = { name: "sys", kind: "statfs" } as
    & Deno.PermissionDescriptor
    & { kind: string };
  const { state } = Deno.permissions.querySync(permission);
  if (state !== "granted") return undefined;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
