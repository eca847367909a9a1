/**
 * A cache of results in a folder, by fingerprint.
 *
 * @module
 */
import { cannot, checkNoOptions } from "../check.ts";
import { missingPath } from "../formats/file_path.ts";
import type { Part } from "./part.ts";
import { kindAt, pathOf } from "./target.ts";
import { notWritten, writeFeatureFile } from "./write_file.ts";

/** Settings of a cache. */
export interface CacheSettings {
  /** The folder. */
  readonly folder: string;
  /** Maximum size of all files in bytes. */
  readonly maxBytes: number;
}

const FILE = /^[0-9a-f]{64}\.safetensors$/;
/** Files of a process that was killed while it wrote. */
const LEFTOVER =
  /^([0-9a-f]{64}\.safetensors\.[0-9a-f-]{36}\.unfinished|[0-9a-f-]{36}\.probe)$/;
/** A file that was not changed for a day is not being written. */
const LEFTOVER_MS = 24 * 60 * 60 * 1000;

/** A cache in a folder, with removal of the least recently used results. */
export class FeatureCache {
  readonly #settings: CacheSettings;

  /**
   * Creates the cache; the folder need not exist yet.
   *
   * @param settings The folder, and its maximum size.
   */
  constructor(settings: CacheSettings) {
    this.#settings = settings;
  }

  /**
   * Looks up a result.
   *
   * @param key 64 hexadecimal digits.
   * @returns Its rows, which the caller closes; undefined if there is none.
   * @throws {SyntaxError} If the file is damaged.
   * @throws {TypeError} If the folder cannot be written.
   */
  async find(key: string): Promise<Part | undefined> {
    const path = this.#path(key);
    this.#prepare();
    const now = new Date();
    try {
      Deno.utimeSync(path, now, now);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
    const { openSafetensors } = await import("./_open_safetensors.ts");
    try {
      const advice = "delete this file, or empty the cache with clearCache()";
      return { ...openSafetensors(path), advice };
    } catch (error) {
      // Another process has cleared the folder meanwhile.
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  /** Checks before the computation that the folder can be written. */
  #prepare(): void {
    const { folder } = this.#settings;
    const kind = kindAt(folder, "cache features");
    if (kind === "a file") {
      throw new TypeError(
        cannot("cache features", "it must be a folder", folder),
      );
    }
    const probe = `${folder}/${crypto.randomUUID()}.probe`;
    try {
      Deno.mkdirSync(folder, { recursive: true });
      Deno.openSync(probe, { write: true, createNew: true }).close();
      Deno.removeSync(probe);
    } catch (error) {
      throw notWritten(probe, error);
    }
  }

  /**
   * Stores a result, if it is not too large, and removes the least recently
   * used ones until all fit.
   *
   * @param key 64 hexadecimal digits.
   * @param parts Its rows.
   */
  async add(key: string, parts: readonly Part[]): Promise<void> {
    const { folder, maxBytes } = this.#settings;
    this.#prepare();
    const path = this.#path(key);
    const scratch = `${path}.${crypto.randomUUID()}`;
    await writeFeatureFile(path, "safetensors", parts, { scratch });
    removeLeftovers(folder);
    const files = filesOf(folder).sort((a, b) => b.used - a.used);
    let sum = 0;
    for (const { path, bytes } of files) {
      sum += bytes;
      if (sum > maxBytes) removed(path);
    }
  }

  #path(key: string): string {
    return `${this.#settings.folder}/${key}.safetensors`;
  }
}

interface CacheFile {
  readonly path: string;
  readonly bytes: number;
  readonly used: number;
}

function filesOf(folder: string, pattern = FILE): CacheFile[] {
  return [...Deno.readDirSync(folder)].filter(({ name }) => pattern.test(name))
    .flatMap(({ name }) => {
      const path = `${folder}/${name}`;
      try {
        const { size, mtime } = Deno.statSync(path);
        return [{ path, bytes: size, used: mtime?.getTime() ?? 0 }];
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return []; // just removed
        throw error;
      }
    });
}

function removeLeftovers(folder: string): void {
  for (const { path, used } of filesOf(folder, LEFTOVER)) {
    if (Date.now() - used > LEFTOVER_MS) removed(path);
  }
}

/** Removes a file, which another process may do at the same moment. */
function removed(path: string): boolean {
  try {
    Deno.removeSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Removes all results of {@linkcode FeatureExtractor.cache} in a folder. Other
 * files are kept.
 *
 * @category Files of features
 * @param folder A path or `file:` URL; it need not exist.
 * @returns The number of removed results.
 * @throws {TypeError} If it is not a path, or is a file.
 *
 * @example An empty cache
 * ```ts
 * import { clearCache } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const folder = await Deno.makeTempDir();
 * assert.equal(clearCache(folder), 0);
 * await Deno.remove(folder);
 * ```
 */
export function clearCache(folder: string | URL): number {
  const action = "clear cache";
  checkNoOptions(arguments, action, "clearCache(folder)", 1);
  const path = pathOf(folder, action, "the folder");
  let files: CacheFile[];
  try {
    removeLeftovers(path);
    files = filesOf(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    if (!(error instanceof Deno.errors.NotADirectory)) {
      throw missingPath(error, path, action);
    }
    throw new TypeError(cannot(action, "it must be a folder", path));
  }
  return files.filter(({ path }) => removed(path)).length;
}
