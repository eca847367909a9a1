/**
 * Grids of small images as SVG: one PNG contains all images that are coloured
 * by value, enlarged by an integer factor so that pixels stay sharp; captions
 * are text.
 *
 * @module
 */
import { toPng } from "../formats/png.ts";
import { dataUrl } from "./base64.ts";
import { digitsOf, lineText, shortText } from "./cell.ts";
import { colorBar } from "./color_bar.ts";
import { resizeImage } from "../math/resize_image.ts";
import { extremes } from "../math/statistics.ts";
import { valueRange } from "./color_map.ts";
import {
  type Mosaic,
  type MosaicLayout,
  mosaicOf,
  shrink,
  type Shrunk,
  stretched,
} from "./raster.ts";
import {
  frameSvg,
  MARGIN,
  PIXELATED,
  type SvgImage,
  svgText,
} from "./svg_frame.ts";
import { fitPath, fitText, widestText } from "./text_width.ts";
import { type Theme, themeOf } from "./theme.ts";
import { type GridImage, type ImagesSpec, MOST_IMAGES } from "./view.ts";

const WIDTH = 744; // default width
const NARROW = 400; // width below which numbers are short, so that four fit in a row
const GAP = 8;
const BAR_GAP = 12;
const CAPTION = 10; // font size
const FOOTER = 9; // font size
const WIDEST_CAPTION = 110;
const GREY = 150; // of pixels that are NaN

/**
 * Draws a grid of images.
 *
 * @param spec The images.
 * @returns The SVG and its size.
 */
export function imagesSvg(spec: ImagesSpec): SvgImage {
  const { title, caption, figureWidth } = spec;
  const diverging = spec.diverging ?? false;
  const theme = themeOf(spec.theme);
  const shown = spec.images.slice(0, MOST_IMAGES);
  const frame = { title, caption, theme, figureWidth };
  if (shown.length === 0) {
    const notes = [...spec.notes ?? [], "no images"];
    return frameSvg({ ...frame, notes, body: [] });
  }
  const coloured = shown.filter(isColoured);
  const shared = spec.scale === "layer" && coloured.length > 0
    ? spec.range ?? rangeOf(coloured, diverging)
    : undefined;
  const bar = shared && colorBar({ range: shared, diverging, theme });
  const barWidth = bar === undefined ? 0 : BAR_GAP + bar.width;
  const layout = layoutOf(
    shown,
    (figureWidth ?? WIDTH) - 2 * MARGIN - barWidth,
    spec.columns,
  );
  const { images, size, pixel } = layout;
  const ranges = images.map((image, i) =>
    isColoured(shown[i]!) ? shared ?? valueRange(image.z, diverging) : null
  );
  const mosaic = mosaicIn(layout, ranges, diverging);
  const width = mosaic.width * pixel - GAP;
  const height = mosaic.height * pixel - GAP;
  const body = [
    ...coloured.length === 0 ? [] : [
      imageTag(mosaic.png, mosaic.width * pixel, mosaic.height * pixel, 0, 0),
    ],
    ...images.flatMap((image, i) =>
      isColoured(shown[i]!) ? [] : [separateImage(image, layout, i)]
    ),
    ...shown.flatMap((_, i) => textBelow(layout, i, theme)),
  ];
  if (bar !== undefined) {
    const high = Math.min(size.height * 2 + 30, height);
    body.push(
      `<g transform="translate(${width + BAR_GAP},4)">${bar.draw(high)}</g>`,
    );
  }
  return frameSvg({
    ...frame,
    notes: notesOf(spec, images),
    body,
    width: width + barWidth,
    height: Math.max(height, bar === undefined ? 0 : 12),
  });
}

/** Top left corner of an image. */
function cornerOf({ cell, columns }: Layout, i: number) {
  return {
    x: cell.width * (i % columns),
    y: cell.height * Math.floor(i / columns),
  };
}

/** One PNG of all images that are coloured by value. */
function mosaicIn(
  { images, columns, cell, scale, pixel }: Layout,
  ranges: MosaicLayout["ranges"],
  diverging: boolean,
): Mosaic {
  const size = { width: cell.width / pixel, height: cell.height / pixel };
  const repeat = scale / pixel;
  return mosaicOf(images, { columns, cell: size, repeat, diverging, ranges });
}

/** An image that has colours, as a PNG by itself. */
function separateImage(image: Shrunk, layout: Layout, i: number): string {
  const { size } = layout;
  const { x, y } = cornerOf(layout, i);
  const zoom = Math.min(size.width / image.width, size.height / image.height);
  const [width, height] = [image.width * zoom, image.height * zoom];
  return imageTag(pngOf(image), width, height, x, y, Number.isInteger(zoom));
}

/** The caption of an image and the line under it. */
function textBelow(layout: Layout, i: number, theme: Theme): string[] {
  const { x, y } = cornerOf(layout, i);
  const below = y + layout.size.height;
  const [name, footer] = layout.lines[i]!;
  const space = layout.cell.width - GAP;
  const lines: string[] = [];
  if (name !== "") {
    const text = fitPath(name, CAPTION, space);
    lines.push(svgText(text, x, below + 12, CAPTION, theme.text));
  }
  if (footer !== "") {
    const text = fitText(footer, FOOTER, space);
    const down = name === "" ? 11 : 23;
    lines.push(svgText(text, x, below + down, FOOTER, theme.muted));
  }
  return lines;
}

function isColoured({ colors = "map" }: GridImage): boolean {
  return colors === "map";
}

function rangeOf(images: readonly GridImage[], diverging: boolean) {
  const found = images.flatMap(({ z }) => extremes(z) ?? []);
  return valueRange(found, diverging);
}

/** The layout of the images, in CSS pixels. */
interface Layout {
  readonly images: readonly Shrunk[];
  /** The caption and the line under it, for each image. */
  readonly lines: readonly (readonly [string, string])[];
  readonly columns: number;
  /** Distance of images: an integer number of mosaic pixels. */
  readonly cell: { readonly width: number; readonly height: number };
  /** Size of the largest image. */
  readonly size: { readonly width: number; readonly height: number };
  /** Size of a value of a coloured image, or of a pixel: an integer. */
  readonly scale: number;
  /** Size of a pixel of the mosaic. */
  readonly pixel: number;
}

function layoutOf(
  shown: readonly GridImage[],
  space: number,
  inRow: number | undefined,
): Layout {
  const count = shown.length;
  const isNarrow = space < NARROW;
  /** Side of an image for this number of images per row. */
  const sideOf = (columns: number) =>
    Math.max(1, Math.floor((space + GAP) / columns) - GAP);
  const fitting = sideOf(inRow ?? Math.min(4, count));
  const { images, side } = shrunkTo(shown, fitting, sideOf(Math.min(4, count)));
  const largest = Math.max(side.width, side.height);
  const all = extremes(
    shown.filter(isColoured).flatMap(({ z }) => extremes(z) ?? []),
  ) ?? [0, 0];
  const lines = shown.map((image) =>
    linesOf(image, digitsOf(...all), isNarrow)
  );
  const text = linesSize(lines, space);
  const wanted = Math.min(count <= 4 ? 120 : 72, fitting);
  const scale = Math.max(
    1,
    isNarrow ? Math.floor(wanted / largest) : Math.round(wanted / largest),
    // Three in a row if four would not be enlarged.
    isNarrow ? Math.min(2, Math.floor(sideOf(3) / largest)) : 0,
    // An image is at least as wide as the text below it.
    isNarrow && inRow === undefined
      ? Math.floor(Math.min(72, text.width, space) / largest)
      : 0,
  );
  const pixel = [8, 7, 6, 5, 4, 3, 2].find((px) => scale % px === 0) ?? 1;
  const size = { width: scale * side.width, height: scale * side.height };
  const whole = (length: number) => Math.ceil(length / pixel) * pixel;
  const textWidth = Math.min(text.width, inRow ? fitting : space);
  const cell = {
    width: whole(Math.max(size.width, textWidth) + GAP),
    height: whole(size.height + text.height + GAP),
  };
  const columns = inRow ??
    columnsOf(count, Math.floor((space + GAP) / cell.width));
  return { images, lines, columns, cell, size, scale, pixel };
}

/**
 * Reduces images that are larger than their number allows.
 *
 * @param shown The images.
 * @param fitting Side for which the requested number fits in a row.
 * @param quarter Side for which four fit in a row.
 * @returns The images, and the size of the largest.
 */
function shrunkTo(
  shown: readonly GridImage[],
  fitting: number,
  quarter: number,
): { readonly images: Shrunk[]; readonly side: Layout["size"] } {
  const count = shown.length;
  const most = Math.min(
    count <= 16 ? 128 : count <= 40 ? 96 : 72,
    Math.max(32, quarter),
  );
  const hasMaps = shown.some(isColoured);
  const images = shown.map((image) =>
    isColoured(image)
      ? stretched(shrink(image, most))
      : resized(image, hasMaps ? most : Math.min(most, fitting))
  );
  const sized = hasMaps
    ? images.filter((_, i) => isColoured(shown[i]!))
    : images;
  const width = Math.max(...sized.map(({ width }) => width));
  const height = Math.max(...sized.map(({ height }) => height));
  return { images, side: { width, height } };
}

/** Size of the widest text below an image. */
function linesSize(lines: Layout["lines"], space: number): Layout["size"] {
  const captions = lines.map(([caption]) => caption);
  const footers = lines.map(([, footer]) => footer);
  const hasText = (all: string[]) => all.some((line) => line !== "");
  return {
    width: Math.max(
      Math.min(widestText(captions, CAPTION), WIDEST_CAPTION, space / 4),
      widestText(footers, FOOTER),
    ),
    height: (hasText(captions) ? 14 : 0) + (hasText(footers) ? 12 : 0),
  };
}

/** A grey or RGB image, reduced to a maximum side. */
function resized(image: GridImage, most: number): Shrunk {
  const { height, width, z } = image;
  const factor = Math.max(height, width) / most;
  if (factor <= 1) return { z, height, width, factor: [1, 1] };
  const channels = image.colors === "rgb" ? 3 : 1;
  const size = [height, width]
    .map((side) => Math.max(1, Math.round(side / factor))) as [number, number];
  const data = new Float32Array(size[0] * size[1] * channels); // [H, W, C]
  resizeImage(
    { data: Float32Array.from(z), height, width, channels },
    size,
    { interpolation: "bilinear", antialias: true },
    { data, start: 0, stride: size[1] * channels },
  );
  return { z: data, height: size[0], width: size[1], factor: [1, 1] };
}

/**
 * The lines under an image: its caption, and its smallest and largest value
 * with the digits that distinguish them, within the image and from the others.
 */
function linesOf(
  image: GridImage,
  least: number,
  isNarrow: boolean,
): [caption: string, extremes: string] {
  const caption = lineText(image.caption);
  if (!isColoured(image)) return [caption, lineText(image.detail ?? "", 60)];
  const found = extremes(image.z);
  if (found === undefined) return [caption, "not finite"];
  const [low, high] = found;
  const digits = Math.max(least, digitsOf(low, high)) - (isNarrow ? 1 : 0);
  const write = (value: number) => shortText(value, digits);
  const gap = isNarrow ? "…" : " … ";
  return [
    caption,
    low === high ? `all ${write(low)}` : `${write(low)}${gap}${write(high)}`,
  ];
}

/** Grey or RGB, by the number of values. */
function pngOf({ z, width, height }: Shrunk): Uint8Array {
  const data = Uint8Array.from(
    z,
    (value) =>
      Number.isNaN(value)
        ? GREY
        : Math.round(Math.min(255, Math.max(0, value))),
  );
  return toPng({ width, height, data });
}

function imageTag(
  png: Uint8Array,
  width: number,
  height: number,
  x: number,
  y: number,
  isCrisp = true,
): string {
  const style = isCrisp ? ` ${PIXELATED}` : "";
  return `<image x="${x}" y="${y}" width="${width}" height="${height}"${style} href="${
    dataUrl("image/png", png)
  }"/>`;
}

function notesOf(spec: ImagesSpec, images: readonly Shrunk[]): string[] {
  const notes = [...spec.notes ?? []];
  const shown = spec.images.slice(0, MOST_IMAGES);
  if (spec.images.length > MOST_IMAGES) {
    notes.push(`first ${MOST_IMAGES} of ${spec.images.length} images`);
  }
  if (spec.scale === "each" && shown.some(isColoured)) {
    notes.push(
      spec.diverging
        ? "each image on its own scale: blue below zero, white zero, red above"
        : "each image on its own scale: dark lowest, bright highest",
    );
  }
  const missing = shown.filter(({ z }) =>
    !Array.from(z).every(Number.isFinite)
  );
  const maps = missing.filter(isColoured).length;
  if (maps > 0) notes.push(`grey: not finite, in ${maps}`);
  const inputs = missing.length - maps;
  if (inputs > 0) notes.push(`grey: not decoded or not finite, in ${inputs}`);
  const [rows, columns] = [0, 1].map((axis) =>
    Math.max(...images.map(({ factor }) => factor[axis]!))
  ) as [number, number];
  if (rows * columns > 1) {
    notes.push(`means over ${rows} × ${columns} positions`);
  }
  return notes;
}

function columnsOf(count: number, most: number): number {
  const widest = Math.max(1, most);
  if (count <= widest) return count;
  const least = widest > 3 ? 0.6 * widest : widest;
  for (let columns = widest; columns >= least; columns--) {
    if (count % columns === 0) return columns; // a grid that is full
  }
  return Math.ceil(count / Math.ceil(count / widest));
}
