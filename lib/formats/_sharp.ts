/**
 * The image library, with types of our own: a module by itself, so that it is
 * loaded when the first image is.
 *
 * @module
 */
// @ts-types="./_sharp_types.ts"
import sharp from "sharp";

export { sharp };
