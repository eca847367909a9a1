// deno-lint-ignore-file no-control-regex -- escape sequences hold them
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Buffer } from "node:buffer";
import { terminalImage } from "../../lib/display/terminal_image.ts";
import { SPECS } from "./_specs.ts";

Deno.test("terminalImage() writes PNG in chunks for kitty", async () => {
  const text = await terminalImage(SPECS.lines, "kitty", 80);
  const chunks = [...text.matchAll(/\x1b_G([^;]*);([^\x1b]*)\x1b\\/g)];
  assert(chunks.length > 1);
  assertEquals(chunks[0]![1], "a=T,f=100,c=72,m=1"); // 640 pixels of 9
  assertEquals(chunks.at(-1)![1], "m=0");
  assert(chunks.every(([, , data]) => data!.length <= 4096));
  const png = Buffer.from(chunks.map(([, , data]) => data).join(""), "base64");
  assertEquals(png.subarray(1, 4).toString(), "PNG");
  // Its size is that of the cells, as old releases scale the width alone.
  assertEquals([png.readUInt32BE(16), png.readUInt32BE(20)], [640, 390]);
  assertEquals(text.replaceAll(/\x1b_G[^\x1b]*\x1b\\/g, ""), "\n");
  const narrow = await terminalImage(SPECS.lines, "kitty", 40);
  assertMatch(narrow, /c=40,/);
});

Deno.test("terminalImage() writes one file for iTerm2", async () => {
  const text = await terminalImage(SPECS.lines, "iterm2", 80);
  const [, size, data] =
    /^\x1b\]1337;File=inline=1;size=(\d+);width=72:([^\x07]*)\x07\n$/.exec(
      text,
    )!;
  assertEquals(Buffer.from(data!, "base64").length, Number(size));
});

Deno.test("terminalImage() writes Sixel no wider than the terminal", async () => {
  const text = await terminalImage(SPECS.lines, "sixel", 80);
  assertMatch(text, /^\x1bP0;1q"1;1;640;390#0;2;/);
  assertMatch(text, /\x1b\\\n$/);
  const narrow = await terminalImage(SPECS.lines, "sixel", 40);
  assertMatch(narrow, /^\x1bP0;1q"1;1;360;/);
});
