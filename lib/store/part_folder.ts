/**
 * Runs that can be interrupted at any time: finished parts are stored in
 * `<target>.partial`, with a record of the run's settings.
 *
 * A part is a file of features. Its name contains the samples of the dataset
 * that it covers; it has that name only when it is completely on disk. Several
 * processes may fill one folder, each its own range of samples.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { cannot } from "../check.ts";
import { missingPath } from "../formats/file_path.ts";
import { parseLooseJson } from "../formats/loose_json.ts";
import type { FeatureSet, SkippedSample } from "../types.ts";
import type { RowRange } from "../formats/safetensors.ts";
import { openSafetensors } from "./_open_safetensors.ts";
import { type Part, partOfSet } from "./part.ts";
import { kindAt } from "./target.ts";
import { notWritten, writeFeatureFile, writeWhole } from "./write_file.ts";

/** The settings of a run, under names for messages. */
export type RunRecord = Readonly<Record<string, string | number | boolean>>;

/** Finished samples. */
export interface DonePart extends RowRange {
  /** The file. */
  readonly path: string;
  /** Skipped samples, if the file contains only these. */
  readonly skipped?: readonly SkippedSample[];
}

const RECORD = "run.json";
const PART = /^part-(\d{12})-(\d{12})\.(safetensors|json)$/;
const ACTION = "write features";
const ANEW = "delete this file and call it again: its part is computed anew";

/** The folder of a run. */
export class PartFolder {
  /** Its path. */
  readonly path: string;
  readonly #locks: Deno.FsFile[] = [];

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Opens or creates the folder of a target.
   *
   * @param path The folder.
   * @param record The settings of the run.
   * @param canResume Whether an existing run may be resumed.
   * @returns The folder.
   * @throws {RangeError} If there is a run with other settings, or one that
   * cannot be resumed; nothing is changed.
   */
  static async open(
    path: string,
    record: RunRecord,
    canResume: boolean,
  ): Promise<PartFolder> {
    const found = PartFolder.record(path);
    if (found !== undefined) {
      checkSame(path, found, record);
      if (!canResume) throw notResumable(path);
    } else {
      await writeRecord(path, record);
      // Another process may have started at the same moment.
      checkSame(path, PartFolder.record(path)!, record);
    }
    return new PartFolder(path);
  }

  /**
   * Reads the settings of the run in a folder.
   *
   * @param path The folder.
   * @returns The record; undefined if there is no run.
   * @throws {RangeError} If the folder contains something else.
   */
  static record(path: string): RunRecord | undefined {
    const kind = kindAt(path);
    if (kind === undefined) return undefined;
    const rule =
      `"${path}" must be the folder of an unfinished run, or nothing`;
    const hint = "move it away, or pass another target";
    if (kind === "a file") {
      throw new RangeError(cannot(ACTION, rule, kind, hint));
    }
    const names = [...Deno.readDirSync(path)].map(({ name }) => name);
    if (names.includes(RECORD)) {
      return readRecord(`${path}/${RECORD}`);
    }
    // A run that was interrupted at the very start has only this.
    if (names.every((name) => name.startsWith(RECORD))) return undefined;
    throw new RangeError(cannot(ACTION, rule, names, hint));
  }

  /**
   * Locks a range of samples against other processes.
   *
   * @param index The index of the range.
   * @throws {RangeError} If another process has locked it.
   */
  lock(index: number): void {
    const file = Deno.openSync(`${this.path}/lock-${index}`, {
      create: true,
      write: true,
    });
    if (file.tryLockSync(true)) {
      this.#locks.push(file);
      return;
    }
    file.close();
    const rule = "no other process must be writing it";
    const hint = "wait until it is done, or pass another target";
    throw new RangeError(cannot(ACTION, rule, this.path, hint));
  }

  /** Releases the lock. */
  close(): void {
    for (const file of this.#locks.splice(0)) file.close();
  }

  /**
   * The contiguous parts of a range, from its start.
   *
   * @param range The range.
   * @returns The parts, in order.
   */
  done({ start, end }: RowRange): DonePart[] {
    const parts = this.#parts();
    const done: DonePart[] = [];
    let at = start;
    while (at < end) {
      const next = parts.get(at);
      if (next === undefined) break;
      done.push(next);
      at = next.end;
    }
    return done;
  }

  /**
   * Writes a part.
   *
   * @param set Its rows; undefined if all samples were skipped.
   * @param range The samples of the dataset that it covers.
   * @param facts Skipped samples, and the run.
   * @returns The part.
   */
  async add(
    set: FeatureSet | undefined,
    { start, end }: RowRange,
    facts: {
      readonly skipped: readonly SkippedSample[];
      readonly run: string | undefined;
    },
  ): Promise<DonePart> {
    const name = [start, end].map((at) => String(at).padStart(12, "0"));
    const stem = `${this.path}/part-${name.join("-")}`;
    if (set === undefined) {
      const path = `${stem}.json`;
      const { skipped, run } = facts;
      const checksum = checksumOf(skipped);
      const left: LeftOut = { run, start, end, skipped, checksum };
      const text = new TextEncoder().encode(JSON.stringify(left));
      await writeWhole(path, (sink) => sink.write(text));
      return { path, start, end, skipped };
    }
    const path = `${stem}.safetensors`;
    const part = partOfSet(set, { ...facts, range: { start, end } });
    await writeFeatureFile(path, "safetensors", [part]);
    return { path, start, end };
  }

  #parts(): Map<number, DonePart> {
    const parts = new Map<number, DonePart>();
    for (const { name } of Deno.readDirSync(this.path)) {
      const [, start, end, kind] = PART.exec(name) ?? [];
      if (start === undefined) continue;
      const path = `${this.path}/${name}`;
      const range = { path, start: Number(start), end: Number(end) };
      const skipped = kind === "json" ? readLeftOut(range) : undefined;
      parts.set(range.start, { ...range, ...(skipped && { skipped }) });
    }
    return parts;
  }
}

/**
 * The rows of finished parts. One file is open at a time.
 *
 * @param done The parts.
 * @param run The run that they must belong to.
 * @returns The rows, for a writer; the caller closes each.
 * @throws {SyntaxError} If a part is damaged.
 * @throws {RangeError} If a part is of another run, or all samples were
 * skipped.
 */
export function rowsOfParts(
  done: readonly DonePart[],
  run: string | undefined,
): Part[] {
  let opened: { readonly path: string; readonly part: Part } | undefined;
  const open = (path: string) => {
    if (opened?.path !== path) {
      opened?.part.close();
      opened = undefined;
      opened = { path, part: openPart(path) };
    }
    return opened.part;
  };
  const parts: Part[] = [];
  let left: SkippedSample[] = [];
  for (const { path, skipped, start, end } of done) {
    if (skipped !== undefined) {
      left.push(...skipped);
      continue;
    }
    const { name, description, head } = open(path);
    const { range } = description;
    if (description.run !== run) throw damagedPart(path, "another run");
    if (range?.start !== start || range.end !== end) {
      throw damagedPart(
        path,
        range === undefined ? "no part" : "other samples",
      );
    }
    parts.push({
      name,
      advice: `the part was changed: ${ANEW}`,
      description: {
        ...description,
        range: undefined, // the target does not depend on how it was cut
        skipped: [...left, ...description.skipped],
      },
      head,
      read: (column, rows) => open(path).read(column, rows),
      ids: (rows) => open(path).ids(rows),
      close() {
        opened?.part.close();
        opened = undefined;
      },
    });
    left = [];
  }
  const last = parts.pop();
  if (last === undefined) {
    const rule = "there must be samples";
    const found = `all ${left.length} left out`;
    throw new RangeError(cannot(ACTION, rule, found));
  }
  const { description } = last;
  const skipped = [...description.skipped, ...left];
  return [...parts, { ...last, description: { ...description, skipped } }];
}

function openPart(path: string): Part {
  try {
    return openSafetensors(path);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw damagedPart(path, "damaged", error);
  }
}

/** The file of a part whose samples were all skipped. */
interface LeftOut extends RowRange {
  readonly run: string | undefined;
  readonly skipped: readonly SkippedSample[];
  readonly checksum: number;
}

function checksumOf(skipped: unknown): number {
  return crc32(JSON.stringify(skipped));
}

function readLeftOut({ path, start, end }: DonePart): readonly SkippedSample[] {
  const text = Deno.readTextFileSync(path);
  let left: Partial<LeftOut> | null;
  try {
    left = JSON.parse(text);
  } catch (cause) {
    throw damagedPart(path, "no JSON", cause);
  }
  const isWhole = left?.start === start && left.end === end &&
    left.skipped !== undefined && left.checksum === checksumOf(left.skipped);
  if (isWhole) return left!.skipped!;
  throw damagedPart(path, "other samples");
}

function damagedPart(
  path: string,
  found: string,
  cause?: unknown,
): RangeError | SyntaxError {
  const rule = `"${path}" must be a part of this run`;
  const message = cannot(ACTION, rule, found, ANEW);
  return cause === undefined
    ? new RangeError(message)
    : new SyntaxError(message, { cause });
}

/** Creates a folder with a record in it; removes it on failure. */
async function writeRecord(path: string, record: RunRecord): Promise<void> {
  try {
    Deno.mkdirSync(path, { recursive: true });
  } catch (error) {
    throw notWritten(path, error);
  }
  const text = new TextEncoder().encode(JSON.stringify(record, null, 1));
  const file = `${path}/${RECORD}`;
  const scratch = `${file}.${crypto.randomUUID()}`;
  try {
    await writeWhole(file, (sink) => sink.write(text), scratch);
  } catch (error) {
    const isEmpty = [...Deno.readDirSync(path)].length === 0;
    if (isEmpty) Deno.removeSync(path);
    throw error;
  }
}

function readRecord(path: string): RunRecord {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    throw missingPath(error, path, ACTION);
  }
  try {
    const record = parseLooseJson(text, path);
    if (isRecord(record)) return record;
  } catch (cause) {
    throw damagedRecord(path, text, cause);
  }
  throw damagedRecord(path, text);
}

/** Whether a value is a record of a run, with settings that can be compared. */
function isRecord(value: unknown): value is RunRecord {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return false;
  const { settings = "{}" } = value as { readonly settings?: unknown };
  return typeof settings === "string" && JSON.parse(settings) !== null &&
    Object.values(value).every((one) =>
      ["string", "number", "boolean"].includes(typeof one)
    );
}

function damagedRecord(
  path: string,
  text: string,
  cause?: unknown,
): SyntaxError {
  const rule = `"${path}" must say what its run was begun with`;
  const hint = "delete its folder to begin again";
  const found = `${text.length} characters that are damaged`;
  return new SyntaxError(cannot(ACTION, rule, found, hint), { cause });
}

/** Describes the differences between two settings, as JSON records. */
function changedSettings(found: unknown, wanted: unknown): string {
  const [before, now] = [found, wanted].map((text) =>
    JSON.parse(String(text ?? "{}")) as Record<string, unknown>
  );
  const names = new Set([...Object.keys(before!), ...Object.keys(now!)]);
  const textOf = (value: unknown) => JSON.stringify(value) ?? "none";
  return [...names].map((name) => [name, textOf(now![name])] as const)
    .filter(([name, text]) => text !== textOf(before![name]))
    .map(([name, text]) =>
      `${name} ${text} instead of ${textOf(before![name])}`
    )
    .join(", ");
}

function checkSame(path: string, found: RunRecord, wanted: RunRecord): void {
  const names = new Set([...Object.keys(found), ...Object.keys(wanted)]);
  const differing = [...names].filter((name) => found[name] !== wanted[name]);
  if (differing.length === 0) return;
  const messages = differing.map((name) => {
    if (name === "model" || name === "data") return `another ${name}`;
    return name === "settings"
      ? changedSettings(found[name], wanted[name])
      : `${name} ${wanted[name]} instead of ${found[name]}`;
  }).join("; ");
  const rule =
    `the unfinished run in "${path}" must have been begun with the ` +
    "same model, data and settings";
  const hint = "call it as it was begun, or delete that folder";
  throw new RangeError(cannot(ACTION, rule, messages, hint));
}

function notResumable(path: string): RangeError {
  const rule = `the unfinished run in "${path}" must be one that can be told ` +
    "from others: arrays or a source with a fingerprint, and built-in steps";
  const found = "a custom function, or data that cannot be told";
  const hint = "delete that folder to begin again";
  return new RangeError(cannot(ACTION, rule, found, hint));
}
