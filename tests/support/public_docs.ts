/**
 * What `deno doc` says of a module: its exported names, and where an `any`
 * stands in their types.
 *
 * @module
 */

const MOD = new URL("../../mod.ts", import.meta.url);

/** The public face of a module. */
export interface PublicDocs {
  /** Exported names, types among them. */
  readonly names: readonly string[];
  /** Where `any` stands, as a path in the documentation. */
  readonly anyAt: readonly string[];
  /** How many keywords, as `string` or `any`, the types hold. */
  readonly numKeywords: number;
}

/**
 * Reads the documentation of a module.
 *
 * @param module The module; default: `mod.ts`.
 * @returns Its names, and what its types hold.
 */
export async function publicDocs(
  module: string | URL = MOD,
): Promise<PublicDocs> {
  const path = module instanceof URL
    ? decodeURIComponent(module.pathname)
    : module;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", path],
    cwd: decodeURIComponent(new URL("./", MOD).pathname),
    env: { NO_COLOR: "1" },
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const { nodes }: Documentation = JSON.parse(new TextDecoder().decode(stdout));
  const symbols = Object.values(nodes).flatMap(({ symbols }) => symbols);
  const anyAt: string[] = [];
  let numKeywords = 0;
  for (const symbol of symbols) {
    visitKeywords(symbol.declarations, symbol.name, (keyword, at) => {
      numKeywords++;
      if (keyword === "any") anyAt.push(at);
    });
  }
  return { names: symbols.map(({ name }) => name), anyAt, numKeywords };
}

interface Documentation {
  readonly nodes: Readonly<
    Record<string, {
      readonly symbols: readonly {
        readonly name: string;
        readonly declarations: unknown;
      }[];
    }>
  >;
}

function visitKeywords(
  value: unknown,
  at: string,
  visit: (keyword: string, at: string) => void,
): void {
  if (typeof value !== "object" || value === null) return;
  if ("kind" in value && value.kind === "keyword" && "value" in value) {
    visit(String(value.value), at);
  }
  for (const [key, part] of Object.entries(value)) {
    visitKeywords(part, `${at}.${key}`, visit);
  }
}
