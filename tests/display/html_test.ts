import { assert, assertEquals } from "@std/assert";
import { tableHtml, textHtml, titleHtml } from "../../lib/display/html.ts";

Deno.test("titleHtml() escapes", () => {
  assertEquals(titleHtml("<b>"), "<p><b>&lt;b&gt;</b></p>");
});

Deno.test("textHtml() keeps lines and indents where styles are stripped", () => {
  assertEquals(textHtml("a & b\n  c"), "<p>a &amp; b<br>&nbsp;&nbsp;c</p>");
});

Deno.test("tableHtml() has no colours, and escapes every cell", () => {
  const html = tableHtml({
    kind: "table",
    title: "<t>",
    columns: [{ name: "<n>" }, { name: "x" }],
    rows: [["  <script>", 0.5], ["b", null]],
  });
  assertEquals(
    html,
    '<p>&lt;t&gt;</p><div style="overflow-x:auto"><table><thead><tr>' +
      '<th style="text-align:left">&lt;n&gt;</th><th style="text-align:right">x</th></tr></thead><tbody><tr>' +
      '<td style="text-align:left">&nbsp;&nbsp;&lt;script&gt;</td><td style="text-align:right">0.5</td></tr><tr>' +
      '<td style="text-align:left">b</td><td style="text-align:right"></td></tr></tbody></table></div>',
  );
});

Deno.test("tableHtml() leaves out the middle of a long table", () => {
  const rows = Array.from({ length: 1002 }, (_, i) => [i]);
  const html = tableHtml({ kind: "table", columns: [{ name: "i" }], rows });
  assertEquals(html.match(/… 2 more rows …/g)?.length, 1);
});

Deno.test("tableHtml() has at most 50 columns, and says of how many", () => {
  const names = Array.from({ length: 190 }, (_, i) => `c${i}`);
  const html = tableHtml({
    kind: "table",
    title: "arrays",
    columns: names.map((name) => ({ name })),
    rows: [names],
  });
  assert(html.includes("<p>arrays, the first 50 of 190 columns</p>"), html);
  assert(html.includes(">c49<") && !html.includes(">c50<"));
});

Deno.test("tableHtml() breaks no line within a shape or an interval", () => {
  const html = tableHtml({
    kind: "table",
    columns: [{ name: "shape" }],
    rows: [["[6, 12]"], ["0.9 (0.8 to 1)"], ["a, b (0.04)"]],
  });
  const cells = [...html.matchAll(/<td [^>]*>(.*?)<\/td>/g)]
    .map(([, cell]) => cell!);
  const kept = (text: string) =>
    `<span style="white-space:nowrap">${text}</span>`;
  assertEquals(cells, [
    kept("[6, 12]"),
    `0.9 ${kept("(0.8 to 1)")}`,
    "a, b (0.04)",
  ]);
});
