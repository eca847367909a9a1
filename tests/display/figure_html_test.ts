import { assert, assertEquals, assertMatch } from "@std/assert";
import { figureHtml, imageHtml } from "../../lib/display/figure_html.ts";

const IMAGE = {
  type: "image/png",
  data: Uint8Array.of(77, 97, 110),
  width: 10,
  height: 20,
} as const;

const PLOT = { data: [], layout: {}, title: "A <title>", notes: ["a note"] };

Deno.test("figureHtml() writes title and notes above a plot", () => {
  const html = figureHtml(IMAGE, "text", PLOT);
  assert(
    html.includes('"lines":[["A \\u003ctitle>","15px"],["a note","11px"]]'),
  );
});

Deno.test("imageHtml() holds the image by itself", () => {
  assertEquals(
    imageHtml(IMAGE, '[a "title": <b>]', true),
    '<div style="max-width:10px;margin:6px 0"><img alt="[a &quot;title&quot;: &lt;b&gt;]" width="10" height="20" ' +
      'style="max-width:100%;height:auto;display:block" src="data:image/png;base64,TWFu"></div>',
  );
});

Deno.test("imageHtml() lets an SVG take the colours of the page", () => {
  const svg = { ...IMAGE, type: "image/svg+xml", data: "<svg></svg>" } as const;
  const html = imageHtml(svg, "text", true);
  const [, script] = html.match(/^<div .*?<\/div><script>([^]*)<\/script>$/)!;
  assertMatch(script!, /currentColor/);
  assert(!/<\/|<!--|<script/i.test(script!));
  new Function(script!);
  assert(!imageHtml(svg, "text", false).includes("<script"));
});

Deno.test("figureHtml() puts a script behind the image that holds no tag", () => {
  const text = "</script><b>\u2028\u2029";
  const layout = { height: 300, title: { text } };
  const html = figureHtml(IMAGE, "text", { ...PLOT, layout });
  const [, script] = html.match(/^<div .*?<\/div><script>([^]*)<\/script>$/)!;
  assertMatch(script!, /minHeight="300px"/);
  // Without scripts there is no gap below the image.
  assert(!html.slice(0, html.indexOf("<script>")).includes("min-height"));
  assert(!/<\/|<!--|<script|[\u2028\u2029]/i.test(script!));
  const [, json] = script!.match(/^const figure=(.*);$/m)!;
  assertEquals(JSON.parse(json!).layout.title.text, text);
  assertMatch(script!, /document\.currentScript/);
  assertMatch(script!, /displaylogo:false,showSendToCloud:false/);
  assertMatch(script!, /typesetMath:false/); // "$x$" may be a name
  new Function(script!); // it is JavaScript
});

Deno.test("figureHtml() shows the caption and the image of a point", () => {
  const thumbnails = { png: IMAGE.data, columns: 2, width: 8, height: 8 };
  const plot = { ...PLOT, caption: "</div>", thumbnails };
  const html = figureHtml(IMAGE, "text", plot);
  const script = html.slice(html.indexOf("<script>") + 8, -"</script>".length);
  assertMatch(script, /plotly_hover/);
  assertMatch(script, /"src":"data:image\/png;base64,TWFu","columns":2/);
  assert(!/<\//.test(script));
  new Function(script);
  const plain = figureHtml(IMAGE, "text", PLOT);
  assert(!plain.includes("plotly_hover"));
});
