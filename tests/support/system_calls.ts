/**
 * System calls of a process, as `strace` reports them: files, sockets, programs.
 *
 * @module
 */

/** A call that a process made. */
export interface SystemCall {
  readonly name: string;
  /** Its arguments, as strace prints them. */
  readonly args: string;
  readonly hasFailed: boolean;
}

const OPENING = ["open", "openat", "openat2"];
/** Calls that make, change or take away a file by its name. */
const CHANGING = [
  "creat",
  "truncate",
  "mkdir",
  "mkdirat",
  "mknod",
  "mknodat",
  "rmdir",
  "unlink",
  "unlinkat",
  "rename",
  "renameat",
  "renameat2",
  "link",
  "linkat",
  "symlink",
  "symlinkat",
  "chmod",
  "fchmodat",
];
/**
 * Calls without which no network can be used, no other program be run, and no file
 * be read unseen by strace. Both ends of a `socketpair` are in the process.
 */
const LEAVING = [
  "socket",
  "connect",
  "bind",
  "listen",
  "execve",
  "execveat",
  "io_uring_setup",
];
/**
 * "-ff" writes a file per thread, in which no call is split by another; with
 * "--seccomp-bpf" calls that are not traced are not slowed down.
 */
const STRACE = "strace --seccomp-bpf -ff -qq";
const WRITING = /\bO_(WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)\b/;

/**
 * Whether strace is installed and may trace.
 *
 * @returns True if so.
 */
export function canTrace(): boolean {
  try {
    const command = `${STRACE} -o /dev/null -e trace=openat`.split(" ");
    const args = [...command.slice(1), Deno.execPath(), "--version"];
    const stdio = { stdout: "null", stderr: "null" } as const;
    return new Deno.Command("strace", { args, ...stdio }).outputSync().success;
  } catch {
    return false;
  }
}

/**
 * Traces a process and all processes that it starts.
 *
 * @param run Runs the process under a command.
 * @returns The calls of all threads that open, create or change files, use the
 * network or start programs.
 */
export async function traced(
  run: (under: readonly string[]) => Promise<unknown>,
): Promise<SystemCall[]> {
  const folder = await Deno.makeTempDir();
  try {
    // "?" is for calls that Linux lacks on some processors.
    const names = [...OPENING, ...CHANGING, ...LEAVING].map((n) => `?${n}`);
    await run([
      ...[...STRACE.split(" "), "-o", `${folder}/calls`],
      ...["-e", `trace=${names.join()}`],
    ]);
    const calls: SystemCall[] = [];
    for await (const { name } of Deno.readDir(folder)) {
      const text = await Deno.readTextFile(`${folder}/${name}`);
      calls.push(...text.split("\n").flatMap(parsed));
    }
    return calls;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function parsed(line: string): SystemCall[] {
  const match = /^(\w+)\((.*)\)\s+= (-?\w+|\?)/.exec(line);
  if (match === null) return [];
  const [, name, args, result] = match;
  return [{ name: name!, args: args!, hasFailed: result === "-1" }];
}

/**
 * The files that were opened for writing, created, changed or removed.
 *
 * @param calls The calls.
 * @returns Each call's name and the file's path; refused calls too.
 */
export function changedFiles(calls: readonly SystemCall[]): string[] {
  return distinct(
    calls.filter(({ name, args }) =>
      CHANGING.includes(name) || OPENING.includes(name) && WRITING.test(args)
    ).map((call) => `${call.name} ${pathOf(call)}`),
  );
}

/**
 * The files that were opened for reading.
 *
 * @param calls The calls.
 * @returns Their paths; only of existing files.
 */
export function readFiles(calls: readonly SystemCall[]): string[] {
  return distinct(
    calls.filter(({ name, args, hasFailed }) =>
      OPENING.includes(name) && !WRITING.test(args) && !hasFailed
    ).map(pathOf),
  );
}

/**
 * Connections of the process to the outside: sockets, connections, programs.
 *
 * @param calls The calls.
 * @returns Each with its arguments; the first program is the process itself.
 */
export function leavingCalls(calls: readonly SystemCall[]): string[] {
  const leaving = calls.filter(({ name }) => LEAVING.includes(name));
  return leaving.map(({ name, args }) => `${name}(${args})`);
}

function pathOf({ args }: SystemCall): string {
  return /"((?:[^"\\]|\\.)*)"/.exec(args)?.[1] ?? args;
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
