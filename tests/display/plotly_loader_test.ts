import { assert, assertEquals, assertMatch } from "@std/assert";
import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";
import { plotlyLoader } from "../../lib/display/plotly_loader.ts";

Deno.test("plotlyLoader() holds the whole library, packed, below 2 MB", async () => {
  const html = await plotlyLoader();
  assert(html.length < 1_000_000);
  const [, packed] = html.match(/atob\("([^"]*)"\)/)!;
  const code = gunzipSync(Buffer.from(packed!, "base64")).toString();
  assert(code.length > 1_000_000);
  assertMatch(code.slice(0, 400), /plotly\.js/);
});

Deno.test("plotlyLoader() shows a line, and takes nothing from the network", async () => {
  const html = (await plotlyLoader()).replace(/atob\("[^"]*"\)/, "");
  assertMatch(html, /^<p>Sonde is set up: /);
  assertEquals(/https?:|src=|import\(/.test(html), false);
});
