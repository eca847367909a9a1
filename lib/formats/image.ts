/**
 * Decodes images to pixels that are bitwise equal to Pillow's.
 *
 * JPEG, PNG, WebP and TIFF are decoded by sharp (libvips), which is loaded with
 * the first such image; GIF and BMP are decoded here, because sharp returns
 * other colours for GIF and does not support BMP. An image whose pixels could
 * differ from Pillow's is refused.
 *
 * @module
 */
import { cannot } from "../check.ts";
import { fromBmp } from "./_bmp.ts";
import { fromGif } from "./_gif.ts";
import { type ImageKind, imageKind } from "./_image_kind.ts";
import { readPngHeader, withKey } from "./_png_header.ts";
import { TIFF_TAGS, tiffTag } from "./_tiff_header.ts";
import { fromJpeg } from "./_turbo_jpeg.ts";
import {
  type ColorMode,
  type DecodedImage,
  fromCmyk,
  fromGrey16,
  MOST_PIXELS,
  toColors,
} from "./pixels.ts";

/** Options for decoding an image. */
export interface DecodeOptions {
  /** The requested colour mode. */
  readonly colorMode: ColorMode;
  /** Whether to apply the EXIF orientation. */
  readonly orient: boolean;
  /** Its name, for messages. */
  readonly name: string;
}

/**
 * Decodes an image, or the first frame of an animated one.
 *
 * @param bytes The file.
 * @param options Colours, orientation.
 * @returns Its pixels, in the requested colour mode.
 * @throws {SyntaxError} If it is not an image, is damaged or cut, has more
 * pixels than Pillow reads, or is of a kind whose pixels could differ from
 * Pillow's.
 */
export async function decodeImage(
  bytes: Uint8Array,
  { colorMode, orient, name }: DecodeOptions,
): Promise<DecodedImage> {
  const kind = imageKind(bytes);
  if (kind === undefined) {
    const rule = "it must be a JPEG, PNG, GIF, BMP, WebP or TIFF image";
    const found = bytes.length === 0 ? "empty" : Array.from(bytes.slice(0, 8));
    throw bad(name, rule, found);
  }
  const image = kind.format === "gif"
    ? fromGif(bytes, name)
    : kind.format === "bmp"
    ? fromBmp(bytes, name)
    : kind.format === "png"
    ? await fromPng(bytes, kind, orient, name)
    : kind.format === "jpeg"
    ? await fromAnyJpeg(bytes, kind, orient, name)
    : await bySharp(bytes, kind, orient, name);
  return toColors(image, colorMode);
}

async function fromAnyJpeg(
  bytes: Uint8Array,
  kind: ImageKind,
  orient: boolean,
  name: string,
): Promise<DecodedImage> {
  const isPlain = kind.values === "plain" && !orient;
  const image = isPlain ? await fromJpeg(bytes) : undefined;
  return image ?? await bySharp(bytes, kind, orient, name);
}

async function fromPng(
  bytes: Uint8Array,
  kind: ImageKind,
  orient: boolean,
  name: string,
): Promise<DecodedImage> {
  const { key } = readPngHeader(bytes, name);
  const image = await bySharp(bytes, kind, orient, name);
  return key === undefined ? image : withKey(image, key, bytes[24]!);
}

async function bySharp(
  bytes: Uint8Array,
  kind: ImageKind,
  orient: boolean,
  name: string,
): Promise<DecodedImage> {
  const { sharp } = await loadSharp();
  const decode = async (failOn: "warning" | "error") => {
    const input = {
      ignoreIcc: true, // pixels as stored: Pillow applies no profile
      limitInputPixels: MOST_PIXELS,
      sequentialRead: true,
      failOn,
    } as const;
    const { values, isRotated } = kind.values === "unknown"
      ? tiffKind(await sharp(bytes, input).metadata(), bytes, name)
      : { values: kind.values, isRotated: false };
    const space = SPACES[values];
    let pipeline = sharp(bytes, input).pipelineColourspace(space)
      .toColourspace(space);
    if (orient || isRotated) pipeline = pipeline.autoOrient();
    const raw = pipeline.raw(values === "grey16" ? { depth: "ushort" } : {});
    const { data, info } = await raw.toBuffer({ resolveWithObject: true });
    return fromRaw(data, info, values);
  };
  try {
    return await decode("warning").catch((error) => {
      if (HARMLESS.test(String(error))) return decode("error");
      throw error;
    });
  } catch (error) {
    if (error instanceof SyntaxError || !(error instanceof Error)) throw error;
    const [reason = ""] = error.message.split("\n");
    const rule = "it must be a whole image of a kind that is read";
    const hint = "is it cut or damaged? otherwise save it as PNG";
    throw bad(name, rule, reason, hint, error);
  }
}

/**
 * Warnings after which no pixel is missing: bytes between the parts of a JPEG
 * file, but not before a restart marker, which separates pixels; and tags
 * of a TIFF file of another type than they should be.
 */
const HARMLESS =
  /extraneous bytes before marker 0x(?!d[0-7])|Warning treated as error/;

function fromRaw(
  data: Uint8Array,
  { height, width, channels }: Omit<DecodedImage, "data">,
  values: keyof typeof SPACES,
): DecodedImage {
  if (values === "plain") return { data, height, width, channels };
  return values === "cmyk"
    ? { data: fromCmyk(data), height, width, channels: 3 }
    : { data: fromGrey16(data, channels), height, width, channels: 1 };
}

async function loadSharp() {
  try {
    return await import("./_sharp.ts");
  } catch (error) {
    const [reason] = String(error).split("\n");
    const hint = "run with --allow-read, --allow-ffi and " +
      "--allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX";
    const rule = "sharp must be able to load";
    throw new TypeError(cannot("decode images", rule, reason, hint), {
      cause: error,
    });
  }
}

const SPACES = { plain: "srgb", cmyk: "cmyk", grey16: "grey16" } as const;

/** The header of a TIFF file, from sharp. */
interface TiffFacts {
  readonly space?: string | undefined;
  readonly depth?: string | undefined;
  readonly orientation?: number | undefined;
}

const YCBCR = 6;
const JPEG = 7;

function tiffKind(
  { space, depth, orientation }: TiffFacts,
  bytes: Uint8Array,
  name: string,
) {
  // Pillow rotates only TIFF images.
  const isRotated = orientation !== undefined && orientation > 1;
  // libtiff and libvips convert YCbCr in other ways, but for JPEG's.
  const isYcbcr = tiffTag(bytes, TIFF_TAGS.photometric) === YCBCR &&
    tiffTag(bytes, TIFF_TAGS.compression) !== JPEG;
  if (isYcbcr) {
    const rule = "a TIFF image must hold grey, RGB or CMYK values";
    throw bad(name, rule, "YCbCr", "save it as PNG");
  }
  if (depth === "uchar" && (space === "srgb" || space === "b-w")) {
    return { values: "plain", isRotated } as const;
  }
  if (depth === "uchar" && space === "cmyk") {
    return { values: "cmyk", isRotated } as const;
  }
  if (depth === "ushort" && space === "grey16") {
    return { values: "grey16", isRotated } as const;
  }
  const rule =
    "a TIFF image must be grey, RGB or CMYK of 8 bits, or grey of 16";
  throw bad(name, rule, `${space} of ${depth}`, "save it as PNG");
}

function bad(
  name: string,
  rule: string,
  value: unknown,
  hint?: string,
  cause?: Error,
): SyntaxError {
  const text = cannot(`decode image "${name}"`, rule, value, hint);
  return new SyntaxError(text, cause === undefined ? undefined : { cause });
}
