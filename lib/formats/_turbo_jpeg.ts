/**
 * JPEG files decoded by libjpeg-turbo alone, a third of the time that sharp takes.
 *
 * Linux only, where the package contains a library that Deno can call. Pixels
 * are those of sharp and Pillow, which use the same decoder: the accurate DCT
 * and smooth upsampling.
 *
 * @module
 */
import { keepLoaded } from "./native_library.ts";
import { type DecodedImage, MOST_PIXELS } from "./pixels.ts";

const SYMBOLS = {
  tj3Init: { parameters: ["i32"], result: "pointer" },
  tj3Set: { parameters: ["pointer", "i32", "i32"], result: "i32" },
  tj3Get: { parameters: ["pointer", "i32"], result: "i32" },
  tj3DecompressHeader: {
    parameters: ["pointer", "buffer", "usize"],
    result: "i32",
  },
  tj3Alloc: { parameters: ["usize"], result: "pointer" },
  tj3Free: { parameters: ["pointer"], result: "void" },
  tj3Decompress8: {
    parameters: ["pointer", "pointer", "usize", "pointer", "i32", "i32"],
    result: "i32",
    nonblocking: true,
  },
  tj3Destroy: { parameters: ["pointer"], result: "void" },
} as const;

type Library = Deno.DynamicLibrary<typeof SYMBOLS>;

// Constants of turbojpeg.h.
const INIT_DECOMPRESS = 1;
const PARAM = {
  stopOnWarning: 0,
  width: 5,
  height: 6,
  precision: 7,
  colorSpace: 8,
  scanLimit: 13,
  isLossless: 15,
} as const;
const COLOR_SPACE = { rgb: 0, ycbcr: 1, grey: 2 } as const;
const PIXEL_FORMAT = { rgb: 0, grey: 6 } as const;
/** Scans of a progressive file; each costs a pass over the image. */
const MOST_SCANS = 100;

/** The open library; closed when no image is being decoded. */
let open: { readonly library: Promise<Library | undefined>; users: number } = {
  library: Promise.resolve(undefined),
  users: 0,
};

/**
 * Decodes a JPEG file.
 *
 * @param bytes The file.
 * @returns Its pixels; undefined if the library is not available, or if the file
 * is not a plain one without any fault: sharp tells what is wrong with it.
 */
export async function fromJpeg(
  bytes: Uint8Array,
): Promise<DecodedImage | undefined> {
  if (!isUnshared(bytes)) return undefined;
  if (open.users === 0) open = { library: openLibrary(), users: 0 };
  const current = open;
  current.users++;
  try {
    const library = await current.library;
    return library && await decoded(library, bytes);
  } finally {
    current.users--;
    if (current.users === 0) (await current.library)?.close();
  }
}

function isUnshared(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}

async function decoded(
  { symbols }: Library,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<DecodedImage | undefined> {
  const handle = symbols.tj3Init(INIT_DECOMPRESS);
  if (handle === null) return undefined;
  try {
    symbols.tj3Set(handle, PARAM.stopOnWarning, 1);
    symbols.tj3Set(handle, PARAM.scanLimit, MOST_SCANS);
    const size = BigInt(bytes.length);
    if (symbols.tj3DecompressHeader(handle, bytes, size) !== 0) {
      return undefined;
    }
    const fact = (name: keyof typeof PARAM) =>
      symbols.tj3Get(handle, PARAM[name]);
    const [width, height, space] = [
      fact("width"),
      fact("height"),
      fact("colorSpace"),
    ];
    const isColor = space === COLOR_SPACE.rgb || space === COLOR_SPACE.ycbcr;
    const isPlain = (isColor || space === COLOR_SPACE.grey) &&
      fact("precision") === 8 && fact("isLossless") === 0;
    if (!isPlain || width * height > MOST_PIXELS) return undefined;
    const channels = isColor ? 3 : 1;
    const data = new Uint8Array(height * width * channels); // [H, W, C]
    const format = isColor ? PIXEL_FORMAT.rgb : PIXEL_FORMAT.grey;
    const isDecoded = await decompress(symbols, handle, {
      bytes,
      data,
      format,
    });
    return isDecoded ? { data, height, width, channels } : undefined;
  } finally {
    symbols.tj3Destroy(handle);
  }
}

/**
 * Decodes in another thread, in native memory: that of JavaScript is freed with
 * its thread, and the process may end meanwhile.
 */
async function decompress(
  symbols: Library["symbols"],
  handle: Deno.PointerValue,
  { bytes, data, format }: {
    readonly bytes: Uint8Array;
    readonly data: Uint8Array;
    readonly format: number;
  },
): Promise<boolean> {
  const size = BigInt(bytes.length);
  const file = symbols.tj3Alloc(size);
  const pixels = symbols.tj3Alloc(BigInt(data.length));
  try {
    if (file === null || pixels === null) return false;
    memoryAt(file, bytes.length).set(bytes);
    const status = await symbols
      .tj3Decompress8(handle, file, size, pixels, 0, format);
    if (status === 0) data.set(memoryAt(pixels, data.length));
    return status === 0;
  } finally {
    symbols.tj3Free(file);
    symbols.tj3Free(pixels);
  }
}

function memoryAt(pointer: Deno.PointerObject, size: number): Uint8Array {
  return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, size));
}

async function openLibrary(): Promise<Library | undefined> {
  const { os, arch } = Deno.build;
  const cpu = { x86_64: "x64", aarch64: "arm64" }[arch];
  if (os !== "linux" || cpu === undefined) return undefined;
  await import("@julusian/jpeg-turbo/binding-options.js"); // makes it known
  const { packageUrl } = await import("./package_file.ts");
  const folder = `/prebuilds/jpeg-turbo-linux-${cpu}`;
  const path = packageUrl(
    "@julusian/jpeg-turbo",
    `${folder}/libturbojpeg.so.0`,
  );
  // A permission for paths does not permit to read pointers.
  const { state } = await Deno.permissions.query({ name: "ffi" });
  if (state !== "granted") return undefined;
  try {
    keepLoaded(path);
    return Deno.dlopen(path, SYMBOLS);
  } catch {
    return undefined; // such as in a compiled program; sharp decodes there
  }
}
