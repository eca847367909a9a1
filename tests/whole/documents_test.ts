/**
 * Files, names and tasks that ARCHITECTURE.md and CONTRIBUTING.md mention.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);
const DOCUMENTS = ["ARCHITECTURE.md", "CONTRIBUTING.md"];

const textOf = (path: string) => Deno.readTextFileSync(new URL(path, ROOT));

/** Links of a document to files of the repository: text and path. */
function linksOf(document: string): { text: string; path: string }[] {
  const links = document.matchAll(/\[([^\]]+)\]\(([^)#:]+)\)/g);
  return [...links].map(([, text, path]) => ({ text: text!, path: path! }));
}

/** Names that are linked to a module which does not export them. */
function notExported(document: string): string[] {
  return linksOf(document)
    .filter(({ text, path }) =>
      /^`\w+`$/.test(text) && path.endsWith(".ts") && !isExported(text, path)
    )
    .map(({ text, path }) => `${text} of ${path}`);
}

function isExported(text: string, path: string): boolean {
  const name = text.slice(1, -1);
  const declared =
    `^export (async |abstract )*(function\\*?|class|const|interface|type) ${name}\\b`;
  return new RegExp(declared, "m").test(textOf(path));
}

for (const name of DOCUMENTS) {
  const document = textOf(name);

  Deno.test(`${name} links to files that are there`, async () => {
    const links = linksOf(document);
    assert(links.length > 2);
    for (const { path } of links) await Deno.stat(new URL(path, ROOT));
  });

  Deno.test(`${name} links names to the modules that export them`, () => {
    assertEquals(notExported(document), []);
  });

  Deno.test(`${name} names folders that are there`, async () => {
    const paths = document.matchAll(/`((?:lib|tests)\/[\w/]+)`/g);
    for (const [, path] of paths) {
      assert((await Deno.stat(new URL(path!, ROOT))).isDirectory, path);
    }
  });
}

Deno.test("CONTRIBUTING.md lists the tasks of deno.json that it names", () => {
  const { tasks } = JSON.parse(textOf("deno.json"));
  const named = textOf("CONTRIBUTING.md").matchAll(
    /^\| `deno task ([\w:]+)`/gm,
  );
  const names = [...named].map(([, task]) => task!);
  assert(names.length > 8);
  assertEquals(names.filter((task) => !(task in tasks)), []);
});

Deno.test("notExported() finds names that a module does not export", () => {
  const document = "[`circles`](tests/support/source_tree.ts) and " +
    "[`squares`](tests/support/source_tree.ts)";
  assertEquals(notExported(document), [
    "`squares` of tests/support/source_tree.ts",
  ]);
});
