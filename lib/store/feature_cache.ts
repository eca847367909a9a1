/**
 * A folder of results by the identity of what made them.
 *
 * @module
 */
import { cannot, checkAwaited } from "../check.ts";
import { openSafetensors } from "./_open_safetensors.ts";
import type { Part } from "./part.ts";
import { pathOf } from "./target.ts";
import { writeFeatureFile } from "./write_file.ts";

/** Where results are kept, and how many. */
export interface CacheSettings {
  /** The folder. */
  readonly folder: string;
  /** Bytes of all files at the most. */
  readonly maxBytes: number;
}

const FILE = /^[0-9a-f]{64}\.safetensors$/;

/** Results in a folder; those that were used last are kept. */
export class FeatureCache {
  readonly #settings: CacheSettings;

  /**
   * The cache in a folder, which need not be there yet.
   *
   * @param settings The folder, and how large it may become.
   */
  constructor(settings: CacheSettings) {
    this.#settings = settings;
  }

  /**
   * Looks for a result.
   *
   * @param key 64 hexadecimal digits.
   * @returns Its rows, to be closed; undefined if it is not there.
   * @throws {SyntaxError} If the file is damaged.
   */
  // deno-lint-ignore require-await
  async find(key: string): Promise<Part | undefined> {
    const path = this.#path(key);
    const now = new Date();
    try {
      Deno.utimeSync(path, now, now);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
    return openSafetensors(path);
  }

  /**
   * Keeps a result, if it is not too large, and removes what was not used for
   * longest until all fits.
   *
   * @param key 64 hexadecimal digits.
   * @param parts Its rows.
   */
  async add(key: string, parts: readonly Part[]): Promise<void> {
    const { folder, maxBytes } = this.#settings;
    Deno.mkdirSync(folder, { recursive: true });
    const path = this.#path(key);
    const scratch = `${path}.${crypto.randomUUID()}`;
    await writeFeatureFile(path, "safetensors", parts, { scratch });
    const files = filesOf(folder).sort((a, b) => b.used - a.used);
    let sum = 0;
    for (const { path, bytes } of files) {
      sum += bytes;
      if (sum > maxBytes) Deno.removeSync(path);
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

function filesOf(folder: string): CacheFile[] {
  return [...Deno.readDirSync(folder)].filter(({ name }) => FILE.test(name))
    .map(({ name }) => {
      const path = `${folder}/${name}`;
      const { size, mtime } = Deno.statSync(path);
      return { path, bytes: size, used: mtime?.getTime() ?? 0 };
    });
}

/**
 * Removes all results that {@linkcode FeatureExtractor.cache} keeps in a
 * folder. Other files there stay.
 *
 * @category Files of features
 * @param folder A path or `file:` URL; it need not be there.
 * @returns How many results were removed.
 * @throws {TypeError} If it is no path, or is a file.
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
  checkAwaited(folder, action, "the folder");
  const path = pathOf(folder, action);
  let files: CacheFile[];
  try {
    files = filesOf(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    if (!(error instanceof Deno.errors.NotADirectory)) throw error;
    throw new TypeError(cannot(action, "it must be a folder", path));
  }
  for (const { path } of files) Deno.removeSync(path);
  return files.length;
}
