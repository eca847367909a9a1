/**
 * Figures in a page: a picture that is always there, and a script that puts an
 * interactive plot in its place where scripts run and plotly is loaded.
 *
 * Each figure finds its own place (`document.currentScript`), as an output may
 * stand in a page twice. If plotly comes later, through `notebook()`, figures
 * wait for it in a queue. Colours of text follow the page, also when its theme
 * changes.
 *
 * @module
 */
import { dataUrl } from "./base64.ts";
import { escapeMarkup, lineText } from "./cell.ts";
import type { Json, PlotlyFigure } from "./figure_plotly.ts";

/** Where figures wait in a page until plotly is loaded. */
export const QUEUE = "sondeFigures";

/** A picture as it stands in a page. */
export interface PageImage {
  /** The MIME type. */
  readonly type: "image/png" | "image/svg+xml";
  /** PNG bytes, or SVG text. */
  readonly data: Uint8Array | string;
  /** Its width in CSS pixels. */
  readonly width: number;
  /** Its height in CSS pixels. */
  readonly height: number;
}

/**
 * Writes a figure.
 *
 * @param image The picture.
 * @param text What a reader without pictures is told.
 * @param plot What plotly draws in its place, if anything.
 * @returns HTML.
 */
export function figureHtml(
  image: PageImage,
  text: string,
  plot?: PlotlyFigure,
): string {
  const { type, data, width, height } = image;
  const id = `sonde-${crypto.randomUUID()}`;
  const least = Math.max(height, Number(plot?.layout["height"] ?? 0));
  const widest = plot === undefined ? width : Math.max(width, 640);
  const picture = `<img alt="${
    escapeMarkup(lineText(text, 400))
  }" width="${width}" height="${height}" style="max-width:100%;height:auto;display:block" src="${
    dataUrl(type, data)
  }">`;
  if (plot === undefined) {
    return `<div style="max-width:${widest}px;margin:6px 0">${picture}</div>`;
  }
  return `<div id="${id}" style="max-width:${widest}px;min-height:${least}px;margin:6px 0">${picture}</div><script>${
    script(id, plot)
  }</script>`;
}

/**
 * JSON that may stand inside a script element.
 *
 * @param value Plain data.
 * @returns JSON without `<` and without line separators.
 */
export function scriptJson(value: Json | PlotlyFigure): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

function script(id: string, { data, layout }: PlotlyFigure): string {
  return `(()=>{
const script=document.currentScript;
const place=(script&&script.previousElementSibling)||document.getElementById("${id}");
const figure=${scriptJson({ data, layout })};
const draw=()=>{
if(!place||place.dataset.drawn)return;
place.dataset.drawn="1";
const Plotly=window.Plotly,image=place.querySelector("img"),plot=document.createElement("div");
const ink=()=>getComputedStyle(place).color;
figure.layout.font={color:ink()};
plot.style.cssText="height:0;overflow:hidden";
place.appendChild(plot);
const keep=()=>{plot.remove();delete place.dataset.drawn};
const ready=()=>{
if(image)image.remove();
plot.style.cssText="";
let timer;
const size=new ResizeObserver(()=>{clearTimeout(timer);timer=setTimeout(()=>{if(plot.isConnected&&plot.clientWidth>0)Plotly.Plots.resize(plot)},100)});
size.observe(place);
const recolor=()=>{if(plot.isConnected)Plotly.relayout(plot,{"font.color":ink()})};
new MutationObserver(recolor).observe(document.body,{attributes:true,attributeFilter:["data-jp-theme-light","class"]});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change",recolor);
};
try{Plotly.newPlot(plot,figure.data,figure.layout,{displaylogo:false,showSendToCloud:false,responsive:false}).then(ready,keep)}catch(_){keep()}
};
if(window.Plotly)draw();else(window.${QUEUE}=window.${QUEUE}||[]).push(draw);
})()`;
}
