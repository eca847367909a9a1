/**
 * Plotly for a page, inlined, so that a notebook is interactive offline:
 * gzip-compressed and base64-encoded, a third of its size; the page
 * decompresses it.
 *
 * @module
 */
import { gzipSync } from "node:zlib";
import { toBase64 } from "./base64.ts";
import { QUEUE } from "./figure_html.ts";
import { packageFile } from "../formats/package_file.ts";

let compressed: Promise<string> | undefined;

/**
 * Writes the loader. It loads plotly unless the page has it, and draws the
 * queued figures.
 *
 * @returns HTML with a short visible line.
 */
export async function plotlyLoader(): Promise<string> {
  compressed ??= compress().catch((error) => {
    compressed = undefined;
    throw error;
  });
  return `<p>Sonde is set up: figures are interactive where scripts run.</p><script>(async()=>{
const line=document.currentScript&&document.currentScript.previousElementSibling;
const drain=()=>{const waiting=window.${QUEUE}||[];window.${QUEUE}=[];for(const draw of waiting)draw()};
try{
if(!window.Plotly){
const bytes=Uint8Array.from(atob("${await compressed}"),(c)=>c.charCodeAt(0));
const stream=new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
const code=await new Response(stream).text();
if(!window.Plotly)(0,eval)(code);
}
drain();
}catch(error){if(line)line.textContent="Sonde is set up: figures are static here ("+error+")"}
})()</script>`;
}

async function compress(): Promise<string> {
  // Adds the package to the module graph; its script is not run.
  await import("plotly.js-cartesian-dist-min/package.json", {
    with: { type: "json" },
  });
  const code = await packageFile(
    "plotly.js-cartesian-dist-min",
    "/plotly-cartesian.min.js",
  );
  return toBase64(gzipSync(code, { level: 9 }));
}
