/**
 * The part of ZeroMQ's wire protocol (ZMTP 3.0, https://rfc.zeromq.org/spec/23/)
 * that a Jupyter kernel requires: one peer, TCP, no encryption.
 *
 * @module
 */

/** Which part a socket plays: `DEALER` asks and hears, `SUB` only hears. */
export type SocketType = "DEALER" | "SUB";

const MORE = 1;
const LONG = 2;
const COMMAND = 4;
const GREETING_SIZE = 64;

/** A connection that carries messages, each of several frames. */
export class ZmtpSocket implements Disposable {
  readonly #connection: Deno.TcpConn;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /**
   * Connects and performs the handshake. A `SUB` socket subscribes to everything.
   *
   * @param port A port of this machine.
   * @param type The type of the socket.
   * @returns The socket, ready to send.
   */
  static async open(port: number, type: SocketType): Promise<ZmtpSocket> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connection.setNoDelay(true);
    const socket = new ZmtpSocket(connection);
    try {
      await socket.#write(greeting());
      await socket.#read(GREETING_SIZE);
      await socket.#write(frame(ready(type), COMMAND));
      await socket.#readFrame();
      if (type === "SUB") await socket.send([Uint8Array.of(1)]); // subscribe to ""
    } catch (error) {
      socket[Symbol.dispose]();
      throw error;
    }
    return socket;
  }

  /**
   * Sends one message.
   *
   * @param frames Its frames, at least one.
   */
  async send(frames: readonly Uint8Array[]): Promise<void> {
    for (const [i, body] of frames.entries()) {
      await this.#write(frame(body, i < frames.length - 1 ? MORE : 0));
    }
  }

  /**
   * Waits for one message.
   *
   * @returns Its frames.
   * @throws {Error} If the connection ends.
   */
  async receive(): Promise<Uint8Array[]> {
    const frames: Uint8Array[] = [];
    while (true) {
      const { flags, body } = await this.#readFrame();
      if (flags & COMMAND) continue;
      frames.push(body);
      if (!(flags & MORE)) return frames;
    }
  }

  /** Ends the connection; a `receive` that waits rejects. */
  [Symbol.dispose](): void {
    this.#connection.close();
  }

  async #readFrame(): Promise<{ flags: number; body: Uint8Array }> {
    const flags = (await this.#read(1))[0]!;
    const head = await this.#read(flags & LONG ? 8 : 1);
    const size = flags & LONG
      ? Number(new DataView(head.buffer).getBigUint64(0))
      : head[0]!;
    return { flags, body: await this.#read(size) };
  }

  async #read(size: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(size);
    let filled = 0;
    while (filled < size) {
      const count = await this.#connection.read(bytes.subarray(filled));
      if (count === null) throw new Error("The kernel closed its connection");
      filled += count;
    }
    return bytes;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      written += await this.#connection.write(bytes.subarray(written));
    }
  }
}

/** The first 64 bytes: signature, version 3.0, mechanism "NULL". */
function greeting(): Uint8Array {
  const bytes = new Uint8Array(GREETING_SIZE);
  bytes[0] = 0xff;
  bytes[9] = 0x7f;
  bytes[10] = 3;
  bytes.set(new TextEncoder().encode("NULL"), 12);
  return bytes;
}

/** The body of the `READY` command, which names the socket's type. */
function ready(type: SocketType): Uint8Array {
  const encoder = new TextEncoder();
  const value = encoder.encode(type);
  return Uint8Array.of(
    5,
    ...encoder.encode("READY"),
    11,
    ...encoder.encode("Socket-Type"),
    ...[0, 0, 0, value.length],
    ...value,
  );
}

function frame(body: Uint8Array, flags: number): Uint8Array {
  const long = body.length > 255;
  const head = new Uint8Array(long ? 9 : 2);
  head[0] = flags | (long ? LONG : 0);
  if (long) new DataView(head.buffer).setBigUint64(1, BigInt(body.length));
  else head[1] = body.length;
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}
