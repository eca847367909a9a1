/**
 * Holds `README.md` of `lib/extractor` to what `mod.ts` exports: what it calls done is
 * there, member by member.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";

interface Member {
  readonly name: string;
}
interface Definition {
  readonly methods?: readonly Member[];
  readonly properties?: readonly Member[];
  readonly extends?: string;
}
interface DocSymbol {
  readonly name: string;
  readonly declarations: readonly { readonly def?: Definition }[];
}
interface Row {
  readonly cells: readonly string[];
}

const STATES = ["done", "next", "not planned"];
const ROOT = new URL("../../", import.meta.url);

const rows = readTables(
  Deno.readTextFileSync(new URL("lib/extractor/README.md", ROOT)),
);
const symbols = await readExports();

Deno.test("lib/extractor/README.md names in its done rows only what mod.ts exports", () => {
  const missing = rows.filter(({ cells }) => cells[2] === "done")
    .flatMap(({ cells }) => names(cells[1]!)).filter((name) => !isThere(name));
  assertEquals(missing, []);
});

Deno.test("lib/extractor/README.md names something in each done row", () => {
  const bare = rows.filter(({ cells }) =>
    cells[2] === "done" && names(cells[1]!).length === 0
  );
  assertEquals(bare, []);
});

Deno.test("lib/extractor/README.md has a known state in each row of four columns", () => {
  const table = rows.filter(({ cells }) => cells.length === 4);
  assert(table.length > 60, `only ${table.length} rows`);
  const wrong = table.filter(({ cells }) => !STATES.includes(cells[2]!));
  assertEquals(wrong, []);
});

/** Whether `Class.member` or `name` is exported. */
function isThere(name: string): boolean {
  const [symbol, member] = name.split(".");
  const declarations = symbols.get(symbol!);
  if (declarations === undefined || member === undefined) {
    return declarations !== undefined;
  }
  return declarations.some(({ def }) =>
    [...def?.methods ?? [], ...def?.properties ?? []]
      .some((found) => found.name === member) ||
    (def?.extends !== undefined && isThere(`${def.extends}.${member}`))
  );
}

/** What a cell holds in code marks. */
function names(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
}

function readTables(text: string): Row[] {
  return text.split("\n").flatMap((line, i, lines) => {
    const isRule = (text = "") => /^\|[|\s:-]+$/.test(text);
    const isRow = line.startsWith("|") && !isRule(line);
    if (!isRow || isRule(lines[i + 1])) return [];
    const cells = line.split("|").slice(1, -1).map((cell) => cell.trim());
    return [{ cells }];
  });
}

/** Names of values and types alike, as `deno doc` sees them. */
async function readExports(): Promise<Map<string, DocSymbol["declarations"]>> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", "mod.ts"],
    cwd: ROOT,
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout)) as {
    readonly nodes: Readonly<
      Record<string, { readonly symbols: readonly DocSymbol[] }>
    >;
  };
  const found = Object.values(nodes).flatMap((node) => node.symbols);
  assert(found.length > 0, "deno doc names no export");
  return new Map(found.map(({ name, declarations }) => [name, declarations]));
}
