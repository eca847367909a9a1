/**
 * The first frame of a GIF image, as Pillow gives it: every pixel has the colour
 * of its index, transparent ones too, and what the frame does not cover is
 * transparent, or has colour 0 where no colour is.
 *
 * Source: CompuServe, "Graphics Interchange Format, Version 89a".
 *
 * @module
 */
import { cannot } from "../check.ts";
import { type DecodedImage, MOST_PIXELS } from "./pixels.ts";

/**
 * Decodes the first frame.
 *
 * @param bytes The file.
 * @param name Its name, for messages.
 * @returns RGB, with alpha if a colour is transparent.
 * @throws {SyntaxError} If it is damaged, or has too many pixels.
 */
export function fromGif(bytes: Uint8Array, name = "bytes"): DecodedImage {
  const reader = new GifReader(bytes, name);
  return reader.read();
}

interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly isInterlaced: boolean;
}

class GifReader {
  readonly #bytes: Uint8Array;
  readonly #name: string;
  #at = 6;

  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.#name = name;
  }

  read(): DecodedImage {
    const width = this.#short();
    const height = this.#short();
    const flags = this.#byte();
    this.#at += 2; // background and aspect
    let palette = this.#palette(flags);
    let transparent = -1;
    for (let kind = this.#byte(); kind !== 0x2c; kind = this.#byte()) {
      if (kind !== 0x21) {
        this.#fail("an image must follow its header", kind);
      }
      if (this.#byte() !== 0xf9) this.#skipBlocks();
      else {
        const [control = 0, , , index = 0] = this.#block();
        if ((control & 1) === 1) transparent = index;
        this.#skipBlocks();
      }
    }
    const [left, top] = [this.#short(), this.#short()];
    const size = { width: this.#short(), height: this.#short() };
    const local = this.#byte();
    palette = this.#palette(local) ?? palette;
    const frame = { left, top, ...size, isInterlaced: (local & 0x40) !== 0 };
    // As in Pillow: a frame that exceeds the screen enlarges it.
    const whole = {
      width: Math.max(width, left + size.width),
      height: Math.max(height, top + size.height),
    };
    const count = whole.width * whole.height;
    if (count === 0 || count > MOST_PIXELS) {
      this.#fail(`it must have 1 to ${MOST_PIXELS} pixels`, count);
    }
    const screen = new Uint8Array(count).fill(Math.max(0, transparent));
    paint(this.#indices(size.width * size.height), frame, screen, whole.width);
    const colors = palette ?? grey();
    return { ...whole, ...colored(screen, colors, transparent) };
  }

  /** Indices of the frame's pixels, in the order of the file. */
  #indices(count: number): Uint8Array {
    const bits = this.#byte();
    if (bits < 1 || bits > 11) {
      this.#fail("its codes must begin with 2 to 12 bits", bits + 1);
    }
    const indices = new Uint8Array(count);
    const found = unpack(() => this.#block(), bits, indices);
    if (found < count) {
      this.#fail(`it must hold ${count} pixels`, found, "is it cut?");
    }
    return indices;
  }

  #palette(flags: number): Uint8Array | undefined {
    if ((flags & 0x80) === 0) return undefined;
    return this.#take(3 * 2 ** ((flags & 7) + 1));
  }

  #skipBlocks(): void {
    while (this.#block().length > 0);
  }

  #block(): Uint8Array {
    return this.#take(this.#byte());
  }

  #byte(): number {
    return this.#take(1)[0]!;
  }

  #short(): number {
    const [low, high] = this.#take(2);
    return low! + 256 * high!;
  }

  #take(count: number): Uint8Array {
    const end = this.#at + count;
    if (end > this.#bytes.length) {
      const hint = "is it cut?";
      this.#fail("it must have an end", `${this.#bytes.length} bytes`, hint);
    }
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }

  #fail(rule: string, value: unknown, hint?: string): never {
    const action = `decode image "${this.#name}"`;
    throw new SyntaxError(cannot(action, rule, value, hint));
  }
}

/**
 * Decompresses LZW codes of growing width.
 *
 * @returns The number of indices before the end.
 */
function unpack(
  nextBlock: () => Uint8Array,
  bits: number,
  into: Uint8Array,
): number {
  const clear = 2 ** bits;
  const prefix = new Int16Array(4096);
  const suffix = new Uint8Array(4096);
  const lengths = new Uint16Array(4096).fill(1, 0, clear);
  for (let i = 0; i < clear; i++) suffix[i] = i;
  let [width, free, last] = [bits + 1, clear + 2, -1];
  let [buffer, held, at] = [0, 0, 0];
  for (let block = nextBlock(); block.length > 0; block = nextBlock()) {
    for (const byte of block) {
      buffer |= byte << held;
      held += 8;
      while (held >= width) {
        const code = buffer & (2 ** width - 1);
        buffer >>>= width;
        held -= width;
        if (code === clear) {
          [width, free, last] = [bits + 1, clear + 2, -1];
          continue;
        }
        // The end code, or an invalid code.
        if (code === clear + 1 || code > free || (last < 0 && code >= clear)) {
          return at;
        }
        if (last >= 0 && free < 4096) {
          prefix[free] = last;
          lengths[free] = lengths[last]! + 1;
          let first = code === free ? last : code;
          while (first > clear) first = prefix[first]!;
          suffix[free] = suffix[first]!;
          free++;
          if (free === 2 ** width && width < 12) width++;
        } else if (code >= free) return at;
        const length = lengths[code]!;
        let part = code;
        for (let i = at + length - 1; i >= at; i--) {
          if (i < into.length) into[i] = suffix[part]!;
          part = prefix[part]!;
        }
        at += length;
        last = code;
        if (at >= into.length) return at;
      }
    }
  }
  return at;
}

/** Copies the rows of a frame to their position on the screen. */
function paint(
  indices: Uint8Array,
  { left, top, width, height, isInterlaced }: Frame,
  screen: Uint8Array,
  screenWidth: number,
): void {
  const rows = isInterlaced
    ? [[0, 8], [4, 8], [2, 4], [1, 2]].flatMap(([first, step]) =>
      Array.from(
        { length: Math.max(0, Math.ceil((height - first!) / step!)) },
        (_, i) => first! + i * step!,
      )
    )
    : Array.from({ length: height }, (_, y) => y);
  rows.forEach((y, i) => {
    const row = indices.subarray(i * width, (i + 1) * width);
    screen.set(row, (top + y) * screenWidth + left);
  });
}

function colored(
  screen: Uint8Array,
  palette: Uint8Array,
  transparent: number,
): Pick<DecodedImage, "data" | "channels"> {
  const channels = transparent < 0 ? 3 : 4;
  const data = new Uint8Array(screen.length * channels);
  screen.forEach((index, i) => {
    const at = i * channels;
    for (let c = 0; c < 3; c++) data[at + c] = palette[index * 3 + c] ?? 0;
    if (channels === 4) data[at + 3] = index === transparent ? 0 : 255;
  });
  return { data, channels };
}

function grey(): Uint8Array {
  return Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
}
