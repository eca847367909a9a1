/**
 * A local server that serves this package as a registry does: published files
 * only, as TypeScript, with bare specifiers replaced by those of the import map in
 * `deno.json`.
 *
 * @module
 */

const ROOT = new URL("../../", import.meta.url);

/** A server that is running. */
export interface Registry extends AsyncDisposable {
  /** Name and port, as "127.0.0.1:4507". */
  readonly host: string;
  /** Address of `mod.ts`. */
  readonly entry: string;
  /** Where the files lie that it serves. */
  readonly folder: string;
  /** Paths that were asked for and are published, as "lib/check.ts". */
  readonly served: ReadonlySet<string>;
  /** Paths that were asked for and are not published. */
  readonly refused: ReadonlySet<string>;
}

interface Config {
  readonly imports: Readonly<Record<string, string>>;
  readonly publish: { readonly include: readonly string[] };
}

/**
 * Starts the server.
 *
 * @returns The server; disposing of it stops it and clears what Deno cached of it.
 */
export async function serveAsRegistry(): Promise<Registry> {
  const config: Config = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  const served = new Set<string>();
  const refused = new Set<string>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async ({ url }) => {
      const path = new URL(url).pathname.slice(1);
      const isPublished = config.publish.include.some((name) =>
        path === name || path.startsWith(`${name}/`)
      );
      const source = isPublished ? await textOf(path) : undefined;
      (source === undefined ? refused : served).add(path);
      if (source === undefined) return new Response(null, { status: 404 });
      const isModule = path.endsWith(".ts");
      return new Response(isModule ? rewritten(source, config) : source, {
        headers: {
          "content-type": isModule
            ? "application/typescript"
            : "application/json",
        },
      });
    },
  );
  const host = `127.0.0.1:${server.addr.port}`;
  return {
    host,
    entry: `http://${host}/mod.ts`,
    folder: decodeURIComponent(ROOT.pathname),
    served,
    refused,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await forget(server.addr.port);
    },
  };
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(new URL(path, ROOT));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * Replaces bare specifiers by full ones, as JSR does.
 *
 * @param source A module's text.
 * @param config The configuration with the import map.
 * @returns The text.
 * @throws {TypeError} If a specifier is not in the import map, or is one of JSR,
 * which a build machine may not reach.
 */
export function rewritten(
  source: string,
  config: Pick<Config, "imports">,
): string {
  const specifiers =
    /(^(?:import|export|\}).*?\bfrom |\bimport\(\s*|^import )"([^"]+)"/gm;
  return source.replace(specifiers, (all, before, specifier) => {
    if (/^(\.|node:|npm:)/.test(specifier)) return all;
    const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1)
      .join("/");
    const full = config.imports[name];
    if (!full?.startsWith("npm:")) {
      throw new TypeError(
        `Cannot serve a module as "${specifier}" must be of npm in deno.json: current value is "${full}"`,
      );
    }
    return `${before}"${full}${specifier.slice(name.length)}"`;
  });
}

/** Takes the modules of a server that is gone out of Deno's cache. */
async function forget(port: number): Promise<void> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json"],
  }).output();
  const { modulesCache }: { modulesCache: string } = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  const folder = `${modulesCache}/http/127.0.0.1_PORT${port}`;
  try {
    await Deno.remove(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
