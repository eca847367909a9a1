import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { frameSvg } from "../../lib/display/svg_frame.ts";

Deno.test("frameSvg() escapes title, notes and legend", () => {
  const { svg } = frameSvg({
    title: "<t>",
    notes: ["<n>"],
    legend: [{ name: "<l>", color: "#123456" }],
    body: [],
  });
  for (const name of ["t", "n", "l"]) {
    assertStringIncludes(svg, `>&lt;${name}&gt;</text>`);
  }
});

Deno.test("frameSvg() breaks a legend that is too wide", () => {
  const legend = Array.from({ length: 12 }, (_, i) => ({
    name: `a long name ${i}`,
    color: "#000",
  }));
  const wide = frameSvg({ title: "", legend, body: [], width: 2000 });
  const narrow = frameSvg({ title: "", legend, body: [], width: 400 });
  assert(narrow.height > wide.height);
  assertEquals(narrow.width, 424);
});

Deno.test("frameSvg() counts the names that do not fit the legend", () => {
  const legend = Array.from({ length: 30 }, (_, i) => ({
    name: `class ${i}`,
    color: "#000",
  }));
  const { svg } = frameSvg({ title: "", legend, body: [] });
  assertStringIncludes(svg, "… 6 more");
});

Deno.test("frameSvg() breaks notes that are too long, and loses nothing", () => {
  const notes = Array.from({ length: 9 }, (_, i) => `this is note number ${i}`);
  const { svg } = frameSvg({ title: "t", notes, body: [] });
  const strings = [...svg.matchAll(/<text [^>]*>([^<]*)</g)].map((m) => m[1]);
  assert(strings.length > 3);
  assertEquals(strings.join(" "), `t ${notes.join(", ")}`);
});
