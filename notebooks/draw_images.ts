/**
 * Draws the images of `05_images.ipynb`: flowers, boats and the like, each with
 * colours, sizes and positions.
 *
 *     deno run -A notebooks/draw_images.ts                     # into images/
 *     deno run -A notebooks/draw_images.ts out/train 400 1    # 400 a kind, seed 1
 *
 * Each kind becomes a folder of JPEG files of 96×96 pixels. One seed gives the
 * same drawings each time.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import sharp from "sharp";
import { seededRandom } from "../lib/math/seeded_random.ts";

/** A number from `low` to `high`. */
type Between = (low: number, high: number) => number;

/** Gives the shapes of a drawing around (0, 0), about 80 wide, as SVG. */
type Draw = (between: Between) => string;

const SIDE = 96;
const FOLDER = Deno.args[0] ??
  decodeURIComponent(new URL("./images", import.meta.url).pathname);
const COUNT = Number(Deno.args[1] ?? 20);
const SEED = Number(Deno.args[2] ?? 2026);

const KINDS: Readonly<Record<string, Draw>> = {
  balloon,
  boat,
  butterfly,
  fish,
  flower,
  house,
  leaf,
  mushroom,
};

for (const [index, [kind, draw]] of Object.entries(KINDS).entries()) {
  const random = seededRandom(SEED * 100 + index);
  const between: Between = (low, high) => low + (high - low) * random();
  await Deno.mkdir(`${FOLDER}/${kind}`, { recursive: true });
  for (let i = 1; i <= COUNT; i++) {
    const bytes = await sharp(Buffer.from(svg(draw, between)))
      .jpeg({ quality: 84 }).toBuffer();
    const name = `${kind}-${String(i).padStart(2, "0")}.jpg`;
    await Deno.writeFile(`${FOLDER}/${kind}/${name}`, bytes);
  }
}

/** The drawing, turned a little, before a background in two colours. */
function svg(draw: Draw, between: Between): string {
  const hue = between(0, 360);
  const [x, y] = [between(42, 54), between(42, 54)];
  const size = between(0.78, 1.08);
  const turn = between(-14, 14);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${SIDE}" height="${SIDE}">
<defs><linearGradient id="b" x2="0.4" y2="1">
<stop offset="0" stop-color="${hsl(hue, between(25, 70), between(76, 94))}"/>
<stop offset="1" stop-color="${
    hsl(hue + between(-50, 50), between(25, 70), between(58, 84))
  }"/></linearGradient></defs>
<rect width="${SIDE}" height="${SIDE}" fill="url(#b)"/>
<g transform="translate(${x} ${y}) rotate(${turn}) scale(${size})"
 stroke-linejoin="round" stroke-linecap="round">${draw(between)}</g></svg>`;
}

function hsl(hue: number, saturation: number, lightness: number): string {
  const turned = ((hue % 360) + 360) % 360;
  return `hsl(${turned.toFixed(0)}, ${saturation.toFixed(0)}%, ${
    lightness.toFixed(0)
  }%)`;
}

/** A strong colour. */
function bright(between: Between, hue = between(0, 360)): string {
  return hsl(hue, between(55, 90), between(40, 62));
}

function circle(x: number, y: number, r: number, fill: string): string {
  return `<circle cx="${x}" cy="${y}" r="${r}" fill="${fill}"/>`;
}

function ellipse(
  [x, y]: readonly [number, number],
  [rx, ry]: readonly [number, number],
  fill: string,
  turn = 0,
): string {
  return `<ellipse cx="${x}" cy="${y}" rx="${rx}" ry="${ry}" fill="${fill}" transform="rotate(${turn})"/>`;
}

function path(d: string, fill: string, rest = ""): string {
  return `<path d="${d}" fill="${fill}" ${rest}/>`;
}

function line(d: string, stroke: string, width: number): string {
  return path(d, "none", `stroke="${stroke}" stroke-width="${width}"`);
}

function flower(between: Between): string {
  const petals = Math.round(between(5, 9));
  const color = bright(between);
  const length = between(13, 18);
  const heart = hsl(between(35, 55), 90, between(45, 60));
  const stem = hsl(between(95, 140), 55, between(28, 40));
  let shapes = line(`M0 0Q${between(-8, 8)} 20 ${between(-6, 6)} 42`, stem, 4);
  shapes += `<g transform="translate(0 -6)">`;
  for (let i = 0; i < petals; i++) {
    const width = 30 / petals + between(3, 4);
    shapes += ellipse(
      [0, -length],
      [width, length * 0.8],
      color,
      i * 360 / petals,
    );
  }
  return `${shapes}${circle(0, 0, between(6, 9), heart)}</g>`;
}

function leaf(between: Between): string {
  const hue = between(15, 140);
  const color = hsl(hue, between(50, 75), between(34, 50));
  const vein = hsl(hue, 45, between(66, 76));
  const width = between(15, 25);
  let shapes = path(
    `M0 -38C${width * 1.5} -16 ${width} 14 0 28C${-width} 14 ${
      -width * 1.5
    } -16 0 -38Z`,
    color,
  );
  shapes += line("M0 -32L0 40", vein, 2.5);
  for (let y = -18; y <= 14; y += 8) {
    const reach = width * (y < -10 ? 0.5 : 0.72);
    shapes += line(`M${-reach} ${y - 7}L0 ${y}L${reach} ${y - 7}`, vein, 1.6);
  }
  return `<g transform="rotate(${between(-50, 50)})">${shapes}</g>`;
}

function fish(between: Between): string {
  const color = bright(between);
  const stripe = bright(between);
  const height = between(13, 20);
  const side = between(0, 1) < 0.5 ? 1 : -1;
  let shapes = path(
    `M22 0L41 ${-height * 0.9}L37 0L41 ${height * 0.9}Z`,
    stripe,
  );
  shapes += path(
    `M-6 ${-height * 0.7}Q4 ${-height * 1.8} 16 ${-height * 0.4}Z`,
    stripe,
  );
  shapes += ellipse([-4, 0], [31, height], color);
  for (let x = -8; x <= 12; x += 10) {
    const reach = height * (x === 12 ? 0.66 : 0.84);
    shapes += line(
      `M${x} ${-reach}Q${x + 6} 0 ${x} ${reach}`,
      stripe,
      between(2, 5),
    );
  }
  shapes += circle(-22, -height * 0.25, 4.6, "white") +
    circle(-23, -height * 0.25, 2.2, "black");
  return `<g transform="scale(${side} 1)">${shapes}</g>`;
}

function butterfly(between: Between): string {
  const color = bright(between);
  const other = bright(between);
  const spot = hsl(between(30, 60), 90, between(70, 90));
  const spread = between(15, 21);
  const wings = (side: number) =>
    ellipse([side * spread, -13], [spread, between(13, 17)], color, side * 12) +
    ellipse(
      [side * spread * 0.8, 15],
      [spread * 0.75, between(10, 14)],
      other,
      side * -14,
    ) +
    circle(side * spread * 1.15, -14, between(3, 6), spot) +
    circle(side * spread * 0.8, 14, between(2, 4), spot);
  return wings(-1) + wings(1) + ellipse([0, 2], [3.4, 23], "#2b2330") +
    line("M0 -20Q-4 -32 -11 -35M0 -20Q4 -32 11 -35", "#2b2330", 1.8);
}

function mushroom(between: Between): string {
  const cap = bright(between, between(-25, 50));
  const stem = hsl(between(30, 50), 40, between(84, 93));
  const width = between(28, 37);
  const thick = between(8, 12);
  let shapes = path(
    `M${-thick} 0C${-thick} 18 ${-thick - 5} 30 ${-thick - 3} 36L${
      thick + 3
    } 36C${thick + 5} 30 ${thick} 18 ${thick} 0Z`,
    stem,
  );
  shapes += path(
    `M${-width} 4C${-width} -44 ${width} -44 ${width} 4Q0 12 ${-width} 4Z`,
    cap,
  );
  for (
    const [x, y] of [[-0.5, -10], [0.05, -22], [0.52, -9], [0, -4]] as const
  ) {
    shapes += circle(x * width, y, between(3, 5.5), "#fffaf0");
  }
  return shapes;
}

function boat(between: Between): string {
  const hull = bright(between);
  const sail = hsl(between(0, 360), between(20, 80), between(78, 95));
  const flag = bright(between);
  const water = hsl(between(190, 225), between(45, 75), between(42, 60));
  const height = between(40, 50);
  let shapes = line(`M0 12L0 ${12 - height}`, "#5a4030", 3);
  shapes += path(`M3 ${14 - height}L3 7L${between(24, 34)} 7Z`, sail);
  shapes += path(`M-3 ${20 - height}L-3 7L${between(-28, -20)} 7Z`, sail);
  shapes += path(`M0 ${12 - height}L11 ${8 - height}L0 ${4 - height}Z`, flag);
  shapes += path("M-34 11L34 11Q28 30 16 30L-16 30Q-28 30 -34 11Z", hull);
  const waves = `M-90 30q7.5 -6 15 0${"t15 0".repeat(11)}`;
  return shapes + path(`${waves}V80H-90Z`, water);
}

function house(between: Between): string {
  const wall = hsl(between(0, 360), between(20, 60), between(68, 88));
  const roof = bright(between, between(-30, 40));
  const door = bright(between);
  const pane = hsl(between(195, 215), 70, between(30, 80));
  const width = between(26, 33);
  const top = between(-12, -2);
  const left = between(-0.5, 0.2) * width;
  return path(`M${width * 0.45} -34h9v20h-9Z`, "#7b5b4b") +
    path(`M${-width} ${top}H${width}V36H${-width}Z`, wall) +
    path(`M${-width - 7} ${top}L0 ${top - 28}L${width + 7} ${top}Z`, roof) +
    path(`M${left} 14h12v22h-12Z`, door) +
    path(
      `M${-width + 6} ${top + 6}h11v11h-11ZM${width - 17} ${
        top + 6
      }h11v11h-11Z`,
      pane,
    );
}

function balloon(between: Between): string {
  const color = bright(between);
  const stripe = bright(between);
  const basket = hsl(between(25, 40), 50, between(32, 45));
  const width = between(23, 29);
  const hull = `M0 -42C${width * 1.4} -42 ${width * 1.3} -2 7 20H-7C${
    -width * 1.3
  } -2 ${-width * 1.4} -42 0 -42Z`;
  const band = (share: number, fill: string) =>
    path(
      `M0 -42C${width * 1.4 * share} -42 ${width * 1.3 * share} -2 ${
        7 * share
      } 20H${-7 * share}C${-width * 1.3 * share} -2 ${
        -width * 1.4 * share
      } -42 0 -42Z`,
      fill,
    );
  return path(hull, color) + band(0.66, stripe) + band(0.3, color) +
    line("M-6 20L-4 31M6 20L4 31", "#4a3a30", 1.2) +
    path("M-7 30H7L5.5 40H-5.5Z", basket);
}
