/**
 * The image library, with its type declarations, in a separate module so that
 * it is loaded with the first image.
 *
 * @module
 */
// @ts-types="./_sharp_types.ts"
import sharp from "sharp";

export { sharp };
