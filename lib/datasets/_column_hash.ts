/**
 * Hashes of columns, for fingerprints.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Column, ColumnStore } from "./_columns.ts";

/** The rows to hash. */
export interface HashedRows {
  /** Opens the columns. */
  readonly open: () => Promise<ColumnStore>;
  /** Names of the columns. */
  readonly names: readonly string[];
  /** The selected rows; undefined for all. */
  readonly rows: Uint32Array | undefined;
}

/**
 * Hashes columns in one pass.
 *
 * @param hashed The rows.
 * @returns A hash per column.
 * @throws {TypeError} If a value cannot be read.
 */
export async function hashColumns(
  { open, names, rows }: HashedRows,
): Promise<string[]> {
  const hashes = names.map((name) => [name, new ColumnHash()] as const);
  const store = await open();
  try {
    for await (const block of store.read(names, 0, rows)) {
      for (const [name, hash] of hashes) hash.add(block.columns.get(name)!);
    }
  } finally {
    store.close();
  }
  return hashes.map(([, hash]) => hash.digest());
}

/**
 * Hashes columns of which some may not be readable, as for a null: these cannot
 * be inputs either, so the first error stands for their contents.
 *
 * @param hashed The rows.
 * @returns A hash or an error per column.
 */
export async function hashReadable(hashed: HashedRows): Promise<string[]> {
  const isData = (error: unknown) =>
    error instanceof TypeError || error instanceof RangeError ||
    error instanceof SyntaxError;
  try {
    return await hashColumns(hashed);
  } catch (error) {
    if (!isData(error)) throw error;
  }
  const found: string[] = [];
  for (const name of hashed.names) {
    try {
      found.push(...await hashColumns({ ...hashed, names: [name] }));
    } catch (error) {
      if (!isData(error)) throw error;
      found.push(String(error));
    }
  }
  return found;
}

/** A hash of a column, which does not depend on the blocks that are read. */
class ColumnHash {
  readonly #hash = createHash("sha256");
  #shape = "";

  /**
   * Adds the next rows.
   *
   * @param column The rows.
   */
  add(column: Column): void {
    if (column.kind === "numbers") {
      const { buffer, byteOffset, byteLength } = column.data;
      const shape = JSON.stringify([column.dtype, column.shape]);
      if (shape !== this.#shape) this.#hash.update(shape);
      this.#shape = shape;
      this.#hash.update(new Uint8Array(buffer, byteOffset, byteLength));
    } else if (column.kind === "strings") {
      const lines = column.values.map((value) => `${JSON.stringify(value)}\n`);
      this.#hash.update(lines.join(""));
    } else {
      column.values.forEach((value, i) => {
        const bytes = value instanceof TypeError ? undefined : value;
        const facts = [column.names[i] ?? null, bytes?.length ?? null];
        this.#hash.update(JSON.stringify(facts));
        if (bytes !== undefined) this.#hash.update(bytes);
      });
    }
  }

  /**
   * Ends the hash.
   *
   * @returns Hexadecimal digits.
   */
  digest(): string {
    return this.#hash.digest("hex");
  }
}
