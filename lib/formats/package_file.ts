/**
 * Files in npm packages: fonts, WASM, scripts for pages.
 *
 * A registry module cannot contain data files, so they are read from packages.
 * Their versions are pinned only in `deno.json`; a file is found only after a
 * module of its package was imported by a literal name.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import { cannot } from "../check.ts";

/** A package whose files are read. */
export type FilePackage =
  | "@julusian/jpeg-turbo"
  | "@resvg/resvg-wasm"
  | "dejavu-fonts-ttf"
  | "onnxruntime-node"
  | "parquet-wasm"
  | "plotly.js-cartesian-dist-min";

/**
 * Reads a file of a package that has been imported before.
 *
 * @param name The package.
 * @param path The file in it, with a slash in front.
 * @returns Its bytes.
 * @throws {Error} If it cannot be found.
 */
export async function packageFile(
  name: FilePackage,
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  return await Deno.readFile(packageUrl(name, path));
}

/**
 * Returns the URL of a file of a package that has been imported before.
 *
 * @param name The package.
 * @param path The file in it, with a slash in front.
 * @returns Its URL, with the scheme `file:`.
 * @throws {Error} If it cannot be found.
 */
export function packageUrl(name: FilePackage, path: string): URL {
  const url = import.meta.resolve(config.imports[name] + path);
  if (!url.startsWith("file:")) {
    throw new Error(
      cannot(
        `read file "${path}" of package "${name}"`,
        "it must be on the disk",
        url,
        "let Deno cache its packages, without --no-npm",
      ),
    );
  }
  return new URL(url);
}
