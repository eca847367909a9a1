import { bytesSource } from "../../../lib/formats/byte_source.ts";
import { ZipArchive } from "../../../lib/formats/zip.ts";
import { functional, input, layer } from "../../support/keras_spec.ts";
import {
  archiveWith,
  type Bytes,
  kerasOf,
  on,
  renamed,
} from "../../support/model_files.ts";
import type { OpenedCase, RefusedCase, RefusedInput } from "./_input.ts";

const DATA = new URL("../../data/", import.meta.url);

function read(path: string): Bytes {
  return Deno.readFileSync(new URL(path, DATA));
}

/** The real model as `.h5`, and the same as `.keras`. */
const H5 = read("keras_models/k3_mlp.h5");
const KERAS = read("keras_models/k3_mlp.keras");

/** The model whose kernel the fixtures of `make_hdf5.py` hold. */
const KERNEL = functional(
  "m",
  [
    input("x", [3]),
    layer("d", "Dense", { units: 4, "use_bias": false }, on("x")),
  ],
  ["x", 0, 0],
  ["d", 0, 0],
);

/** A fixture of `make_hdf5.py` as a model, and as the weights of one. */
function files(name: string): OpenedCase[] {
  const file = () => read(`hdf5/${name}.h5`);
  return [
    { what: `${name}, as .h5`, name: "model.h5", file },
    {
      what: `${name}, as the weights of .keras`,
      file: () =>
        archiveWith(kerasOf(KERNEL), {
          "model.weights.npz": undefined,
          "model.weights.h5": { data: file() },
        }),
    },
  ];
}

/** The same with what is said of both. */
function both(name: string, ...says: string[]): RefusedCase[] {
  return files(name).map((file) => ({ ...file, says }));
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
    what: "a wrong header, or a truncated file",
    refused: [
      ...[1, 9, 4000].map((cut) => ({
        what: `${cut} bytes are missing`,
        name: "model.h5",
        file: () => H5.slice(0, -cut),
        says: ["must have", `${H5.length - cut}; is it cut?`],
      })),
      {
        what: "weights of .keras that are something else",
        file: () =>
          archiveWith(KERAS, {
            "model.weights.h5": { data: new Uint8Array(99) },
          }),
        says: ["model.weights.h5", "it must be HDF5"],
      },
    ],
  },
  {
    number: 18,
    what: "a link to another file",
    refused: both(
      "external_link",
      '"link" must not be a link to another file',
      "types.h5",
    ),
  },
  {
    number: 19,
    what: "a link that leads nowhere, or links in a circle",
    refused: [
      ...both("broken_link", '"link" must lead to something', '"/nothing"'),
      ...both("soft_cycle", "links must not lead in a circle"),
      ...both("cycle", "groups must nest at most 40 deep", '"group/again/'),
    ],
    opened: files("linked").slice(0, 1),
  },
  {
    number: 20,
    what: "values in another file",
    refused: both(
      "external_storage",
      '" must hold its values in the file',
      '"other files"',
    ),
  },
  {
    number: 21,
    what: "values assembled from other files",
    refused: both(
      "virtual",
      '" must hold its values in the file',
      '"other files"',
    ),
  },
  {
    number: 22,
    what: "a dataset that is too large",
    refused: [
      ...both("huge_shape", "datasets must hold at most", "[1048576, 1048576]"),
      ...both(
        "huge_chunked",
        "datasets must hold at most",
        "[1048576, 1048576, 1048576]",
      ),
    ],
  },
  {
    number: 23,
    what: "a dataset that declares more than is stored",
    refused: [
      ...both(
        "nothing_stored",
        '" must hold its values in the file',
        "none of 16384 bytes",
      ),
      ...both("no_chunk_stored", '" must have 64 chunks', "is 0"),
      ...both("packed_zeros", "datasets must hold at most", "[16777216]"),
    ],
  },
  {
    number: 24,
    what: "elements that are not numbers",
    refused: [
      ...both("complex", '" must hold numbers', "records of 8 bytes"),
      ...both("compound", '" must hold numbers', "records of 4 bytes"),
      ...both("text", '" must hold numbers', "strings of 3 bytes"),
      ...both("reference", '" must hold numbers', "references of 8"),
      ...both("opaque", '" must hold numbers', "opaque elements of 3"),
      ...both("ragged", '" must hold numbers', "lists of 16 bytes"),
      ...both("own_type", '" must hold numbers', "bfloat16 of 4 bytes"),
    ],
    opened: files("big_endian").slice(0, 1),
  },
  {
    number: 25,
    what: "an unknown filter, or a failed checksum",
    refused: [
      ...both(
        "scale_offset",
        "compression must be gzip, lzf, shuffle or fletcher32",
        "scaleoffset (6)",
      ),
      {
        what: "a checksum of a chunk that is wrong",
        name: "model.h5",
        atRun: true,
        file: () => {
          const bytes = read("hdf5/checksum.h5");
          const values = Float32Array.from({ length: 12 }, (_, i) => i);
          const stored = new Uint8Array(values.buffer);
          const at = bytes.findIndex((_, at) =>
            stored.every((byte, i) => bytes[at + i] === byte)
          );
          bytes[at + 7]! ^= 1;
          return bytes;
        },
        says: ["the checksum of a chunk must be"],
      },
    ],
    opened: ["checksum", "lzf", "newest", "replaced"].flatMap((name) =>
      files(name).slice(0, 1)
    ),
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
    what: "missing lists of names, or lists of missing names",
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
