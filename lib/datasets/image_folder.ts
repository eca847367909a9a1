/**
 * `imageFolder`: folders, lists and archives of image files.
 *
 * @module
 */
import { cannot, checkBoolean, checkInteger, checkOptions } from "../check.ts";
import { attachView } from "../display/attach_view.ts";
import { countText, numberText } from "../display/cell.ts";
import type { View } from "../display/view.ts";
import { evenly } from "../math/evenly.ts";
import type {
  Batch,
  DataSource,
  NdArray,
  TensorSpec,
  WantedBatches,
} from "../types.ts";
import { markBuiltIn } from "./_batch_memory.ts";
import { checkClassNames } from "./class_names.ts";
import { imageBatches, type ImageRows } from "./_image_batches.ts";
import {
  checkImageOptions,
  IMAGE_OPTIONS,
  ImageInput,
  type ImageOptions,
} from "./image_input.ts";
import { type ImageListing, listImages } from "./list_images.ts";
import { SAMPLES_AT_ONCE } from "./read_ahead.ts";
import {
  checkSampleOptions,
  SAMPLE_OPTIONS,
  type SampleOptions,
  sampleRows,
} from "./sample_rows.ts";
import {
  IMAGE_SIDE,
  imagesBlock,
  MOST_IMAGES,
  sourceView,
} from "./_source_view.ts";

/**
 * Settings of {@linkcode imageFolder}.
 *
 * @category Data
 */
export interface ImageFolderOptions extends ImageOptions, SampleOptions {
  /**
   * Names of the classes, in the order of their labels: names of sub-folders;
   * others are left out. For a list of files, the folders of the files.
   *
   * @default {the sub-folders, sorted}
   */
  readonly classes?: readonly string[];
  /**
   * Whether to follow links that leave the folder. By default they are skipped,
   * which the view of the source mentions. Links within the folder are always
   * followed. For folders only.
   *
   * @default {false}
   */
  readonly followLinks?: boolean;
}

/**
 * Image files with labels by their folders.
 *
 * @category Data
 */
export interface ImageSource extends DataSource {
  /** Number of images. */
  readonly length: number;
  /** Paths of the images, in order. */
  readonly ids: readonly string[];
}

const ACTION = "read images";

/**
 * Reads a folder of images: one sub-folder per class, or images without labels.
 * Also accepts a `.zip` or `.tar` archive of such a folder, or an array of
 * files.
 *
 * Order and labels are those of Keras' `image_dataset_from_directory`: sorted
 * classes, sorted files in each class, including nested folders; hidden folders
 * are not classes. Files are selected by extension, `.bmp`, `.gif`, `.jpeg`,
 * `.jpg`, `.png`, and, unlike in Keras, `.tif`, `.tiff` and `.webp`.
 *
 * Pixels are bitwise equal to Pillow's (`convert("RGB")`, `"L"` or `"RGBA"`);
 * TensorFlow decodes JPEG files less exactly. Animations are read as their
 * first image; 16-bit grey is clipped at 255, as in Pillow. Resized values are
 * those of `tf.image.resize`. Images that the model does not accept are refused
 * before the first batch.
 *
 * Images are decoded while the model runs: at most 2 batches are read ahead,
 * and 8 images at once. JPEG, PNG, WebP and TIFF files need sharp, and so the
 * permissions `--allow-ffi` and
 * `--allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX`.
 *
 * @param folder A folder, an archive, or an array of files.
 * @param options Size, colours, preprocessing, selection of samples.
 * @returns A source for `predict`, `stream` and others. Its ids are paths from
 * the folder. Shows itself with class counts and some images.
 * @throws {TypeError} If an option or the source has the wrong type.
 * @throws {RangeError} If a value is out of range, there are no images, or a
 * class does not exist.
 * @throws {Deno.errors.NotFound} If the folder or archive does not exist.
 *
 * @example Features of a folder
 * ```ts
 * import { FeatureExtractor, imageFolder, tf } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const model = tf.sequential({
 *   layers: [
 *     tf.layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [24, 24, 3] }),
 *     tf.layers.globalAveragePooling2d({}),
 *     tf.layers.dense({ units: 2 }),
 *   ],
 * });
 * const photos = imageFolder("tests/data/photos", { preprocess: "tf" });
 * const set = await new FeatureExtractor(model).layers([-2]).predict(photos);
 * assert.deepEqual(set.classNames, ["circles", "squares"]);
 * assert.deepEqual(set.features[0]?.shape, [photos.length, 4]);
 * ```
 *
 * @category Data
 */
export function imageFolder(
  folder: string | URL | readonly string[],
  options: ImageFolderOptions = {},
): ImageSource {
  checkOptions(options, ACTION, [
    ...IMAGE_OPTIONS,
    ...SAMPLE_OPTIONS,
    ...["classes", "followLinks"],
  ]);
  checkImageOptions(options, ACTION);
  checkSampleOptions(options, ACTION);
  const { followLinks = false } = options;
  checkBoolean(followLinks, ACTION, "followLinks");
  const classes = options.classes === undefined
    ? undefined
    : checkClassNames(options.classes, ACTION, "classes");
  const listing = listImages(folder, { classes, followLinks });
  const count = listing.ids.length;
  const rows = sampleRows({ ...listing, count }, options, ACTION);
  return new FolderSource(listing, rows, Object.freeze({ ...options }));
}

class FolderSource implements ImageSource {
  declare readonly classNames?: readonly string[];
  declare readonly fingerprint?: () => Promise<string>;
  readonly length: number;
  readonly ids: readonly string[];
  readonly #listing: ImageListing;
  readonly #rows: Uint32Array | undefined;
  readonly #labels: Int32Array | undefined;
  readonly #options: ImageFolderOptions;
  #rowOf: Map<string, number> | undefined;

  constructor(
    listing: ImageListing,
    rows: Uint32Array | undefined,
    options: ImageFolderOptions,
  ) {
    const { ids, labels, classNames } = listing;
    this.#listing = listing;
    this.#rows = rows;
    this.#options = options;
    this.ids = rows === undefined
      ? ids
      : Object.freeze(Array.from(rows, (row) => ids[row]!));
    this.length = this.ids.length;
    this.#labels = rows === undefined || labels === undefined
      ? labels
      : Int32Array.from(rows, (row) => labels[row]!);
    if (classNames !== undefined) {
      this.classNames = Object.freeze([...classNames]);
    }
    markBuiltIn(this);
    // A function has no fingerprint.
    if (typeof options.preprocess !== "function") {
      this.fingerprint = () => this.#fingerprint();
    }
  }

  batches(wanted: WantedBatches): AsyncIterable<Batch> {
    const { size, start, inputs, signal } = wanted;
    checkInteger(size, ACTION, "size");
    checkInteger(start, ACTION, "start", 0);
    if (inputs.length !== 1) {
      const rule = "a model must have one input to take images";
      const names = inputs.map(({ name }) => name);
      throw new TypeError(cannot(ACTION, rule, names));
    }
    const input = new ImageInput(inputs[0]!, this.#options, ACTION);
    const skips = this.#options.onBad === "skip";
    const options = { size, start, input, skips, action: ACTION, signal };
    return this.#read((images) => imageBatches(images, options));
  }

  async samples(
    ids: readonly (string | number)[],
    inputs?: readonly TensorSpec[],
  ): Promise<Batch> {
    this.#rowOf ??= new Map(this.ids.map((id, row) => [id, row]));
    const rows = ids.map((id) => {
      const row = this.#rowOf!.get(String(id));
      if (row !== undefined) return row;
      const rule = "every id must be that of a sample";
      throw new RangeError(cannot("read samples", rule, id));
    });
    return inputs === undefined ? await this.#looks(rows) : await this.#pick(
      rows,
      new ImageInput(inputs[0]!, this.#options, ACTION),
    );
  }

  /**
   * Images for display: complete, of one size, without preprocessing. A file
   * that would be skipped is NaN.
   */
  #looks(rows: readonly number[]): Promise<Batch> {
    const { colorMode: mode = "rgb", orient = false } = this.#options;
    const colorMode = mode === "rgba" ? "rgb" : mode;
    const spec = { name: "images", shape: [], dtype: "float32" } as const;
    const input = new ImageInput(spec, {
      size: [IMAGE_SIDE, IMAGE_SIDE],
      antialias: true,
      fit: "pad",
      colorMode,
      orient,
    }, ACTION);
    const skips = this.#options.onBad === "skip";
    return this.#pick(rows, input, { skips, blanks: true });
  }

  async #pick(
    rows: readonly number[],
    input: ImageInput,
    { skips, blanks }: { readonly skips: boolean; readonly blanks: boolean } = {
      skips: false,
      blanks: false,
    },
  ): Promise<Batch> {
    const length = rows.length;
    const labels = this.#labels;
    const picked = (images: ImageRows): ImageRows => ({
      length,
      id: (i) => images.id(rows[i]!),
      read: (i) => images.read(rows[i]!),
      ...(labels && { labels: Int32Array.from(rows, (row) => labels[row]!) }),
    });
    const options = {
      size: length,
      start: 0,
      input,
      skips,
      blanks,
      action: ACTION,
    };
    const batches = this.#read((images) =>
      imageBatches(picked(images), options)
    );
    for await (const batch of batches) return batch;
    throw new RangeError(cannot(ACTION, "there must be an id", 0));
  }

  async *#read(
    run: (images: ImageRows) => AsyncIterable<Batch>,
  ): AsyncGenerator<Batch> {
    const { ids, length } = this;
    const reader = this.#listing.open();
    try {
      yield* run({
        length,
        id: (row) => ids[row]!,
        labels: this.#labels,
        read: (row) => reader.read(this.#rows?.[row] ?? row),
      });
    } finally {
      reader.close();
    }
  }

  async #fingerprint(): Promise<string> {
    const { createHash } = await import("node:crypto");
    const hash = createHash("sha256");
    const { classes: _classes, ...options } = this.#options;
    const settings = Object.entries(options)
      .filter(([, value]) => value !== undefined).sort();
    const facts = [settings, this.classNames ?? null, this.length];
    hash.update(JSON.stringify(facts));
    const reader = this.#listing.open();
    const hashOf = async (row: number) => {
      try {
        const bytes = await reader.read(this.#rows?.[row] ?? row);
        return createHash("sha256").update(bytes).digest("hex");
      } catch (error) {
        const isSkipped = options.onBad === "skip" && error instanceof Error;
        if (!isSkipped) throw error;
        return error.name; // a file that cannot be read is skipped
      }
    };
    try {
      for (let first = 0; first < this.length; first += SAMPLES_AT_ONCE) {
        const count = Math.min(SAMPLES_AT_ONCE, this.length - first);
        const hashes = await Promise.all(
          Array.from({ length: count }, (_, i) => hashOf(first + i)),
        );
        hashes.forEach((sum, i) => {
          const row = first + i;
          const label = this.#labels?.[row] ?? null;
          hash.update(JSON.stringify([this.ids[row], label, sum]));
        });
      }
    } finally {
      reader.close();
    }
    return hash.digest("hex");
  }

  static {
    attachView(this.prototype, (self) => self.#view());
  }

  #view(): View {
    const { name, links } = this.#listing;
    const { ids, length, classNames } = this;
    const total = this.#listing.ids.length;
    const of = total === length ? "" : ` of ${numberText(total)}`;
    const classes = classNames === undefined
      ? ""
      : `, ${countText(classNames.length, "class", "classes")}`;
    const images = countText(length, "image");
    const shown = evenly(length, MOST_IMAGES);
    const captions = shown.map((row) => {
      const label = this.#labels?.[row];
      const file = ids[row]!.slice(ids[row]!.lastIndexOf("/") + 1);
      return label === undefined ? file : classNames![label]!;
    });
    const load = async () => {
      const batch = await this.#looks(shown) as { xs: NdArray };
      return { images: batch.xs, captions };
    };
    return sourceView({
      title: `imageFolder "${name}": ${images}${of}${classes}`,
      notes: links.length === 0
        ? []
        : [`${countText(links.length, "link")} not followed: ${links[0]}`],
      labels: this.#labels,
      classNames,
      blocks: [imagesBlock(shown.length, load)],
    });
  }
}
