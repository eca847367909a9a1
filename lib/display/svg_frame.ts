/**
 * What all still pictures have around them: white paper, a title, a line of
 * notes, a legend.
 *
 * @module
 */
import { escapeMarkup, lineText } from "./cell.ts";

/** A picture as SVG. */
export interface Picture {
  /** The SVG, whole. */
  readonly svg: string;
  /** Its width in CSS pixels. */
  readonly width: number;
  /** Its height in CSS pixels. */
  readonly height: number;
}

/** What {@linkcode frameSvg} puts together. */
export interface Frame {
  /** Above everything. */
  readonly title: string;
  /** Small, below the title, with commas between. */
  readonly notes?: readonly string[];
  /** Names with their colours, below the notes. */
  readonly legend?: readonly {
    readonly name: string;
    readonly color: string;
  }[];
  /** SVG elements, drawn from their own origin. */
  readonly body: readonly string[];
  /** Width of the body. */
  readonly width?: number;
  /** Height of the body. */
  readonly height?: number;
}

/** On an image whose pixels are to stay sharp, for browsers. */
export const PIXELATED = 'style="image-rendering:pixelated"';

/** The same wish in the words of SVG 1.1, which is what resvg reads. */
export const PIXELATED_RESVG = 'image-rendering="optimizeSpeed"';

const MARGIN = 12;
const NARROWEST = 360;
const LETTER = 0.62; // width of a letter of DejaVu Sans, in font sizes
const MOST_NAMES = 24;

/**
 * Puts a picture together.
 *
 * @param frame Its parts.
 * @returns The SVG and its size.
 */
export function frameSvg(frame: Frame): Picture {
  const { body, notes = [], width: wide = 0, height: high = 0 } = frame;
  const width = Math.max(wide, NARROWEST) + 2 * MARGIN;
  const room = width - 2 * MARGIN;
  const parts: string[] = [];
  let y = MARGIN;
  const write = (text: string, size: number, fill: string) => {
    const most = Math.floor(room / (LETTER * size));
    for (const line of wrapped(lineText(text, 400), most)) {
      y += size;
      parts.push(
        `<text x="${MARGIN}" y="${y}" font-size="${size}" fill="${fill}">${
          escapeMarkup(line)
        }</text>`,
      );
      y += size < 12 ? 3 : 6;
    }
  };
  write(frame.title, 14, "#111");
  if (notes.length > 0) write(notes.join(", "), 10, "#666");
  y += 3;
  const legend = legendOf(frame.legend ?? [], room);
  for (const { x, row, name, color } of legend.places) {
    const top = y + 18 * row;
    parts.push(
      `<rect x="${MARGIN + x}" y="${
        top + 2
      }" width="11" height="11" rx="2" fill="${color}"/>`,
      `<text x="${MARGIN + x + 16}" y="${
        top + 12
      }" font-size="11" fill="#333">${escapeMarkup(name)}</text>`,
    );
  }
  y += 18 * legend.rows + (body.length > 0 ? 4 : 0);
  if (body.length > 0) {
    parts.push(
      `<g transform="translate(${MARGIN},${y})">${body.join("")}</g>`,
    );
  }
  const height = Math.ceil(y + high + MARGIN);
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="DejaVu Sans, Verdana, sans-serif"><rect width="${width}" height="${height}" fill="#fff"/>${
      parts.join("")
    }</svg>`;
  return { svg, width, height };
}

function legendOf(legend: NonNullable<Frame["legend"]>, room: number) {
  const shown = legend.slice(0, MOST_NAMES);
  if (legend.length > MOST_NAMES) {
    const more = `… ${legend.length - MOST_NAMES} more`;
    shown.push({ name: more, color: "none" });
  }
  let x = 0;
  let row = 0;
  const places = shown.map(({ name, color }) => {
    const text = lineText(name, 40);
    const width = 16 + LETTER * 11 * text.length + 14;
    if (x > 0 && x + width > room) {
      x = 0;
      row++;
    }
    const place = { x: Math.round(x), row, name: text, color };
    x += width;
    return place;
  });
  return { places, rows: shown.length === 0 ? 0 : row + 1 };
}

/** Breaks a line between words; a longer word stands by itself. */
function wrapped(text: string, most: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > most) {
      lines.push(word);
    } else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
