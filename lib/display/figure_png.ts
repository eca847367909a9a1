/**
 * Figures as PNG: the SVG of a figure, rendered by resvg with a bundled font.
 * Needs no browser, no canvas and no system font.
 *
 * @module
 */
import { figureSvg } from "./figure_svg.ts";
import { type CodeRanges, glyphRanges, lacksGlyphs } from "./font_glyphs.ts";
import { packageFile } from "../formats/package_file.ts";
import { toPng } from "../formats/png.ts";
import { PIXELATED, PIXELATED_RESVG, type SvgImage } from "./svg_frame.ts";
import type { RgbaPixels } from "./sixel.ts";
import type { FigureSpec } from "./view.ts";

/** A static figure. */
export interface PngImage {
  /** The file's bytes. */
  readonly png: Uint8Array<ArrayBuffer>;
  /** Its width in CSS pixels. */
  readonly width: number;
  /** Its height in CSS pixels. */
  readonly height: number;
}

/**
 * Draws a figure.
 *
 * @param spec The figure.
 * @param zoom Pixels of the PNG per CSS pixel.
 * @returns The PNG.
 */
export async function figurePng(
  spec: FigureSpec,
  zoom = 2,
): Promise<PngImage> {
  return await svgPng(await rasterSvg(spec), zoom);
}

/** The note of figures with characters that the font lacks. */
const BOXES =
  "□: a character that DejaVu Sans lacks; files saved as .svg or .html keep it";

/**
 * Draws a figure as SVG for {@linkcode svgPng} and {@linkcode svgPixels}.
 *
 * @param spec The figure.
 * @returns The SVG, with a note if the font lacks some characters.
 */
export async function rasterSvg(spec: FigureSpec): Promise<SvgImage> {
  const image = await figureSvg(spec);
  if (!/[^\0-\x7f]/.test(image.svg)) return image;
  const { ranges } = await renderer();
  if (!lacksGlyphs(image.svg, ranges)) return image;
  return await figureSvg({ ...spec, notes: [...spec.notes ?? [], BOXES] });
}

/**
 * Draws an SVG of this folder.
 *
 * @param image The SVG.
 * @param zoom Pixels of the PNG per CSS pixel.
 * @returns The PNG.
 */
export async function svgPng(
  image: SvgImage,
  zoom = 2,
): Promise<PngImage> {
  const { width, height } = image;
  const { data, ...size } = await svgPixels(image, zoom);
  const rgb = new Uint8Array(data.length / 4 * 3); // [H, W, 3]
  for (let pixel = 0; pixel < data.length / 4; pixel++) {
    for (let i = 0; i < 3; i++) rgb[3 * pixel + i] = data[4 * pixel + i]!;
  }
  return { png: toPng({ ...size, data: rgb }), width, height };
}

/**
 * Draws an SVG of this folder, as pixels.
 *
 * @param image The SVG.
 * @param zoom Pixels per CSS pixel.
 * @returns The pixels, opaque.
 */
export async function svgPixels(
  image: SvgImage,
  zoom = 1,
): Promise<RgbaPixels> {
  return await render(image, zoom, ({ pixels, width, height }) => ({
    data: new Uint8Array(pixels),
    width,
    height,
  }));
}

/** Pixels of the largest image: 200 MB. */
const MOST_PIXELS = 50_000_000;

/**
 * The zoom at which an image fits the memory: large grids are drawn smaller.
 *
 * @param image Its size in CSS pixels.
 * @param zoom The wanted pixels per CSS pixel.
 * @returns The zoom, at most the wanted one.
 */
export function fittingZoom(
  { width, height }: Pick<SvgImage, "width" | "height">,
  zoom: number,
): number {
  return Math.min(zoom, Math.sqrt(MOST_PIXELS / (width * height)));
}

type Rendered = ReturnType<InstanceType<Renderer["Resvg"]>["render"]>;

async function render<T>(
  image: SvgImage,
  zoom: number,
  read: (drawn: Rendered) => T,
): Promise<T> {
  const { Resvg, font } = await renderer();
  const value = fittingZoom(image, zoom);
  const svg = image.svg.replaceAll(PIXELATED, PIXELATED_RESVG);
  const resvg = new Resvg(svg, {
    fitTo: { mode: "zoom", value },
    font: {
      fontBuffers: [font],
      defaultFontFamily: "DejaVu Sans",
      sansSerifFamily: "DejaVu Sans",
    },
  });
  try {
    const drawn = resvg.render();
    try {
      return read(drawn);
    } finally {
      drawn.free();
    }
  } finally {
    resvg.free();
  }
}

interface Renderer {
  readonly Resvg: typeof import("@resvg/resvg-wasm").Resvg;
  readonly font: Uint8Array;
  readonly ranges: CodeRanges;
}

/**
 * Initialises WASM, which is possible only once per process; a failure may be
 * retried.
 */
let loaded: Promise<Renderer> | undefined;

function renderer(): Promise<Renderer> {
  return loaded ??= load().catch((error) => {
    loaded = undefined;
    throw error;
  });
}

async function load(): Promise<Renderer> {
  const { initWasm, Resvg } = await import("@resvg/resvg-wasm");
  await import("dejavu-fonts-ttf/package.json", { with: { type: "json" } });
  const font = await packageFile("dejavu-fonts-ttf", "/ttf/DejaVuSans.ttf");
  await initWasm(await packageFile("@resvg/resvg-wasm", "/index_bg.wasm"));
  return { Resvg, font, ranges: glyphRanges(font) };
}
