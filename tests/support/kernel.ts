/**
 * A Deno Jupyter kernel as a child process, to execute code in.
 *
 * The kernel reports "idle" before all outputs of a cell are sent. So a request
 * ends here when the kernel is idle, has replied, and has sent nothing for a
 * while; only then may the next one be sent.
 *
 * @module
 */
// deno-lint-ignore-file camelcase -- the names are the protocol's
import { ZmtpSocket } from "./zmtp.ts";

/** What the kernel said about one request. */
export interface KernelMessage {
  /** Jupyter's name of it, as in `display_data`. */
  readonly type: string;
  /** What it holds; its form depends on the type. */
  readonly content: Readonly<Record<string, unknown>>;
}

/** Settings of {@linkcode Kernel.execute}. */
export interface ExecuteOptions {
  /** How long the code may run, in ms. @default {120000} */
  readonly timeoutMs?: number;
  /** Called with each message as it comes. */
  readonly onMessage?: (message: KernelMessage) => void;
}

/** The kernel's process ended, or did not answer in time. */
export class KernelError extends Error {
  /** The error's class, for programs that go by name. */
  override readonly name = "KernelError";
}

interface Heard extends KernelMessage {
  readonly parent: string;
}

interface Ports {
  readonly shell: number;
  readonly iopub: number;
  readonly stdin: number;
  readonly control: number;
  readonly heartbeat: number;
}

const DELIMITER = "<IDS|MSG>";
const QUIET_MS = 120;
const START_MS = 30_000;
const END_MS = 2_000;
const ATTEMPTS = 3;

/** A running kernel. Closing it ends its process. */
export class Kernel implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #stderr: Promise<string>;
  readonly #sockets: ZmtpSocket[] = [];
  readonly #listeners: Promise<void>[] = [];
  #heard: (message: Heard) => void = () => {};
  #ended: number | undefined;

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
    this.#stderr = new Response(process.stderr).text();
    process.status.then(({ code }) => this.#ended = code);
  }

  /**
   * Starts a kernel.
   *
   * @param folder The working directory, from which cells import.
   * @returns The kernel, ready to execute.
   * @throws {KernelError} If it does not come up.
   */
  static async start(folder: string): Promise<Kernel> {
    for (let attempt = 1;; attempt++) {
      const ports = freePorts();
      const file = await Deno.makeTempFile({ suffix: ".json" });
      await Deno.writeTextFile(file, connectionFile(ports));
      const kernel = new Kernel(spawnKernel(folder, file));
      try {
        await kernel.#connect(ports);
        return kernel;
      } catch (error) {
        await kernel[Symbol.asyncDispose]();
        // Another process can have taken a port between choosing and using it.
        if (attempt === ATTEMPTS) throw error;
      } finally {
        await Deno.remove(file);
      }
    }
  }

  /**
   * Executes code, as a cell would.
   *
   * @param code TypeScript.
   * @param options The time limit.
   * @returns All messages of the kernel about it, in order; errors of the code are
   * among them.
   * @throws {KernelError} If the kernel ends, or the time limit is exceeded.
   */
  async execute(
    code: string,
    options: ExecuteOptions = {},
  ): Promise<KernelMessage[]> {
    return await this.#perform("execute", {
      code,
      silent: false,
      store_history: true,
      user_expressions: {},
      allow_stdin: false,
      stop_on_error: false,
    }, options);
  }

  /**
   * Completes code, as Tab does at its end.
   *
   * @param code The code before the cursor.
   * @returns The completions.
   * @throws {KernelError} If the kernel ends, or does not answer.
   */
  async complete(code: string): Promise<readonly string[]> {
    const content = { code, cursor_pos: code.length };
    const messages = await this.#perform("complete", content, {});
    const reply = messages.find(({ type }) => type === "complete_reply");
    return reply!.content["matches"] as string[];
  }

  async #perform(
    what: "execute" | "complete",
    content: Record<string, unknown>,
    { timeoutMs = 120_000, onMessage }: ExecuteOptions,
  ): Promise<KernelMessage[]> {
    const messages: KernelMessage[] = [];
    const id = crypto.randomUUID();
    let replied = false;
    let idle = false;
    let last = Date.now();
    this.#heard = (message) => {
      if (message.parent !== id) return;
      last = Date.now();
      replied ||= message.type === `${what}_reply`;
      idle ||= message.type === "status" &&
        message.content["execution_state"] === "idle";
      messages.push(message);
      onMessage?.(message);
    };
    const start = Date.now();
    await this.#request(0, id, `${what}_request`, content);
    while (!replied || !idle || Date.now() - last < QUIET_MS) {
      if (this.#ended !== undefined) throw await this.#deathError();
      if (Date.now() - start > timeoutMs) {
        throw new KernelError(
          `The cell was not done after ${timeoutMs / 1000} s`,
        );
      }
      await pause(10);
    }
    return messages;
  }

  /** Does what a notebook's Stop button does: sends SIGINT to the process. */
  interrupt(): void {
    this.#process.kill("SIGINT");
  }

  /** Ends the process, whatever it is doing. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended === undefined) {
      const requested = this.#sockets.length > 0;
      if (requested) {
        const id = crypto.randomUUID();
        await this.#request(1, id, "shutdown_request", { restart: false })
          .catch(() => {}); // it may be dead by now, which is what is wanted
        await Promise.race([this.#process.status, pause(END_MS)]);
      }
      if (this.#ended === undefined) this.#process.kill("SIGKILL");
      await this.#process.status;
    }
    for (const socket of this.#sockets) socket[Symbol.dispose]();
    await Promise.all([this.#stderr, ...this.#listeners]);
  }

  async #connect(ports: Ports): Promise<void> {
    const start = Date.now();
    const open = async (port: number, type: "DEALER" | "SUB") => {
      while (true) {
        try {
          return await ZmtpSocket.open(port, type);
        } catch (error) {
          if (this.#ended !== undefined) throw await this.#deathError();
          if (Date.now() - start > START_MS) {
            throw new KernelError("The kernel did not come up in time", {
              cause: error,
            });
          }
          await pause(20);
        }
      }
    };
    this.#sockets.push(await open(ports.shell, "DEALER"));
    this.#sockets.push(await open(ports.control, "DEALER"));
    this.#sockets.push(await open(ports.iopub, "SUB"));
    this.#listeners.push(...this.#sockets.map((socket) => this.#hear(socket)));
    await this.execute("undefined", { timeoutMs: START_MS });
  }

  async #hear(socket: ZmtpSocket): Promise<void> {
    while (true) {
      let frames: Uint8Array[];
      try {
        frames = await socket.receive();
      } catch {
        return; // closed, by the kernel's end or by ours
      }
      const strings = frames.map((frame) => new TextDecoder().decode(frame));
      // After the delimiter: signature, header, parent header, metadata, content.
      const [header, parent, , content] = strings
        .slice(strings.indexOf(DELIMITER) + 2).map((text) => JSON.parse(text));
      this.#heard({ type: header.msg_type, parent: parent.msg_id, content });
    }
  }

  async #request(
    socket: number,
    id: string,
    type: string,
    content: Record<string, unknown>,
  ): Promise<void> {
    const header = {
      msg_id: id,
      msg_type: type,
      session: "runner",
      username: "runner",
      date: new Date().toISOString(),
      version: "5.3",
    };
    const parts = [header, {}, {}, content].map((part) => JSON.stringify(part));
    const frames = [DELIMITER, "", ...parts]; // no key, so no signature
    const encoder = new TextEncoder();
    try {
      await this.#sockets[socket]!.send(frames.map((f) => encoder.encode(f)));
    } catch (error) {
      await Promise.race([this.#process.status, pause(END_MS)]);
      throw this.#ended === undefined ? error : await this.#deathError();
    }
  }

  async #deathError(): Promise<KernelError> {
    const lastLines = (await this.#stderr).trim().split("\n").slice(-8).join(
      "\n",
    );
    return new KernelError(
      `The kernel ended with code ${this.#ended}; it said: ${lastLines}`,
    );
  }
}

function spawnKernel(folder: string, file: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["jupyter", "--kernel", "--conn", file],
    cwd: folder,
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
}

function freePorts(): Ports {
  const listeners = Array.from(
    { length: 5 },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const ports = listeners.map(({ addr }) => addr.port);
  for (const listener of listeners) listener.close();
  const [shell, iopub, stdin, control, heartbeat] = ports as [
    number,
    number,
    number,
    number,
    number,
  ];
  return { shell, iopub, stdin, control, heartbeat };
}

function connectionFile(ports: Ports): string {
  return JSON.stringify({
    transport: "tcp",
    ip: "127.0.0.1",
    key: "",
    signature_scheme: "hmac-sha256",
    shell_port: ports.shell,
    iopub_port: ports.iopub,
    stdin_port: ports.stdin,
    control_port: ports.control,
    hb_port: ports.heartbeat,
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
