import { assert, assertEquals, assertMatch } from "@std/assert";
import { demo } from "./demo.ts";
import { readNotebook } from "./notebook_file.ts";

Deno.test("demo() says first what will happen, and at last numbers and the path of the page", async () => {
  const lines: string[] = [];
  const pages = new Map<string, string>();
  let linesBefore = -1;
  await demo({
    // The committed notebook has its outputs.
    async run(path, { onCell, renderer } = {}) {
      linesBefore = lines.length;
      assertEquals(renderer, "html");
      const notebook = await readNotebook(path);
      notebook.cells.forEach((cell) => onCell?.(cell));
      return { notebook };
    },
    write: (to, text) => Promise.resolve(void pages.set(to.href, text)),
    print: (line) => lines.push(line),
  });
  assertEquals(linesBefore, 1);
  assertMatch(lines[0]!, /half a minute[^]*digits 5 to 9[^]*demo\.html/);
  assert(lines.includes("  The model"), "headings tell the progress");
  const text = lines.slice(lines.indexOf("\nResults")).join("\n");
  assertMatch(text, /conv1 +1131 × 24 × 24 × 8/);
  assertMatch(text, /accuracy on held-out digits 0 to 4: 98\.\d %/);
  assertMatch(text, /AUROC against digits 5 to 9, largest logit: 0\.\d{3}/);
  const [[href, page]] = pages as unknown as [[string, string]];
  assertMatch(href, /^file:.*\/demo\.html$/);
  assertEquals(lines.at(-1), `\nOpen this page in a browser: ${href}`);
  assert(page.includes("<h1>Features of a small digit classifier</h1>"));
});
