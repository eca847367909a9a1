/**
 * Figures in a page: a static image, and a script that replaces it with an
 * interactive plot if scripts run and plotly is loaded.
 *
 * Each figure finds its element by `document.currentScript`, because an output
 * may be in a page twice. If plotly is loaded later, by `notebook()`, figures
 * are queued until then. Colours of text follow the page, also when its theme
 * changes.
 *
 * @module
 */
import { dataUrl } from "./base64.ts";
import { escapeMarkup, lineText } from "./cell.ts";
import type { Json, PlotlyFigure } from "./plotly_layout.ts";
import type { Thumbnails } from "./view.ts";

/** The queue of figures in a page until plotly is loaded. */
export const QUEUE = "sondeFigures";

/** A static image in a page. */
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

/** An interactive plot in a page. */
export interface PagePlot extends PlotlyFigure {
  /** The line above the plot. */
  readonly title: string;
  /** A line below the plot. */
  readonly caption?: string | undefined;
  /** Images that points show on hover. */
  readonly thumbnails?: Thumbnails | undefined;
}

/**
 * Writes a static figure. If scripts run, an SVG adopts the colours of the
 * page.
 *
 * @param image The static image.
 * @param text Text for readers without images.
 * @param isScripted Whether a script is written.
 * @returns HTML.
 */
export function imageHtml(
  image: PageImage,
  text: string,
  isScripted: boolean,
): string {
  const { type, width } = image;
  const html = `<div style="max-width:${width}px;margin:6px 0">${
    tagOf(image, text)
  }</div>`;
  const hasScript = isScripted && type === "image/svg+xml";
  return hasScript ? `${html}<script>${INLINE}</script>` : html;
}

/**
 * Inlines the SVG of an image, without background, in the text colour of the
 * page.
 */
const INLINE = `(()=>{
const element=document.currentScript&&document.currentScript.previousElementSibling;
const image=element&&element.querySelector("img");
if(!image)return;
const bytes=Uint8Array.from(atob(image.src.split(",")[1]),(c)=>c.charCodeAt(0));
const page=new DOMParser().parseFromString(new TextDecoder().decode(bytes),"image/svg+xml");
const svg=document.importNode(page.documentElement,true);
svg.querySelector("rect").setAttribute("fill","none");
for(const text of svg.querySelectorAll("text")){
text.setAttribute("fill","currentColor");
if(Number(text.getAttribute("font-size"))<=10)text.setAttribute("fill-opacity","0.75");
}
svg.setAttribute("role","img");svg.setAttribute("aria-label",image.alt);
svg.style.maxWidth="100%";svg.style.height="auto";
image.replaceWith(svg);
})()`;

function tagOf(
  { type, data, width, height }: PageImage,
  text: string,
): string {
  return `<img alt="${
    escapeMarkup(lineText(text, 400))
  }" width="${width}" height="${height}" style="max-width:100%;height:auto;display:block" src="${
    dataUrl(type, data)
  }">`;
}

/**
 * Writes a figure that becomes interactive if scripts run.
 *
 * @param image The static image.
 * @param text Text for readers without images.
 * @param plot The plotly figure.
 * @returns HTML.
 */
export function figureHtml(
  image: PageImage,
  text: string,
  plot: PagePlot,
): string {
  const { width, height } = image;
  const id = `sonde-${crypto.randomUUID()}`;
  const least = Math.max(height, Number(plot.layout["height"] ?? 0));
  return `<div id="${id}" style="max-width:${width}px;margin:6px 0;position:relative">${
    tagOf(image, text)
  }</div><script>${script(id, plot, least)}</script>`;
}

/**
 * JSON for a script element.
 *
 * @param value Plain data.
 * @returns JSON without `<` and without line separators.
 */
function scriptJson(value: Json): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

/** Shows the image of a point beside the pointer. */
const HOVER = `
const sheet=figure.thumbnails;
if(sheet){
const box=document.createElement("div"),zoom=Math.max(1,Math.round(84/sheet.height));
box.style.cssText="position:absolute;display:none;pointer-events:none;z-index:9;border:1px solid #888;image-rendering:pixelated;background-image:url("+sheet.src+")";
box.style.width=sheet.width*zoom+"px";box.style.height=sheet.height*zoom+"px";
element.appendChild(box);
plot.on("plotly_hover",({points:[{customdata:index}],event})=>{
if(!(index>=0)){box.style.display="none";return}
const at=element.getBoundingClientRect();
box.style.backgroundSize=sheet.columns*sheet.width*zoom+"px auto";
box.style.backgroundPosition=-(index%sheet.columns)*sheet.width*zoom+"px "+-Math.floor(index/sheet.columns)*sheet.height*zoom+"px";
const left=event.clientX-at.left,top=event.clientY-at.top;
box.style.left=Math.max(0,left>at.width/2?left-sheet.width*zoom-18:left+18)+"px";box.style.top=top+24+"px";box.style.display="block";
});
plot.on("plotly_unhover",()=>{box.style.display="none"});
}`;

/** The height is reserved by the script: a static image needs less. */
function script(id: string, plot: PagePlot, least: number): string {
  const { data, layout, title, notes, caption = "", thumbnails } = plot;
  const figure = {
    data,
    layout,
    lines: [
      [lineText(title, 400), "15px"],
      [lineText(notes.join(", "), 400), "11px"],
    ],
    caption: lineText(caption, 400),
    ...(thumbnails === undefined ? {} : {
      thumbnails: {
        src: dataUrl("image/png", thumbnails.png),
        columns: thumbnails.columns,
        width: thumbnails.width,
        height: thumbnails.height,
      },
    }),
  };
  return `(()=>{
const script=document.currentScript;
const element=(script&&script.previousElementSibling)||document.getElementById("${id}");
const figure=${scriptJson(figure)};
const draw=()=>{
if(!element||element.dataset.drawn)return;
element.dataset.drawn="1";
element.style.minHeight="${least}px";
const Plotly=window.Plotly,image=element.querySelector("img"),plot=document.createElement("div");
const ink=()=>getComputedStyle(element).color;
figure.layout.font={color:ink()};
plot.style.cssText="height:0;overflow:hidden";
element.appendChild(plot);
const write=(text,size,before)=>{if(text==="")return;const line=document.createElement("div");line.style.fontSize=size;line.style.overflowWrap="anywhere";line.textContent=text;element.insertBefore(line,before)};
const keep=()=>{plot.remove();element.style.minHeight="";delete element.dataset.drawn};
const ready=()=>{
if(image)image.remove();
plot.style.cssText="";
for(const [text,size] of figure.lines)write(text,size,plot);
write(figure.caption,"12px",plot.nextSibling);
let timer;
const size=new ResizeObserver(()=>{clearTimeout(timer);timer=setTimeout(()=>{if(plot.isConnected&&plot.clientWidth>0)Plotly.Plots.resize(plot)},100)});
size.observe(element);
const recolor=()=>{if(plot.isConnected)Plotly.relayout(plot,{"font.color":ink()})};
new MutationObserver(recolor).observe(document.body,{attributes:true,attributeFilter:["data-jp-theme-light","class"]});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change",recolor);${
    thumbnails === undefined ? "" : HOVER
  }
};
try{Plotly.newPlot(plot,figure.data,figure.layout,{displaylogo:false,showSendToCloud:false,responsive:false,typesetMath:false}).then(ready,keep)}catch(_){keep()}
};
if(window.Plotly)draw();else(window.${QUEUE}=window.${QUEUE}||[]).push(draw);
})()`;
}
