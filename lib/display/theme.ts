/**
 * Colour themes of static figures. Interactive ones use the colours of the
 * page.
 *
 * @module
 */

/** Colours of a static figure, except those of data. */
export interface Theme {
  /** The background, as red, green and blue. */
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
 * @param name The name; default: that set by `notebook`, initially `light`.
 * @returns The theme.
 */
export function themeOf(name: ThemeName | undefined): Theme {
  return THEMES[name ?? current];
}

/**
 * Sets the theme of following outputs.
 *
 * @param name The name.
 */
export function setTheme(name: ThemeName): void {
  current = name;
}
