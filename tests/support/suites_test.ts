import { assertEquals } from "@std/assert";
import { examplesIn } from "./doc_examples.ts";
import { suites, testFiles } from "./suites.ts";

Deno.test("suites() has every test file once, and a module for each suite", async () => {
  const all = [...suites().values()].flat();
  assertEquals(all.sort(), testFiles("tests"));
  const folder = new URL("suites/", import.meta.url);
  const modules: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    modules.push(name.replace(/\.ts$/, ""));
  }
  assertEquals(modules.sort(), [...suites().keys()].sort());
});

Deno.test("examplesIn() finds the code that documentation runs", () => {
  const source = `const a = 1;

/**
 * Words.
 *
 * \`\`\`ts
 * a();
 *
 * if (a) {
 *   b();
 * }
 * \`\`\`
 *
 * \`\`\`ts ignore
 * c();
 * \`\`\`
 */
const text = "\`\`\`ts";
interface X {
  /**
   * \`\`\`ts
   * d();
   * \`\`\`
   */
  d(): void;
}`;
  assertEquals(examplesIn({ path: "a.ts", source }), [
    { line: 7, code: "a();\n\nif (a) {\n  b();\n}\n" },
    { line: 22, code: "d();\n" },
  ]);
});
