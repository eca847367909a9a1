/**
 * The terminal that the process writes to, if there is one.
 *
 * Terminals with image support are recognised by environment variables, which
 * are read only if the permission is already granted.
 *
 * @module
 */

/** The image protocol of a terminal. */
export type ImageProtocol = "kitty" | "iterm2" | "sixel";

/** An output stream of the process. */
export interface OutputStream {
  /** Writes some bytes, and returns their number. */
  writeSync(bytes: Uint8Array): number;
}

/**
 * Writes a complete text.
 *
 * @param output `Deno.stdout` or `Deno.stderr`.
 * @param text The text.
 */
export function writeAll(output: OutputStream, text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(output.writeSync(bytes));
}

/**
 * The width of the terminal.
 *
 * @returns Its columns; 80 if stdin, stdout and stderr are not terminals.
 */
export function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 80;
  }
}

/**
 * The maximum width of text tables.
 *
 * @returns The columns of the terminal; without one, in files and notebooks,
 * any width.
 */
export function tableWidth(): number {
  return Deno.stdout.isTerminal() ? terminalColumns() : Infinity;
}

/**
 * The image protocol of the terminal on stdout.
 *
 * @param read Reads an environment variable; default: if permitted.
 * @returns The protocol; undefined if stdout is not a terminal with known image
 * support.
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
