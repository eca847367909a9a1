/**
 * Figures in terminals with image support, by the protocols of kitty and iTerm2
 * and by Sixel.
 *
 * Source: https://sw.kovidgoyal.net/kitty/graphics-protocol/ and
 * https://iterm2.com/documentation-images.html.
 *
 * @module
 */
import { toBase64 } from "./base64.ts";
import { rasterSvg, svgPixels, svgPng } from "./figure_png.ts";
import { sixelText } from "./sixel.ts";
import type { ImageProtocol } from "./terminal.ts";
import type { FigureSpec } from "./view.ts";

const CELL = 9; // approximate width of a column in CSS pixels
const CHUNK = 4096; // base64 characters per kitty command
const ZOOM = 2; // of iTerm2, which keeps the aspect ratio

/**
 * Encodes a figure for a terminal.
 *
 * @param spec The figure.
 * @param protocol The image protocol.
 * @param columns Columns of the terminal; a wider figure is reduced.
 * @returns Escape sequences, with a line break at the end.
 */
export async function terminalImage(
  spec: FigureSpec,
  protocol: ImageProtocol,
  columns: number,
): Promise<string> {
  const svg = await rasterSvg(spec);
  const zoom = Math.min(1, columns * CELL / svg.width);
  if (protocol === "sixel") {
    return `${sixelText(await svgPixels(svg, zoom))}\n`;
  }
  const cells = Math.min(columns, Math.ceil(svg.width / CELL));
  if (protocol === "iterm2") {
    return iterm2Text((await svgPng(svg, ZOOM)).png, cells);
  }
  // Older releases of kitty scale the width alone to the columns: a larger image
  // is stretched in height. https://github.com/kovidgoyal/kitty/issues/7380
  return kittyText((await svgPng(svg, zoom)).png, cells);
}

function kittyText(png: Uint8Array, cells: number): string {
  const data = toBase64(png);
  const parts: string[] = [];
  for (let from = 0; from < data.length; from += CHUNK) {
    const first = from === 0 ? `a=T,f=100,c=${cells},` : "";
    const hasMore = from + CHUNK < data.length ? 1 : 0;
    const chunk = data.slice(from, from + CHUNK);
    parts.push(`\x1b_G${first}m=${hasMore};${chunk}\x1b\\`);
  }
  return `${parts.join("")}\n`;
}

function iterm2Text(png: Uint8Array, cells: number): string {
  const settings = `inline=1;size=${png.length};width=${cells}`;
  return `\x1b]1337;File=${settings}:${toBase64(png)}\x07\n`;
}
