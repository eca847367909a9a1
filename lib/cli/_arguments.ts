/**
 * Arguments of commands, and how commands report errors: alike for all of them.
 *
 * @module
 */
import { type Command, CommanderError } from "commander";
import { printableMessage } from "../check.ts";

/** Where a command writes while its arguments are read. */
export interface ArgumentOutput {
  /** Takes the help. */
  readonly out: (text: string) => void;
  /** Takes errors. */
  readonly err: (text: string) => void;
}

/**
 * Reads the arguments of a command into it.
 *
 * @param command The command, with its options; it is changed.
 * @param args The arguments.
 * @param output Where help and errors go.
 * @param check Checks what options must be together, by `command.error`.
 * @returns The exit code, where there is nothing to run: 0 after the help, 2
 * for arguments that make no command.
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

/** An option in the place of a value is a value that was forgotten. */
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
 * An error as text: its message, and those of the errors underneath, a line
 * each.
 *
 * @param error What was thrown.
 * @param label What stands before it.
 * @returns The lines.
 */
export function errorText(error: unknown, label = "error"): string {
  const isError = error instanceof Error;
  const text = isError ? `${error.name}: ${error.message}` : String(error);
  const line = `${label}: ${printableMessage(text)}\n`;
  return isError && error.cause !== undefined
    ? line + errorText(error.cause, "cause")
    : line;
}
