/**
 * Grids of small pictures, as SVG: one PNG holds all of them and is enlarged
 * by a whole factor, so that pixels stay crisp at any zoom; captions stay text.
 *
 * @module
 */
import { dataUrl } from "./base64.ts";
import { escapeMarkup, lineText } from "./cell.ts";
import { mosaicOf, shrink } from "./raster.ts";
import { frameSvg, type Picture, PIXELATED } from "./svg_frame.ts";
import type { MapsSpec } from "./view.ts";

/** How many maps are drawn; of more, the first ones. */
export const MOST_MAPS = 96;

const WANTED_SIZE = 72; // of a cell, in CSS pixels
const WIDEST = 720;
const GAP = 8;
const CAPTION = 16;
const LETTER_WIDTH = 6.2; // at 10 pixels

/**
 * Draws a grid of maps.
 *
 * @param spec The maps.
 * @returns The SVG and its size.
 */
export function mapsSvg(spec: MapsSpec): Picture {
  const diverging = spec.diverging ?? false;
  const shown = spec.maps.slice(0, MOST_MAPS);
  if (shown.length === 0) {
    return frameSvg({ title: spec.title, notes: ["no maps"], body: [] });
  }
  const most = shown.length <= 16 ? 128 : shown.length <= 40 ? 96 : 72;
  const maps = shown.map((map) => shrink(map, most));
  const size = {
    width: Math.max(...maps.map(({ width }) => width)),
    height: Math.max(...maps.map(({ height }) => height)),
  };
  const largest = Math.max(size.width, size.height);
  const scale = Math.max(1, Math.round(WANTED_SIZE / largest));
  // A pixel of the mosaic; gaps and captions are whole numbers of it.
  const pixel = [8, 7, 6, 5, 4, 3, 2].find((px) => scale % px === 0) ?? 1;
  const repeat = scale / pixel;
  const captions = shown.map(({ caption }) => caption);
  const isCaptioned = captions.some((caption) => caption !== "");
  const below = isCaptioned ? CAPTION : 0;
  const cell = {
    width: repeat * size.width + Math.ceil(GAP / pixel),
    height: repeat * size.height + Math.ceil((below + GAP) / pixel),
  };
  const columns = columnsOf(
    maps.length,
    Math.floor(WIDEST / (cell.width * pixel)),
  );
  const mosaic = mosaicOf(maps, diverging, { columns, cell, repeat });
  const width = mosaic.width * pixel;
  const height = mosaic.height * pixel;
  const body = [
    `<image width="${width}" height="${height}" ${PIXELATED} href="${
      dataUrl("image/png", mosaic.png)
    }"/>`,
    ...maps.map((map, i) => {
      const x = cell.width * pixel * (i % columns);
      const y = cell.height * pixel * Math.floor(i / columns) +
        scale * map.height + 12;
      const most = Math.floor((cell.width * pixel - 4) / LETTER_WIDTH);
      const caption = escapeMarkup(lineText(captions[i]!, Math.max(1, most)));
      return `<text x="${x}" y="${y}" font-size="10" fill="#444">${caption}</text>`;
    }).filter((_, i) => captions[i] !== ""),
  ];
  return frameSvg({
    title: spec.title,
    notes: notesOf(spec, maps.some(({ factor }) => Math.max(...factor) > 1)),
    body,
    width: width - GAP,
    height: height - GAP,
  });
}

function notesOf(spec: MapsSpec, isShrunk: boolean): string[] {
  const notes: string[] = [];
  if (spec.maps.length > MOST_MAPS) {
    notes.push(`the first ${MOST_MAPS} of ${spec.maps.length}`);
  }
  notes.push(
    spec.diverging
      ? "each by itself: blue below zero, white zero, red above"
      : "each by itself: dark lowest, bright highest",
  );
  const count = spec.maps.slice(0, MOST_MAPS)
    .filter(({ z }) => !Array.from(z).every(Number.isFinite)).length;
  if (count > 0) notes.push(`grey not finite, in ${count}`);
  if (isShrunk) notes.push("averaged over blocks");
  return notes;
}

function columnsOf(count: number, most: number): number {
  const widest = Math.max(1, most);
  if (count <= widest) return count;
  for (let columns = widest; columns >= 0.6 * widest; columns--) {
    if (count % columns === 0) return columns; // a grid that is full
  }
  return Math.ceil(count / Math.ceil(count / widest));
}
