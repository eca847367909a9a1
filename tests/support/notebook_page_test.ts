import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Cell, Output } from "./notebook_file.ts";
import { notebookPage } from "./notebook_page.ts";

function pageOf(...cells: Cell[]): string {
  return notebookPage({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 });
}

function pageWith(...outputs: Output[]): string {
  return pageOf({
    cell_type: "code",
    metadata: {},
    source: "a < b",
    execution_count: 1,
    outputs,
  });
}

Deno.test("notebookPage() renders prose and takes its title from the first heading", () => {
  const source = ["# Digits & <more>\n", "\n", "- one\n", "- `two`\n"];
  const page = pageOf({ cell_type: "markdown", metadata: {}, source });
  assertStringIncludes(page, "<title>Digits &#38; &#60;more&#62;</title>");
  assertStringIncludes(page, "<li>one</li>");
  assertStringIncludes(page, "<code>two</code>");
});

Deno.test("notebookPage() escapes code and printed text", () => {
  const page = pageWith({
    output_type: "stream",
    name: "stdout",
    text: "<script>bad()</script>",
  });
  assertStringIncludes(page, "a &#60; b");
  assertStringIncludes(page, "&#60;script&#62;bad()");
  assertEquals(page.includes("<script>bad"), false);
});

Deno.test("notebookPage() shows the richest form of an output", () => {
  const output = (data: Record<string, unknown>): Output => ({
    output_type: "display_data",
    data: { "text/plain": "plain", ...data },
    metadata: {},
  });
  const page = pageWith(
    output({ "text/html": ["<b>", "bold</b>"], "image/png": "AAAA" }),
    output({ "image/png": "iVBO\nRw0K\n" }),
    output({ "application/json": { accuracy: 0.5 } }),
    output({}),
  );
  assertStringIncludes(page, `<div class="output"><b>bold</b></div>`);
  assertEquals(page.includes("AAAA"), false);
  assertStringIncludes(
    page,
    `<img alt="plain" src="data:image/png;base64,iVBORw0K">`,
  );
  assertStringIncludes(page, "&#34;accuracy&#34;: 0.5");
  assertStringIncludes(page, "<pre>plain</pre>");
});

Deno.test("notebookPage() asks for nothing from the network", () => {
  const page = pageWith();
  assertEquals(/(src|href)="?https?:|@import|url\(/.test(page), false);
});
