/**
 * Lists images of a folder, an array of files, or a zip or tar archive.
 *
 * Order and labels are those of `index_directory` of Keras: classes are the
 * sub-folders in sorted order, or in the order of the option; within a class,
 * folders are sorted by path, and files by name in each.
 *
 * @module
 */
import { cannot, quote } from "../check.ts";
import { type ByteSource, fileSource } from "../formats/byte_source.ts";
import { byCodePoint } from "../formats/by_code_point.ts";
import {
  isWithin,
  missingPath,
  pathOfUrl,
  statPath,
} from "../formats/file_path.ts";
import { tarMembers } from "../formats/tar.ts";
import { ZipArchive } from "../formats/zip.ts";

/** A list of images. */
export interface ImageListing {
  /** The folder or archive, for titles and messages. */
  readonly name: string;
  /** Path of each: relative to the folder, with `/`; as passed for an array. */
  readonly ids: readonly string[];
  /** Class index of each, if there are classes. */
  readonly labels?: Int32Array;
  /** Names of the classes. */
  readonly classNames?: readonly string[];
  /** Links that were not followed. */
  readonly links: readonly string[];
  /** Opens a reader. */
  open(): ImageReader;
}

/** Reads files, or members of an archive. */
export interface ImageReader {
  /**
   * Reads an image.
   *
   * @param index Its index in the list.
   * @returns Its bytes, which the caller may change.
   */
  read(index: number): Promise<Uint8Array>;
  /** Closes the archive. */
  close(): void;
}

/** Options for listing images. */
export interface ListOptions {
  /** Names of the classes, in order. */
  readonly classes?: readonly string[] | undefined;
  /** Whether links that leave the folder are followed. */
  readonly followLinks: boolean;
}

/** The extensions of Keras, and `.webp`, `.tif` and `.tiff`. */
const IMAGE = /\.(bmp|gif|jpe?g|png|webp|tiff?)$/i;
const ACTION = "read images";

/**
 * Lists images.
 *
 * @param source A folder, an archive, or an array of files.
 * @param options Classes, and whether to follow links.
 * @returns The images.
 * @throws {TypeError} If it is none of them, or only some images are in folders.
 * @throws {RangeError} If there are no images, or a class does not exist.
 * @throws {SyntaxError} If an archive is damaged.
 * @throws {Deno.errors.NotFound} If the folder or archive does not exist.
 */
export function listImages(
  source: string | URL | readonly string[],
  options: ListOptions,
): ImageListing {
  if (Array.isArray(source)) {
    checkLinks(options, "an array of files, whose links are followed");
    return fromList(source, options);
  }
  if (typeof source !== "string" && !(source instanceof URL)) {
    const rule = "it must be a folder, an archive or an array of files";
    throw new TypeError(cannot(ACTION, rule, source));
  }
  const path = pathOf(source as string | URL);
  const there = "the folder or archive must be there";
  if (statPath(path, ACTION, there).isDirectory) {
    return fromFolder(path, options);
  }
  if (/\.(zip|tar)$/i.test(path)) checkLinks(options, "an archive");
  if (/\.zip$/i.test(path)) return fromZip(path, options);
  if (/\.tar$/i.test(path)) return fromTar(path, options);
  const rule = "it must be a folder, or a .zip or .tar archive";
  const hint = /\.(tar\.gz|tgz)$/i.test(path)
    ? "decompress it to a .tar file, whose images can be read in any order"
    : "pass single files as an array; decompress other archives";
  throw new TypeError(cannot(ACTION, rule, path, hint));
}

function checkLinks({ followLinks }: ListOptions, what: string): void {
  if (!followLinks) return;
  const rule = `"followLinks" must be left out for ${what}`;
  throw new TypeError(cannot(ACTION, rule, followLinks, "leave it out"));
}

function pathOf(source: string | URL): string {
  if (typeof source === "string") return source.replace(/(.)\/+$/, "$1");
  if (source.protocol !== "file:") {
    const rule = "its URL must be a file: URL";
    throw new TypeError(cannot(ACTION, rule, source.href));
  }
  const path = pathOfUrl(source, ACTION).replace(/(.)\/+$/, "$1");
  return Deno.build.os === "windows" ? path.replace(/^\//, "") : path;
}

function fromList(
  files: readonly string[],
  { classes }: ListOptions,
): ImageListing {
  const wrong = files.find((file) => typeof file !== "string");
  if (wrong !== undefined) {
    const rule = "an array must hold paths of files";
    throw new TypeError(cannot(ACTION, rule, wrong));
  }
  if (files.length === 0) {
    throw new RangeError(cannot(ACTION, "there must be an image", files));
  }
  const ids = Object.freeze([...files]);
  const open = () => reader((index) => Deno.readFile(ids[index]!));
  const listing = { name: "list", ids, links: [], open };
  if (classes === undefined) return listing;
  const labels = Int32Array.from(ids, (id) => {
    const parent = id.split(/[\\/]/).at(-2) ?? "";
    const label = classes.indexOf(parent);
    if (label >= 0) return label;
    const rule = '"classes" must name the folder of every file';
    throw new RangeError(cannot(ACTION, rule, classes, `for ${quote(id)}`));
  });
  return { ...listing, labels, classNames: classes };
}

function fromFolder(root: string, options: ListOptions): ImageListing {
  const tree = new FolderTree(root, options.followLinks);
  const ids = tree.files("");
  const found = labelled(root, ids, tree.topFolders(), options, tree.links);
  return {
    ...found,
    links: tree.links,
    open: () => reader((index) => Deno.readFile(`${root}/${found.ids[index]}`)),
  };
}

function reader(
  read: (index: number) => Promise<Uint8Array>,
  close = () => {},
): ImageReader {
  return { read, close };
}

/**
 * Bytes by which a deflated image may grow: BMP and TIFF files of up to 67
 * million RGBA pixels. Images are decompressed one by one, so their total is
 * not limited.
 */
const MOST_IMAGE_GROWTH = 2 ** 28;

function fromZip(path: string, options: ListOptions): ImageListing {
  return fromArchive(path, options, (source) => {
    const limits = { growth: Infinity, members: Infinity };
    const archive = new ZipArchive(source, limits);
    const bytes = (name: string) => {
      const { size, compressedSize } = archive.members.get(name)!;
      if (size - compressedSize > MOST_IMAGE_GROWTH) {
        const most = compressedSize + MOST_IMAGE_GROWTH;
        const rule = `image "${name}" must unpack to at most ${most} bytes`;
        throw new SyntaxError(cannot(ACTION, rule, size));
      }
      return archive.bytes(name);
    };
    return { names: [...archive.members.keys()], bytes };
  });
}

function fromTar(path: string, options: ListOptions): ImageListing {
  return fromArchive(path, options, (source) => {
    const members = tarMembers(source);
    const bytes = (name: string) => {
      const { start, size } = members.get(name)!;
      const bytes = new Uint8Array(size);
      source.read(start, bytes);
      return bytes;
    };
    return { names: [...members.keys()], bytes };
  });
}

/** An open archive. */
interface Archive {
  readonly names: readonly string[];
  bytes(name: string): Uint8Array;
}

function fromArchive(
  path: string,
  options: ListOptions,
  openArchive: (source: ByteSource) => Archive,
): ImageListing {
  const source = fileSource(path, ACTION);
  try {
    const { names } = openArchive(source);
    const { found, inner } = fromPaths(path, names, options);
    // Opened again for each run, so that a source keeps no file open.
    const open = () => {
      const opened = fileSource(path, ACTION);
      const archive = openArchive(opened);
      const read = (index: number) => archive.bytes(inner + found.ids[index]!);
      return reader(async (i) => await read(i), () => opened.close());
    };
    return { ...found, links: [], open };
  } finally {
    source.close();
  }
}

/** Images of an archive; paths start below a folder that contains them all. */
function fromPaths(
  path: string,
  names: readonly string[],
  options: ListOptions,
) {
  const visible = names.filter((name) => !/^(\.|__MACOSX\/)/.test(name));
  // Other files, such as a README beside the classes, do not count.
  const images = visible.filter((name) => IMAGE.test(name));
  const tops = new Set(images.map((name) => name.split("/")[0]!));
  const [top] = tops;
  const isWrapped = tops.size === 1 &&
    images.some((name) => name.split("/").length > 2);
  const inner = isWrapped ? `${top}/` : "";
  const paths = visible.filter((name) => name.startsWith(inner))
    .map((name) => name.slice(inner.length));
  const files = paths.filter((name) => IMAGE.test(name)).sort(byFolder);
  const folders = new Set(
    paths.filter((name) => name.includes("/"))
      .map((name) => name.slice(0, name.indexOf("/")))
      .filter((name) => !name.startsWith(".")),
  );
  const sorted = [...folders].sort(byCodePoint);
  return { found: labelled(path, files, sorted, options, []), inner };
}

/** Orders paths by their folder, then by name. */
function byFolder(a: string, b: string): number {
  const [left, right] = [a.lastIndexOf("/"), b.lastIndexOf("/")];
  return byCodePoint(
    a.slice(0, Math.max(0, left)),
    b.slice(0, Math.max(0, right)),
  ) ||
    byCodePoint(a, b);
}

/** Labels paths as `index_directory` of Keras. */
function labelled(
  name: string,
  files: readonly string[],
  folders: readonly string[],
  { classes }: ListOptions,
  links: readonly string[],
): Omit<ImageListing, "open" | "links"> {
  if (classes === undefined && folders.length === 0) {
    if (files.length === 0) throw empty(name, links);
    return { name, ids: files };
  }
  const missing = classes?.find((one) => !folders.includes(one));
  if (missing !== undefined) {
    const rule = `every class must be a folder of "${name}"`;
    const hint = `its folders are ${quote([...folders])}`;
    throw new RangeError(cannot(ACTION, rule, missing, hint));
  }
  const classNames = classes ?? folders;
  const loose = files.find((file) => !file.includes("/"));
  if (classes === undefined && loose !== undefined) {
    const rule = `all images must lie in the folders of "${name}", which are ` +
      "its classes, or none";
    const hint = "move it; or name the classes: " +
      `{ classes: [${folders.slice(0, 2).map(quote).join(", ")}, …] }`;
    throw new TypeError(cannot(ACTION, rule, loose, hint));
  }
  const groups = new Map<string, string[]>(classNames.map((one) => [one, []]));
  for (const file of files) {
    const end = file.indexOf("/");
    if (end > 0) groups.get(file.slice(0, end))?.push(file);
  }
  const ids = classNames.flatMap((one) => groups.get(one)!);
  if (ids.length === 0) throw empty(name, links);
  const labels = Int32Array.from(
    classNames.flatMap((one, i) => groups.get(one)!.map(() => i)),
  );
  return { name, ids, labels, classNames };
}

function empty(name: string, links: readonly string[]): RangeError {
  const rule = `"${name}" must hold an image: .bmp, .gif, .jpeg, .jpg, .png, ` +
    ".tif, .tiff or .webp";
  const hint = links.length === 0
    ? "is it the right folder?"
    : "links that leave the folder are not followed, unless with " +
      "{ followLinks: true }";
  return new RangeError(cannot(ACTION, rule, "none", hint));
}

/** A folder on disk. */
class FolderTree {
  readonly links: string[] = [];
  readonly #root: string;
  readonly #real: string;
  readonly #follows: boolean;

  constructor(root: string, follows: boolean) {
    this.#root = root;
    this.#real = Deno.realPathSync(root);
    this.#follows = follows;
  }

  /** Names of the sub-folders that are classes: sorted, without hidden ones. */
  topFolders(): string[] {
    return this.#entries("", []).folders.filter((one) => !one.startsWith("."));
  }

  /** Images below a folder, in the order of a sorted `os.walk`. */
  files(folder: string): string[] {
    this.links.length = 0;
    const folders: [string, string[]][] = [];
    const visit = (path: string, above: readonly string[]) => {
      const { files, folders: inner, real } = this.#entries(path, above);
      folders.push([path, files]);
      for (const one of inner) visit(join(path, one), [...above, real]);
    };
    visit(folder, []);
    return folders.sort(([a], [b]) => byCodePoint(a, b)).flatMap(
      ([path, files]) => files.map((file) => join(path, file)),
    );
  }

  #entries(path: string, above: readonly string[]) {
    const full = path === "" ? this.#root : `${this.#root}/${path}`;
    const { real, entries } = this.#list(full);
    const files: string[] = [];
    const folders: string[] = [];
    // A link to a parent folder would be followed for ever.
    if (above.includes(real)) return { files, folders, real };
    for (const entry of entries) {
      const { name } = entry;
      const target = entry.isSymlink
        ? this.#target(join(path, name), `${full}/${name}`)
        : entry;
      if (target?.isDirectory) folders.push(name);
      else if (target?.isFile && IMAGE.test(name)) files.push(name);
    }
    return {
      files: files.sort(byCodePoint),
      folders: folders.sort(byCodePoint),
      real,
    };
  }

  #list(full: string) {
    try {
      const entries = [...Deno.readDirSync(full)];
      return { real: Deno.realPathSync(full), entries };
    } catch (error) {
      throw missingPath(error, full, ACTION);
    }
  }

  /** The target of a link; undefined if it is not followed. */
  #target(name: string, full: string): Deno.FileInfo | undefined {
    let real: string;
    try {
      real = Deno.realPathSync(full);
    } catch (error) {
      const isBroken = error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.FilesystemLoop;
      if (!isBroken) throw missingPath(error, full, ACTION);
      this.#note(name);
      return undefined;
    }
    if (isWithin(real, this.#real) || this.#follows) return Deno.statSync(real);
    this.#note(name);
    return undefined;
  }

  /** Lists a link that is not followed. */
  #note(name: string): void {
    if (!this.links.includes(name)) this.links.push(name);
  }
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}/${name}`;
}
