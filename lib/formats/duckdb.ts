/**
 * DuckDB in a sandbox: it reads only the named files, has no network access,
 * loads no extensions, writes no files, and no statement can change that.
 *
 * @module
 */
import type {
  DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  DuckDBPreparedStatement,
} from "@duckdb/node-api";
import { cannot } from "../check.ts";

/** An open engine, owned by its caller. */
export class LockedDuckdb {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #name: string;

  private constructor(
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    name: string,
  ) {
    this.#instance = instance;
    this.#connection = connection;
    this.#name = name;
  }

  /**
   * Starts an in-memory engine.
   *
   * @param files The only files that it may read.
   * @param name Name of the data, for messages.
   * @param isRepeatable Whether any SQL must give the same rows in the same
   * order each time. It then runs on one thread: with several, the order of
   * groups and joins and the last digits of sums differ from run to run.
   * @returns The engine; close it.
   */
  static async open(
    files: readonly string[],
    name: string,
    isRepeatable = false,
  ): Promise<LockedDuckdb> {
    const { DuckDBInstance } = await loadDuckdb();
    const instance = await DuckDBInstance.create(":memory:", {
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
      allow_community_extensions: "false",
      temp_directory: "", // no temporary files, even if memory is exceeded
      preserve_insertion_order: "true",
      ...isRepeatable ? { threads: "1" } : {},
    });
    const connection = await instance.connect();
    const locked = new LockedDuckdb(instance, connection, name);
    // Also as patterns: DuckDB reads "[1]" in the name of a file as one.
    const paths = files.flatMap((file) => [literal(file), fileLiteral(file)])
      .join(", ");
    await connection.run(`SET allowed_paths = [${paths}]`);
    await connection.run("SET enable_external_access = false");
    await connection.run("SET lock_configuration = true");
    return locked;
  }

  /**
   * Runs one SELECT, and streams its chunks.
   *
   * @param sql The statement.
   * @returns Names and types of the columns, and the chunks.
   * @throws {SyntaxError} If it is not a single SELECT, or the engine refuses
   * it; `cause` is the engine's error.
   */
  async select(sql: string): Promise<{
    readonly names: readonly string[];
    readonly types: readonly string[];
    readonly chunks: AsyncIterable<DuckDBDataChunk>;
  }> {
    const result = await this.#attempt(async () =>
      await (await this.#prepared(sql)).stream()
    );
    const fetch = () => this.#attempt(() => result.fetchChunk());
    async function* chunks(): AsyncGenerator<DuckDBDataChunk> {
      for (;;) {
        const chunk = await fetch();
        if (!chunk || chunk.rowCount === 0) return;
        yield chunk;
      }
    }
    const types = result.columnTypes().map(String);
    return { names: result.columnNames(), types, chunks: chunks() };
  }

  /**
   * Checks that a statement is one SELECT that can run.
   *
   * @param sql The statement.
   * @throws {SyntaxError} If it is not.
   */
  async check(sql: string): Promise<void> {
    const statement = await this.#attempt(() => this.#prepared(sql));
    statement.destroySync();
  }

  async #prepared(sql: string): Promise<DuckDBPreparedStatement> {
    const { StatementType } = await import("@duckdb/node-api");
    const statements = await this.#connection.extractStatements(sql);
    const statement = statements.count === 1
      ? await statements.prepare(0)
      : undefined;
    if (statement?.statementType === StatementType.SELECT) return statement;
    const rule = "its SQL must be one SELECT statement";
    const found = statement === undefined
      ? `${statements.count} statements`
      : StatementType[statement.statementType];
    throw new SyntaxError(cannot(`read ${this.#name}`, rule, found));
  }

  /**
   * Creates a table of row indices, for queries of rows in any order.
   *
   * @param table Its name; its columns are `sonde_position` and `sonde_picked`.
   * @param rows The row indices.
   */
  async fillRows(table: string, rows: Uint32Array): Promise<void> {
    await this.#connection.run(
      `CREATE TEMP TABLE ${table} ` +
        "(sonde_position UINTEGER, sonde_picked UINTEGER)",
    );
    const appender = await this.#connection.createAppender(table);
    rows.forEach((row, position) => {
      appender.appendUInteger(position);
      appender.appendUInteger(row);
      appender.endRow();
    });
    appender.closeSync();
  }

  /** Frees the engine. */
  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async #attempt<R>(work: () => Promise<R>): Promise<R> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof SyntaxError || !(error instanceof Error)) {
        throw error;
      }
      const { reason, details } = reasonOf(error.message, this.#name);
      const rule = "DuckDB must be able to read it";
      throw new SyntaxError(
        cannot(`read ${this.#name}`, rule, reason, details),
        { cause: error },
      );
    }
  }
}

/** The first paragraph of an error of the engine; the next ones are advice for SQL. */
function reasonOf(message: string, name: string) {
  const [reason = "", ...more] = message.trim().split("\n\n")[0]!.split("\n");
  const isCode = /not utf-8 encoded/.test(message);
  const details = more
    .filter((line) =>
      !/^(Original Line|LINE|Did you mean "(pg|sqlite)_)/.test(line)
    )
    .map((line) => line.trim().replace(/\.$/, ""));
  if (isCode) details.push("save it in UTF-8");
  const isFile = /^(Permission Error: Cannot access|Catalog Error: Table)/
    .test(reason);
  if (isFile && name === "query") {
    details.push('quote its files in the SQL, and list them in "files"');
  }
  return {
    reason: reason.trim(),
    details: details.length === 0 ? undefined : details.join("; "),
  };
}

async function loadDuckdb() {
  try {
    return await import("@duckdb/node-api");
  } catch (error) {
    const [reason] = String(error).split("\n");
    const rule = "DuckDB must be able to load";
    const hint = "run with --allow-read and --allow-ffi";
    throw new TypeError(cannot("read tables", rule, reason, hint), {
      cause: error,
    });
  }
}

/**
 * Formats a string literal in SQL.
 *
 * @param text Any string.
 * @returns The literal.
 */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * Formats the path of one file for functions that read files, which take
 * patterns.
 *
 * @param path The path.
 * @returns The literal of a pattern that matches this file alone.
 */
export function fileLiteral(path: string): string {
  return literal(path.replace(/[*?[]/g, "[$&]"));
}

/**
 * Formats an identifier in SQL.
 *
 * @param name Any name.
 * @returns The identifier.
 */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
