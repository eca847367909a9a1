import { TextLineStream } from "./text_lines.ts";

/** Another process that answers one line with one line. */
export class PeerProcess implements AsyncDisposable {
  /** What it is called in results. */
  readonly name: string;
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: ReadableStreamDefaultReader<string>;

  /**
   * Starts it.
   *
   * @param name What it is called in results.
   * @param command The program and its arguments.
   */
  constructor(
    name: string,
    [program, ...args]: readonly [string, ...string[]],
  ) {
    this.name = name;
    this.#child = new Deno.Command(program, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: Deno.args.includes("--verbose") ? "inherit" : "null",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#answers = this.#child.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream()).getReader();
  }

  /**
   * Asks, and waits for the answer.
   *
   * @param request What is asked.
   * @returns The answer.
   * @throws {Error} If the process ends instead.
   */
  async ask(request: object): Promise<Record<string, unknown>> {
    const line = new TextEncoder().encode(`${JSON.stringify(request)}\n`);
    await this.#writer.write(line);
    const { value, done } = await this.#answers.read();
    if (done) {
      throw new Error(
        `Cannot ask ${this.name} as its process must be alive: it ended; run with --verbose`,
      );
    }
    return JSON.parse(value);
  }

  /**
   * Processor time that it has taken so far.
   *
   * @returns Milliseconds, in steps of 10. Needs Linux.
   */
  async cpuMs(): Promise<number> {
    const stat = await Deno.readTextFile(`/proc/${this.#child.pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return 10 * (Number(fields[11]) + Number(fields[12])); // utime, stime
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {}); // it may be gone already
    await this.#answers.cancel();
    await this.#child.status;
  }
}
