/**
 * Tar archives, made by hand.
 *
 * @module
 */

/** One entry. */
export interface TarEntry {
  readonly name: string;
  readonly prefix?: string;
  /** Its kind; "0" is a file. */
  readonly kind?: string;
  readonly text?: string;
  readonly bytes?: Uint8Array;
}

/** Makes an archive of entries. */
export function buildTar(entries: readonly TarEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { name, prefix = "", kind = "0", text = "", bytes } of entries) {
    const data = bytes ?? new TextEncoder().encode(text);
    const header = new Uint8Array(512);
    const put = (value: string, at: number) =>
      header.set(new TextEncoder().encode(value), at);
    put(name, 0);
    put("0000644\0", 100);
    put(`${data.length.toString(8).padStart(11, "0")}\0`, 124);
    put(`        ${kind}`, 148);
    put("ustar\x0000", 257);
    put(prefix, 345);
    const sum = header.reduce((total, byte) => total + byte, 0);
    put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    const body = new Uint8Array(Math.ceil(data.length / 512) * 512);
    body.set(data);
    parts.push(header, body);
  }
  parts.push(new Uint8Array(1024));
  const whole = new Uint8Array(
    parts.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
