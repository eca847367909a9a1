/**
 * Colours of paper and ink in static figures. Interactive ones take the page's.
 *
 * @module
 */

/** Colours of everything in a static figure that is no data. */
export interface Theme {
  /** The ground, as red, green and blue. */
  readonly paper: readonly [red: number, green: number, blue: number];
  /** Titles. */
  readonly title: string;
  /** Labels, legends, captions. */
  readonly text: string;
  /** Notes and numbers beside images. */
  readonly muted: string;
  /** The line at zero. */
  readonly line: string;
}

/** The themes by name. */
export const THEMES = {
  light: {
    paper: [255, 255, 255],
    title: "#111",
    text: "#333",
    muted: "#666",
    line: "#888",
  },
  dark: {
    paper: [24, 26, 31],
    title: "#f2f2f2",
    text: "#d6d6d6",
    muted: "#a8a8a8",
    line: "#8a8a8a",
  },
} as const satisfies Record<string, Theme>;

/** Name of a theme. */
export type ThemeName = keyof typeof THEMES;

/** All names. */
export const THEME_NAMES: readonly ThemeName[] = ["light", "dark"];

let current: ThemeName = "light";

/**
 * The theme of figures that do not name one.
 *
 * @param name The name; default: what `notebook` set, `light` at first.
 * @returns The theme.
 */
export function themeOf(name: ThemeName | undefined): Theme {
  return THEMES[name ?? current];
}

/**
 * Sets the theme of what is shown from now on.
 *
 * @param name The name.
 */
export function setTheme(name: ThemeName): void {
  current = name;
}
