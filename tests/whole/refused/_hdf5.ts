import { bytesSource } from "../../../lib/formats/byte_source.ts";
import { ZipArchive } from "../../../lib/formats/zip.ts";
import { archiveWith, type Bytes, renamed } from "../../support/model_files.ts";
import type { RefusedCase, RefusedInput } from "./_input.ts";

const DATA = new URL("../../data/", import.meta.url);

function read(path: string): Bytes {
  return Deno.readFileSync(new URL(path, DATA));
}

/** The real model as `.h5`, and the same as `.keras`. */
const H5 = read("keras_models/k3_mlp.h5");
const KERAS = read("keras_models/k3_mlp.keras");

/** A fixture of `make_hdf5.py` as a model, and as the weights of one. */
function both(name: string, ...says: string[]): RefusedCase[] {
  const file = () => read(`hdf5/${name}.h5`);
  return [
    { what: `${name}, as .h5`, name: "model.h5", file, says },
    {
      what: `${name}, as the weights of .keras`,
      file: () => archiveWith(KERAS, { "model.weights.h5": { data: file() } }),
      says: ["model.weights.h5", ...says],
    },
  ];
}

/** The real `.h5` with a text in it changed to one as long. */
function edited(
  what: string,
  from: string,
  to: string,
  ...says: string[]
): RefusedCase {
  return { what, name: "model.h5", file: () => renamed(H5, from, to), says };
}

/** What is wrong with HDF5: 17 to 28. */
export const HDF5: readonly RefusedInput[] = [
  {
    number: 17,
    what: "a wrong beginning, or a truncated file",
    refused: [
      ...[1, 9, 4000].map((cut) => ({
        what: `${cut} bytes are missing`,
        name: "model.h5",
        file: () => H5.slice(0, -cut),
        says: ["it must be whole and sound", "truncated file"],
      })),
      {
        what: "weights of .keras that are something else",
        file: () =>
          archiveWith(KERAS, {
            "model.weights.h5": { data: new Uint8Array(99) },
          }),
        says: ["model.weights.h5", "it must be whole and sound"],
      },
    ],
  },
  {
    number: 18,
    what: "a link to another file",
    refused: both(
      "external_link",
      '"link" must not be a link to a file: current value is "types.h5"',
    ),
  },
  {
    number: 19,
    what: "a soft link, or links in a circle",
    refused: [
      ...both("soft_link", '"link" must not be a link', '"/values"'),
      ...both("broken_link", '"link" must not be a link', '"/nothing"'),
      ...both("cycle", "groups must nest at most 40 deep", '"group/again/'),
    ],
  },
  {
    number: 20,
    what: "values in another file",
    refused: both(
      "external_storage",
      '"values" must hold its values in the file',
      "external raw data file",
    ),
  },
  {
    number: 21,
    what: "values put together from other files",
    refused: both(
      "virtual",
      '"values" must hold its own values: current value is ["types.h5"]',
    ),
  },
  {
    number: 22,
    what: "a dataset that is too large",
    refused: [
      ...both(
        "huge_shape",
        "datasets must hold at most",
        '"values of shape [1048576, 1048576]"',
      ),
      ...both(
        "huge_chunked",
        "datasets must hold at most",
        '"values of shape [1048576, 1048576, 1048576]"',
      ),
    ],
  },
  {
    number: 23,
    what: "a dataset that declares more than is stored",
    refused: [
      ...both(
        "nothing_stored",
        '"values" must hold its values in the file',
        "for 16384 bytes",
      ),
      ...both(
        "no_chunk_stored",
        '"values" must have 64 chunks: current value is 0',
      ),
      ...both("packed_zeros", "datasets must hold at most", '"values of shape'),
    ],
  },
  {
    number: 24,
    what: "elements that are no numbers",
    refused: [
      ...both("big_endian", '"values" must have its least significant byte'),
      ...both("complex", '"values" must hold numbers', "records of 8 bytes"),
      ...both("compound", '"values" must hold numbers', "records of 4 bytes"),
      ...both("text", '"values" must hold numbers', "texts of 3 bytes"),
      ...both("reference", '"values" must hold numbers', "references of 8"),
      ...both("opaque", '"values" must hold numbers', "opaque elements of 3"),
      ...both("ragged", '"values" must hold numbers', "lists of 8"),
    ],
  },
  {
    number: 25,
    what: "an unknown filter, or a failed checksum",
    refused: [
      ...both(
        "lzf",
        '"values" must be packed by a filter of HDF5\'s own',
        "lzf (32000)",
      ),
      ...both("scale_offset", '"values" must be packed', "(6)"),
      {
        what: "a checksum of a chunk that is wrong",
        name: "model.h5",
        atRun: true,
        file: () => {
          const bytes = read("hdf5/checksum.h5");
          bytes[bytes.length - 40]! ^= 1;
          return bytes;
        },
        says: ["it must be whole and sound", "filter returned failure"],
      },
    ],
  },
  {
    number: 26,
    what: "too many groups, or too deep",
    refused: [
      ...both("deep", "groups must nest at most 40 deep", '"g/g/g/'),
      ...both("many", "it must hold at most 339 objects, for its size"),
    ],
  },
  {
    number: 27,
    what: "weights without a model",
    refused: [{
      what: "the weights of a .keras",
      name: "model.weights.h5",
      file: () =>
        new ZipArchive(bytesSource(KERAS, "k")).bytes("model.weights.h5"),
      says: [
        "an HDF5 file with weights alone",
        "model.load_weights",
        'model.save("model.keras")',
      ],
    }, {
      what: "some other HDF5 file",
      name: "data.h5",
      file: () => read("hdf5/types.h5"),
      says: ["an HDF5 file without model_config"],
    }],
  },
  {
    number: 28,
    what: "lists of names that are missing, or name what is not there",
    refused: [
      edited(
        "no layer_names",
        "layer_names",
        "layer_namez",
        '"model_weights" must list its layers: current value is "no layer_names"',
      ),
      edited(
        "no weight_names",
        "weight_names",
        "weight_namez",
        "must list its weights",
        '"no weight_names"',
      ),
      edited(
        "a weight that is not there",
        "sequential/dense/kernel",
        "sequential/dense/kernex",
        'every weight listed in "model_weights/dense" must be there',
        '"sequential/dense/kernex"',
      ),
    ],
  },
];
