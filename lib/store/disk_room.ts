/**
 * Free space on a disk.
 *
 * @module
 */
import { statfsSync } from "node:fs";
import { cannot } from "../check.ts";

/**
 * Checks that a disk has enough free space for files. Without
 * `--allow-sys=statfs` nothing is checked, and a full disk is reported on
 * writing.
 *
 * @param folder A folder on the disk.
 * @param needed Number of bytes to write.
 * @throws {RangeError} If they do not fit.
 */
export function checkRoom(folder: string, needed: number): void {
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
