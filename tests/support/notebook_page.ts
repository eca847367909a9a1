/**
 * A notebook as one HTML page, which any browser opens without a network.
 *
 * Outputs are inserted unchanged, scripts too, because pages are made of our own
 * notebooks only. The page defines the custom properties of JupyterLab, so that
 * figures follow the theme as they do there.
 *
 * @module
 */
import { marked } from "marked";
import {
  type Cell,
  type DataOutput,
  joined,
  type Notebook,
  type Output,
} from "./notebook_file.ts";

/**
 * Renders a notebook.
 *
 * @param notebook The notebook, with its outputs.
 * @returns The page's text.
 */
export function notebookPage(notebook: Notebook): string {
  const title = titleOf(notebook);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<script>${THEME}</script>
<main>
${notebook.cells.map(cellHtml).join("\n")}
</main>
</body>
</html>
`;
}

function titleOf(notebook: Notebook): string {
  for (const cell of notebook.cells) {
    if (cell.cell_type !== "markdown") continue;
    const heading = /^# +(.+)$/m.exec(joined(cell.source));
    if (heading !== null) return heading[1]!;
  }
  return "Notebook";
}

function cellHtml(cell: Cell): string {
  const source = joined(cell.source);
  if (cell.cell_type === "markdown") {
    return `<section class="prose">${
      marked.parse(source, { async: false })
    }</section>`;
  }
  const outputs = cell.outputs.map(outputHtml).join("\n");
  return `<section class="code"><pre class="source"><code>${
    escaped(source)
  }</code></pre>
${outputs}</section>`;
}

function outputHtml(output: Output): string {
  if (output.output_type === "stream") {
    return `<pre class="output ${output.name}">${
      escaped(joined(output.text))
    }</pre>`;
  }
  if (output.output_type === "error") {
    const text = [`${output.ename}: ${output.evalue}`, ...output.traceback];
    return `<pre class="output stderr">${escaped(text.join("\n"))}</pre>`;
  }
  return `<div class="output">${dataHtml(output)}</div>`;
}

/** The richest form that a browser can show. */
function dataHtml({ data }: DataOutput): string {
  const text = (type: string) =>
    data[type] === undefined ? undefined : joined(data[type]);
  const html = text("text/html") ?? text("image/svg+xml");
  if (html !== undefined) return html;
  const png = text("image/png");
  if (png !== undefined) {
    const alt = escaped(text("text/plain") ?? "picture");
    const bytes = png.replace(/\s/g, "");
    return `<img alt="${alt}" src="data:image/png;base64,${bytes}">`;
  }
  const markdown = text("text/markdown");
  if (markdown !== undefined) return marked.parse(markdown, { async: false });
  const json = data["application/json"];
  const plain = json === undefined
    ? text("text/plain") ?? ""
    : JSON.stringify(json, null, 2);
  return `<pre>${escaped(plain)}</pre>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

const STYLE = `
:root { color-scheme: light dark; --paper: #fff; --text: #1b1f24; --faint: #57606a; --box: #f6f8fa; --line: #d8dee4;
  --jp-ui-font-color1: var(--text); --jp-border-color1: var(--line); --jp-layout-color0: var(--paper);
  --jp-code-font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14171a; --text: #e3e7eb; --faint: #9aa4ae; --box: #1e2328; --line: #363d45; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--text); font: 16px/1.6 system-ui, "DejaVu Sans", sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 5rem; }
h1, h2, h3 { line-height: 1.25; margin: 2em 0 .6em; }
h1 { margin-top: .5em; }
a { color: inherit; }
.prose code { background: var(--box); border-radius: 4px; padding: .1em .3em; }
pre, code { font: 13px/1.5 var(--jp-code-font-family); }
pre { margin: 0; overflow-x: auto; }
.prose pre, .source { background: var(--box); border: 1px solid var(--line); border-radius: 6px; padding: .7em 1em; }
.prose pre code { background: none; padding: 0; }
.code { margin: 1.2em 0; }
.output { margin: .8em 0; padding-left: 1em; border-left: 3px solid var(--line); overflow-x: auto; }
.output.stdout, .output.stderr { white-space: pre-wrap; }
.output.stderr { color: var(--faint); }
.output img { max-width: 100%; height: auto; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--faint); }
th, td { padding: .25em .8em; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
.prose th, .prose td { text-align: left; white-space: normal; }
`;

/** Says which theme is on, where figures look for it. */
const THEME = `
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const say = () => document.body.dataset.jpThemeLight = String(!dark.matches);
  dark.addEventListener("change", say);
  say();
})();
`;
