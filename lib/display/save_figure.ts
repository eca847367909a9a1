/**
 * Figures as files.
 *
 * @module
 */
import { cannot } from "../check.ts";
import { checkTarget, writeFile } from "../formats/file_path.ts";
import { escapeMarkup, lineText } from "./cell.ts";
import { figurePng } from "./figure_png.ts";
import { figureSvg } from "./figure_svg.ts";
import { plotlyLoader } from "./plotly_loader.ts";
import type { FigureBlock, FigureSpec } from "./view.ts";
import { sized, specHtml } from "./view_html.ts";

const ACTION = "save figure";

/**
 * Writes a figure to a file.
 *
 * @param block The figure.
 * @param target Path or `file:` URL, ending in `.svg`, `.png` or `.html`.
 * @throws {RangeError} If it has another extension.
 * @throws {Deno.errors.NotFound} If its folder does not exist.
 */
export async function saveFigure(
  { figure, title, summary }: FigureBlock,
  target: string | URL,
): Promise<void> {
  const path = checkTarget(target, ACTION);
  const extension = /\.[^./\\]*$/.exec(path)?.[0].toLowerCase() ?? "";
  const write = {
    ".svg": async (spec: FigureSpec) =>
      new TextEncoder().encode((await figureSvg(spec)).svg),
    ".png": async (spec: FigureSpec) => (await figurePng(spec, 2)).png,
    ".html": async (spec: FigureSpec) =>
      new TextEncoder().encode(await pageOf(spec, title, summary)),
  }[extension];
  if (write === undefined) {
    throw new RangeError(
      cannot(
        ACTION,
        'its target must end in ".svg", ".png" or ".html"',
        path,
      ),
    );
  }
  await writeFile(target, await write(await figure()), ACTION);
}

const LEVEL = { isInteractive: true, zoom: 2 };

async function pageOf(
  spec: FigureSpec,
  title: string,
  summary: string,
): Promise<string> {
  const name = escapeMarkup(lineText(title));
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${name}</title><meta name="color-scheme" content="light dark"></head>
<body style="font-family:sans-serif">
<div style="display:none">${await plotlyLoader()}</div>
${await specHtml(sized(spec), summary, LEVEL, new Map())}
</body>
</html>
`;
}
