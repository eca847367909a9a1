/**
 * The terminal that the process writes to, if there is one.
 *
 * One that shows images is recognised by its environment variables. These are
 * read only where the permission is already granted: nothing asks for it.
 *
 * @module
 */

/** How a terminal takes images. */
export type ImageProtocol = "kitty" | "iterm2" | "sixel";

/** A stream of the process that is written to. */
export interface Output {
  /** Writes as much as it can, and returns how many bytes that was. */
  writeSync(bytes: Uint8Array): number;
}

/**
 * Writes a whole text.
 *
 * @param output `Deno.stdout` or `Deno.stderr`.
 * @param text The text.
 */
export function writeAll(output: Output, text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(output.writeSync(bytes));
}

/**
 * The width of the terminal.
 *
 * @returns Its columns; 80 where stdin, stdout and stderr are none.
 */
export function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 80;
  }
}

/**
 * How wide tables of text may be.
 *
 * @returns The columns of the terminal; without one, in files and notebooks,
 * any width.
 */
export function textRoom(): number {
  return Deno.stdout.isTerminal() ? terminalColumns() : Infinity;
}

/**
 * The protocol of the terminal that stdout is.
 *
 * @param read Reads an environment variable; default: where that is permitted.
 * @returns The protocol; undefined where stdout is no terminal, or one that is
 * not known to show images.
 */
export function imageProtocol(
  read: (name: string) => string | undefined = readPermitted,
): ImageProtocol | undefined {
  return Deno.stdout.isTerminal() ? protocolOf(read) : undefined;
}

/**
 * The protocol of a terminal, by its environment variables.
 *
 * @param read Reads a variable.
 * @returns The protocol; undefined for terminals without images, and within a
 * multiplexer, which does not pass them on.
 */
export function protocolOf(
  read: (name: string) => string | undefined,
): ImageProtocol | undefined {
  const term = read("TERM") ?? "";
  const program = read("TERM_PROGRAM") ?? "";
  if (read("TMUX") !== undefined || /^(screen|tmux)/.test(term)) {
    return undefined;
  }
  if (/^xterm-(kitty|ghostty)$/.test(term) || program === "ghostty") {
    return "kitty";
  }
  if (read("KITTY_WINDOW_ID") !== undefined) return "kitty";
  if (["iTerm.app", "WezTerm", "mintty"].includes(program)) return "iterm2";
  if (read("LC_TERMINAL") === "iTerm2") return "iterm2";
  if (/^(foot|mlterm|contour|yaft)|sixel/.test(term)) return "sixel";
  return Number(read("KONSOLE_VERSION") ?? 0) >= 220400 ? "sixel" : undefined;
}

function readPermitted(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}
