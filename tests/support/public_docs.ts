/**
 * The output of `deno doc` for a module: its exported names, and positions of
 * `any` in their types.
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
  /** Functions, classes and methods of classes without an `@example`. */
  readonly withoutExample: readonly string[];
  /** Names without a `@category`. */
  readonly withoutCategory: readonly string[];
  /** Names of the methods and properties of each class and interface. */
  readonly membersOf: Readonly<Record<string, readonly string[]>>;
}

/** What was read, by module: `deno doc` takes half a second. */
const DOCS = new Map<string, Promise<PublicDocs>>();

/**
 * Reads the documentation of a module, once.
 *
 * @param module The module; default: `mod.ts`.
 * @returns Its names, and positions of `any`.
 */
export function publicDocs(module: string | URL = MOD): Promise<PublicDocs> {
  const known = DOCS.get(String(module)) ?? readDocs(module);
  DOCS.set(String(module), known);
  return known;
}

async function readDocs(module: string | URL): Promise<PublicDocs> {
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
  return {
    names: symbols.map(({ name }) => name),
    anyAt,
    numKeywords,
    withoutExample: symbols.flatMap(withoutExample),
    withoutCategory: symbols
      .filter(({ declarations }) => !declarations.some(has("category")))
      .map(({ name }) => name),
    membersOf: Object.fromEntries(
      symbols.map(({ name, declarations }) => [name, membersIn(declarations)]),
    ),
  };
}

function membersIn(declarations: readonly Declaration[]): string[] {
  return declarations.flatMap(({ def }) =>
    [...def?.methods ?? [], ...def?.properties ?? []].map(({ name }) => name)
  );
}

function withoutExample({ name, declarations }: DocumentedSymbol): string[] {
  const [first] = declarations;
  if (first?.kind !== "function" && first?.kind !== "class") return [];
  const methods = first.def?.methods?.map((method) => ({
    ...method,
    name: `${name}.${method.name}`,
  })) ?? [];
  return [{ ...first, name }, ...methods]
    .filter((documented) => !has("example")(documented))
    .map((documented) => documented.name);
}

function has(tag: string): (documented: Documented) => boolean {
  return ({ jsDoc }) => jsDoc?.tags?.some(({ kind }) => kind === tag) ?? false;
}

interface Documented {
  readonly jsDoc?: { readonly tags?: readonly { readonly kind: string }[] };
}

interface Declaration extends Documented {
  readonly kind: string;
  readonly def?: {
    readonly methods?: readonly (Documented & { readonly name: string })[];
    readonly properties?: readonly { readonly name: string }[];
  };
}

interface DocumentedSymbol {
  readonly name: string;
  readonly declarations: readonly Declaration[];
}

interface Documentation {
  readonly nodes: Readonly<
    Record<string, {
      readonly symbols: readonly DocumentedSymbol[];
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
