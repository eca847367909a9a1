/**
 * Keras files: the description of the model, and its weights, read in place.
 *
 * A `.keras` archive is verified completely, in one pass, before it is used;
 * then its weights are read in place. An `.h5` file has no checksums, so its
 * structure is checked byte by byte instead.
 *
 * @module
 */
import { quote } from "../../check.ts";
import { ModelFormatError } from "../../errors.ts";
import { type ByteSource, readAll } from "../../formats/byte_source.ts";
import {
  descriptionLimits,
  type LooseJsonLimits,
  parseLooseJson,
} from "../../formats/loose_json.ts";
import type { ZipArchive } from "../../formats/zip.ts";
import type { CustomTable } from "../../layers/custom_objects.ts";
import { Pacer } from "../../formats/pacer.ts";
import { openBeside, urlBeside } from "../files/beside.ts";
import { modelFolder } from "../files/identify.ts";
import type { KerasSource } from "../files/open_model_file.ts";
import { DEFAULT_LIMITS, type ModelLimits } from "../graph/limits.ts";
import type { ModelGraph } from "../graph/model_graph.ts";
import { readTopology } from "./keras_topology.ts";
import type { BindWeights } from "./keras_weights.ts";
import { layerGraph } from "./layer_graph.ts";
import { NameWeights } from "./name_weights.ts";
import { PathWeights, VOCABULARY } from "./path_weights.ts";
import {
  hdf5Store,
  modelError,
  npzStore,
  type WeightStore,
} from "./weight_store.ts";

/** An open file of Keras. */
export interface KerasFile {
  /** Its format. */
  readonly format: "keras" | "keras-h5";
  /** The file, as a path, URL or description; for messages. */
  readonly source: string;
  /** The version of Keras that wrote it, as stored. */
  readonly kerasVersion: string;
  /** Keras' major version, which determines how options are read. */
  readonly major: 2 | 3;
  /** The model's object with `class_name` and `config`. */
  readonly config: unknown;
  /** Finds the weights; they can be read until {@linkcode close}. */
  readonly bindWeights: BindWeights;
  /** Closes the file. Weights that were read remain valid. */
  close(): void;
}

const CONFIG = "config.json";
const METADATA = "metadata.json";
const WEIGHTS = ["model.weights.h5", "model.weights.npz"];
/** Maximum depth of vocabularies in an unpacked folder. */
const MOST_FOLDERS = 64;
/** A vocabulary of a layer. */
const ASSET = new RegExp(`^assets/.*/${VOCABULARY}$`);
const SAVE_WHOLE =
  'load them in Python with model.load_weights, and save model.save("model.keras")';

/**
 * Opens a file of Keras: `.keras`, the same unpacked in a folder, or a whole
 * model in `.h5`.
 *
 * @param file The file; its open parts are closed with the result, or if this
 * throws.
 * @param pacer Yields the thread at intervals, and aborts.
 * @param limits How large its description may be.
 * @returns The file; close it.
 * @throws {ModelFormatError} If it is damaged or unsafe.
 */
export async function openKerasFile(
  file: KerasSource,
  pacer: Pacer = new Pacer(),
  { configBytes }: Required<ModelLimits> = DEFAULT_LIMITS,
): Promise<KerasFile> {
  const limits = descriptionLimits(configBytes);
  if (file.kind === "keras-folder") {
    return await openFolder(file, limits, pacer.signal);
  }
  const { name, bytes } = file;
  return await opened(
    name,
    () => bytes.close(),
    async () =>
      file.kind === "keras"
        ? await openArchive(file.archive, name, limits, pacer)
        : openHdf5(bytes, limits),
  );
}

/** Options of {@linkcode modelOfKerasFile}. */
export interface KerasModelOptions {
  /** Custom layers, operations and activations. @default {none} */
  readonly customLayers?: CustomTable;
  /** Whether it may run with weights that are NaN or infinite. @default {false} */
  readonly allowNonFinite?: boolean;
  /** How large it may become. */
  readonly limits?: Required<ModelLimits>;
  /** Yields the thread at intervals, and aborts. */
  readonly pacer?: Pacer;
}

/**
 * Creates a model from an open Keras file. Closing the model closes the file.
 *
 * @param file The file; it is closed if this throws.
 * @param options Custom objects, allowed weights, limits.
 * @returns The model.
 * @throws {ModelFormatError} If a layer is unknown or not supported.
 */
export async function modelOfKerasFile(
  file: KerasFile,
  options: KerasModelOptions = {},
): Promise<ModelGraph> {
  const { customLayers = {}, allowNonFinite = false } = options;
  const { limits = DEFAULT_LIMITS, pacer = new Pacer() } = options;
  try {
    await pacer.rest();
    const spec = readTopology(file.config, file.major, file.source, limits);
    await pacer.rest();
    return await pacer.drive(layerGraph({
      spec,
      format: file.format,
      dialect: file.major,
      source: file.source,
      customLayers,
      bindWeights: file.bindWeights,
      allowNonFinite,
      limits,
      dispose: () => file.close(),
    }));
  } catch (error) {
    file.close();
    throw error;
  }
}

/** The parts of a file that are read first. */
type Contents = Omit<KerasFile, "source" | "close"> & {
  readonly store: WeightStore;
};

/**
 * Returns a file with its close function; on errors, closes what was opened.
 */
async function opened(
  source: string,
  close: () => void,
  read: () => Contents | Promise<Contents>,
): Promise<KerasFile> {
  try {
    const { store, ...contents } = await read();
    return {
      ...contents,
      source,
      close() {
        store.close();
        close();
      },
    };
  } catch (error) {
    close();
    throw modelError(source, error);
  }
}

async function openArchive(
  archive: ZipArchive,
  source: string,
  limits: LooseJsonLimits,
  pacer: Pacer,
): Promise<Contents> {
  const members = [...archive.members.keys()];
  const folder = modelFolder(members) ?? "";
  const names = members.filter((name) => name.startsWith(folder))
    .map((name) => name.slice(folder.length));
  await archive.verify(pacer);
  return await readParts(
    source,
    limits,
    names,
    (name) => archive.bytes(folder + name),
    (name) => archive.part(folder + name),
    true,
  );
}

async function openFolder(
  { name: folder, names, url }: KerasSource & { kind: "keras-folder" },
  limits: LooseJsonLimits,
  signal?: AbortSignal,
): Promise<KerasFile> {
  const files: ByteSource[] = [];
  const close = () => files.forEach((file) => file.close());
  const open = async (name: string) => {
    const model = new URL(CONFIG, url);
    const file = await openBeside(urlBeside(name, model), model, { signal });
    files.push(file);
    return file;
  };
  const bytesOf = async (name: string) => readAll(await open(name));
  return await opened(
    folder,
    close,
    () => {
      const all = [...names, ...vocabulariesIn(url)];
      return readParts(folder, limits, all, bytesOf, open, false);
    },
  );
}

/** Paths of vocabularies in an unpacked folder, without links. */
function vocabulariesIn(folder: URL): string[] {
  const found: string[] = [];
  const enter = (path: string, depth: number) => {
    for (const entry of Deno.readDirSync(new URL(path, folder))) {
      const inner = `${path}${entry.name}`;
      if (entry.isDirectory && depth < MOST_FOLDERS) {
        enter(`${inner}/`, depth + 1);
      } else if (entry.isFile && entry.name === VOCABULARY) found.push(inner);
    }
  };
  const isThere = [...Deno.readDirSync(folder)].some(({ name, isDirectory }) =>
    name === "assets" && isDirectory
  );
  if (isThere) enter("assets/", 0);
  return found;
}

/** Reads the parts of a `.keras` model, from an archive or a folder. */
async function readParts(
  source: string,
  limits: LooseJsonLimits,
  names: readonly string[],
  bytesOf: (name: string) => Uint8Array | Promise<Uint8Array>,
  open: (name: string) => ByteSource | Promise<ByteSource>,
  isVerified: boolean,
): Promise<Contents> {
  const need = async (name: string) => {
    if (!names.includes(name)) {
      throw new ModelFormatError(
        source,
        `it must hold "${name}": current value is ${quote(names)}`,
      );
    }
    return parseLooseJson(await bytesOf(name), `${source}/${name}`, limits);
  };
  const config = checkModel(await need(CONFIG), source);
  const version = !names.includes(METADATA)
    ? writerOf(config)
    : fieldOf(await need(METADATA), "keras_version");
  const { kerasVersion, major } = versionOf(version, source);
  const [weightsName, ...others] = names.filter((n) => WEIGHTS.includes(n));
  if (weightsName === undefined || others.length > 0) {
    const shown = weightsName === undefined ? names : [weightsName, ...others];
    throw new ModelFormatError(
      source,
      `it must hold its weights once, as ${WEIGHTS.map(quote).join(" or ")}: ` +
        `current value is ${quote(shown)}`,
    );
  }
  const assets = new Map<string, string>();
  for (const name of names.filter((name) => ASSET.test(name))) {
    assets.set(name, new TextDecoder().decode(await bytesOf(name)));
  }
  const bytes = await open(weightsName);
  const store = weightsName.endsWith(".h5")
    ? hdf5Store(bytes, source, isVerified)
    : npzStore(bytes, source);
  const bindWeights: BindWeights = (model) =>
    new PathWeights(store, source, model, assets);
  return { format: "keras", kerasVersion, major, config, bindWeights, store };
}

function openHdf5(bytes: ByteSource, limits: LooseJsonLimits): Contents {
  const source = bytes.name;
  let store = hdf5Store(bytes, source);
  try {
    const [config] = store.strings("", "model_config") ?? [];
    if (config?.includes('"bfloat16"')) {
      // Keras stores it as pairs of bytes, and declares it only in the config.
      store.close();
      store = hdf5Store(bytes, source, false, "bfloat16");
    }
    if (config === undefined) {
      // Subclassed models have a group for each attribute that is a layer.
      const isSaved = [...store.groups].some((path) =>
        /(^|\/)(layers|vars|_layer_checkpoint_dependencies)$/.test(path)
      ) ||
        store.strings("", "layer_names") !== undefined;
      throw new ModelFormatError(
        source,
        `it must describe the model: current value is ${
          isSaved
            ? `an HDF5 file with weights alone; ${SAVE_WHOLE}`
            : "an HDF5 file without model_config"
        }`,
      );
    }
    const [version] = store.strings("", "keras_version") ??
      store.strings("model_weights", "keras_version") ?? [];
    return {
      format: "keras-h5",
      ...versionOf(version, source),
      config: checkModel(
        parseLooseJson(config, `${source}/model_config`, limits),
        source,
      ),
      bindWeights: (model) =>
        new NameWeights(store, source, { root: "model_weights", model }),
      store,
    };
  } catch (error) {
    store.close();
    throw error;
  }
}

/**
 * The version of Keras that wrote a config, by the option that holds the shapes
 * of inputs. Keras itself opens archives without metadata.json.
 */
function writerOf(config: unknown): string | undefined {
  const json = JSON.stringify(config);
  const is2 = json.includes('"batch_input_shape":');
  const is3 = json.includes('"batch_shape":');
  if (is2 === is3) return undefined;
  return is2 ? "2.0" : "3.0";
}

function fieldOf(value: unknown, key: string): unknown {
  const isRecord = typeof value === "object" && value !== null;
  return isRecord && key in value
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

function checkModel(config: unknown, source: string): unknown {
  const isModel = typeof config === "object" && config !== null &&
    "class_name" in config && "config" in config;
  if (isModel) return config;
  throw new ModelFormatError(
    source,
    `its description must have class_name and config: current value is ${
      quote(
        typeof config === "object" && config !== null
          ? Object.keys(config)
          : config,
      )
    }`,
  );
}

function versionOf(
  version: unknown,
  source: string,
): { kerasVersion: string; major: 2 | 3 } {
  if (typeof version === "string") {
    const [, digits] = /^(\d+)\.\d+/.exec(version) ?? [];
    if (digits === "2") return { kerasVersion: version, major: 2 };
    if (digits === "3") return { kerasVersion: version, major: 3 };
  }
  throw new ModelFormatError(
    source,
    `it must be written by Keras 2 or 3: current value is ${quote(version)}; ` +
      'open it in Python with a Keras that reads it, and save model.save("model.keras")',
  );
}
