/**
 * Plotly for a page, inlined, so that a notebook stays interactive offline:
 * compressed by gzip, in base64, a third of its size; the page decompresses it.
 *
 * @module
 */
import { gzipSync } from "node:zlib";
import { toBase64 } from "./base64.ts";
import { QUEUE } from "./figure_html.ts";
import { packageFile } from "../formats/package_file.ts";

let compressed: Promise<string> | undefined;

/**
 * Writes the loader. It does nothing in a page that has plotly, and draws the
 * figures in the queue.
 *
 * @returns HTML with a short line to be seen.
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
  // Puts the package into the graph of modules; its script is not run.
  await import("plotly.js-cartesian-dist-min/package.json", {
    with: { type: "json" },
  });
  const code = await packageFile(
    "plotly.js-cartesian-dist-min",
    "/plotly-cartesian.min.js",
  );
  return toBase64(gzipSync(code, { level: 9 }));
}
