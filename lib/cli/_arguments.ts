/**
 * Parsing of arguments and reporting of errors, shared by all commands.
 *
 * @module
 */
import { type Command, CommanderError } from "commander";
import { printableMessage } from "../check.ts";
import { type OutputStream, writeAll } from "../display/terminal.ts";

/** Output of a command while its arguments are parsed. */
export interface ArgumentOutput {
  /** Writes the help. */
  readonly out: (text: string) => void;
  /** Writes errors. */
  readonly err: (text: string) => void;
}

/**
 * Parses the arguments of a command.
 *
 * @param command The command, with its options; it is changed.
 * @param args The arguments.
 * @param output The output for help and errors.
 * @param check Checks combinations of options, and reports by `command.error`.
 * @returns The exit code if there is nothing to run: 0 after the help, 2 for
 * invalid arguments; otherwise undefined.
 */
export function readArguments(
  command: Command,
  args: readonly string[],
  { out, err }: ArgumentOutput,
  check: (command: Command) => void = () => {},
): 0 | 2 | undefined {
  command.exitOverride().configureOutput({
    writeOut: out,
    writeErr: (text) => err(text.split("\n").map(printableMessage).join("\n")),
    getOutHelpWidth: () => 80,
    getErrHelpWidth: () => 80,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  }).showHelpAfterError("--help lists the arguments.");
  try {
    checkValues(command, args);
    command.parse(args, { from: "user" });
    check(command);
    return undefined;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
}

/** Detects an option where a value is expected: the value was forgotten. */
function checkValues(command: Command, args: readonly string[]): void {
  const optionOf = (arg: string | undefined) =>
    command.options.find(({ long, short }) => arg === long || arg === short);
  for (let at = 0; at < args.length && args[at] !== "--"; at++) {
    const option = optionOf(args[at]);
    if (!option?.required) continue;
    const [name] = (args[++at] ?? "").split("=");
    if (name === "--help" || optionOf(name) !== undefined) {
      command.error(`error: option '${option.flags}' argument missing`);
    }
  }
}

/**
 * Formats an error: its message, and those of its causes, one per line.
 *
 * @param error The thrown value.
 * @param label The prefix.
 * @returns The lines.
 */
export function errorLines(error: unknown, label = "error"): string {
  const isError = error instanceof Error;
  const text = isError ? `${error.name}: ${error.message}` : String(error);
  const line = `${label}: ${printableMessage(text)}\n`;
  return isError && error.cause !== undefined
    ? line + errorLines(error.cause, "cause")
    : line;
}

/**
 * Writes a text, unless its reader has closed the pipe, as `head` does: files
 * that a command has written are complete whether or not somebody reads of it.
 *
 * @param output `Deno.stdout` or `Deno.stderr`.
 * @param text The text.
 */
export function writeText(output: OutputStream, text: string): void {
  try {
    writeAll(output, text);
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
