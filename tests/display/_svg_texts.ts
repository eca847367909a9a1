/**
 * Reads the labels of an SVG back, with the boxes that they take up.
 *
 * @module
 */
import { DOMParser } from "linkedom";
import { textWidth } from "../../lib/display/text_width.ts";

/** A line of text in a figure. */
export interface SvgText {
  readonly text: string;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

type Affine = readonly [number, number, number, number, number, number];

interface Style {
  readonly size: number;
  readonly anchor: string;
  readonly at: Affine;
}

interface Element {
  readonly tagName: string;
  readonly textContent: string;
  readonly children: Iterable<Element>;
  getAttribute(name: string): string | null;
}

const START: Style = { size: 10, anchor: "start", at: [1, 0, 0, 1, 0, 0] };

/** All lines of text in a figure, in the order in which they are drawn. */
export function svgTexts(svg: string): SvgText[] {
  const page: unknown = new DOMParser().parseFromString(svg, "image/svg+xml");
  const { documentElement } = page as { readonly documentElement: Element };
  return textsOf(documentElement, START);
}

/** The texts alone. */
export function labelsOf(svg: string): string[] {
  return svgTexts(svg).map(({ text }) => text);
}

/** What is cut by the edge of a figure, and what is drawn over something else. */
export function layoutFaults(
  { svg, width, height }: {
    readonly svg: string;
    readonly width: number;
    readonly height: number;
  },
): string[] {
  const strings = svgTexts(svg).filter(({ text }) => text !== "");
  const faults = strings
    .filter(({ left, top, right, bottom }) =>
      left < 0 || top < 0 || right > width || bottom > height
    )
    .map(({ text }) => `cut: ${text}`);
  strings.forEach((a, i) => {
    for (const b of strings.slice(i + 1)) {
      const isOver = a.left < b.right && b.left < a.right &&
        a.top < b.bottom && b.top < a.bottom;
      if (isOver) faults.push(`over each other: ${a.text} | ${b.text}`);
    }
  });
  return faults;
}

function textsOf(element: Element, outer: Style): SvgText[] {
  const get = (name: string) => element.getAttribute(name);
  const inStyle = /font-size:\s*([\d.]+)px/.exec(get("style") ?? "")?.[1];
  const shift = element.tagName === "svg"
    ? [1, 0, 0, 1, Number(get("x") ?? 0), Number(get("y") ?? 0)] as const
    : START.at;
  const style: Style = {
    size: Number(inStyle ?? get("font-size") ?? outer.size),
    anchor: get("text-anchor") ?? outer.anchor,
    at: times(times(outer.at, transformOf(get("transform") ?? "")), shift),
  };
  if (element.tagName === "text") return [boxOf(element, style)];
  return [...element.children].flatMap((child) => textsOf(child, style));
}

function boxOf(element: Element, { size, anchor, at }: Style): SvgText {
  const text = element.textContent;
  const length = (name: string) => {
    const value = element.getAttribute(name) ?? "0";
    return parseFloat(value) * (value.endsWith("em") ? size : 1);
  };
  const width = textWidth(text, size);
  const before = anchor === "end" ? 1 : anchor === "middle" ? 0.5 : 0;
  const x = length("x") + length("dx") - before * width;
  const y = length("y") + length("dy");
  const corners = [[x, y - 0.74 * size], [x + width, y + 0.22 * size]]
    .map(([x, y]) => [
      at[0] * x! + at[2] * y! + at[4],
      at[1] * x! + at[3] * y! + at[5],
    ]);
  const sorted = (axis: 0 | 1) =>
    corners.map((corner) => corner[axis]!).sort((a, b) => a - b);
  const [left, right] = sorted(0) as [number, number];
  const [top, bottom] = sorted(1) as [number, number];
  return { text, left, top, right, bottom };
}

function transformOf(text: string): Affine {
  let at: Affine = START.at;
  for (const [, name, args] of text.matchAll(/(\w+)\(([^)]*)\)/g)) {
    const [a = 0, b = 0, c = 0] = args!.split(/[\s,]+/).map(Number);
    if (name === "translate") at = times(at, [1, 0, 0, 1, a, b]);
    if (name !== "rotate") continue;
    const [cos, sin] = [
      Math.cos(a * Math.PI / 180),
      Math.sin(a * Math.PI / 180),
    ];
    at = times(at, [1, 0, 0, 1, b, c]);
    at = times(at, [cos, sin, -sin, cos, 0, 0]);
    at = times(at, [1, 0, 0, 1, -b, -c]);
  }
  return at;
}

function times(p: Affine, q: Affine): Affine {
  return [
    p[0] * q[0] + p[2] * q[1],
    p[1] * q[0] + p[3] * q[1],
    p[0] * q[2] + p[2] * q[3],
    p[1] * q[2] + p[3] * q[3],
    p[0] * q[4] + p[2] * q[5] + p[4],
    p[1] * q[4] + p[3] * q[5] + p[5],
  ];
}
