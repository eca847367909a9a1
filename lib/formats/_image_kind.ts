/**
 * Detects the format of an image file from its first bytes, not from its name.
 *
 * @module
 */

/** Supported formats. */
export type ImageFormat = "jpeg" | "png" | "gif" | "bmp" | "webp" | "tiff";

/** Facts about an image, known before it is decoded. */
export interface ImageKind {
  /** The format. */
  readonly format: ImageFormat;
  /** The type of its values; `unknown` if the header does not contain it. */
  readonly values: "plain" | "cmyk" | "grey16" | "unknown";
}

/**
 * Detects the format of an image.
 *
 * @param bytes The file.
 * @returns Its kind; undefined if it is not a supported image.
 */
export function imageKind(bytes: Uint8Array): ImageKind | undefined {
  const text = String.fromCharCode(...bytes.subarray(0, 12));
  if (text.startsWith("\xff\xd8\xff")) {
    const values = jpegComponents(bytes) === 4 ? "cmyk" : "plain";
    return { format: "jpeg", values };
  }
  if (text.startsWith("\x89PNG\r\n\x1a\n")) {
    const isGrey16 = bytes[24] === 16 && bytes[25] === 0;
    return { format: "png", values: isGrey16 ? "grey16" : "plain" };
  }
  if (/^GIF8[79]a/.test(text)) return { format: "gif", values: "plain" };
  if (text.startsWith("BM")) return { format: "bmp", values: "plain" };
  if (text.startsWith("RIFF") && text.slice(8) === "WEBP") {
    return { format: "webp", values: "plain" };
  }
  if (/^(II[*+]\0|MM\0[*+])/.test(text)) {
    return { format: "tiff", values: "unknown" };
  }
  return undefined;
}

/** Number of components in the frame header of a JPEG file. */
function jpegComponents(bytes: Uint8Array): number | undefined {
  let at = 2;
  while (at + 9 < bytes.length) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1]!;
    const isFrame = marker >= 0xc0 && marker <= 0xcf &&
      ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return bytes[at + 9];
    // Fill bytes, and markers without a length.
    if (marker === 0xff) at++;
    else if (marker === 1 || (marker >= 0xd0 && marker <= 0xd7)) at += 2;
    else at += 2 + bytes[at + 2]! * 256 + bytes[at + 3]!;
  }
  return undefined;
}
