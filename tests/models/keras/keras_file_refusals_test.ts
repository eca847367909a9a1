import { assertRejects } from "@std/assert";
import { openKeras } from "../../support/open_keras.ts";
import { ModelFormatError } from "../../../lib/errors.ts";
import { bytesSource } from "../../../lib/formats/byte_source.ts";
import { ZipArchive } from "../../../lib/formats/zip.ts";
import { buildZip, type BuiltMember, text } from "../../support/build_zip.ts";

const FOLDER = new URL("../../data/keras_models/", import.meta.url);
const HDF5 = new URL("../../data/hdf5/", import.meta.url);

function bytesOf(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(name, FOLDER));
}

/** The members of a good archive, with some left out or put in their place. */
function archiveWith(
  change: Readonly<Record<string, Partial<BuiltMember> | undefined>>,
): Uint8Array<ArrayBuffer> {
  const archive = new ZipArchive(bytesSource(bytesOf("k3_mlp.keras"), "x"));
  const members = new Map<string, BuiltMember>();
  for (const name of archive.members.keys()) {
    members.set(name, { name, data: archive.bytes(name) });
  }
  for (const [name, member] of Object.entries(change)) {
    if (member === undefined) members.delete(name);
    else members.set(name, { ...members.get(name), name, ...member });
  }
  return buildZip([...members.values()]);
}

/** Weights in a group with the name of an attribute, not in "layers". */
function subclassedWeights(): Uint8Array<ArrayBuffer> {
  const archive = new ZipArchive(bytesSource(bytesOf("k3_mlp.keras"), "x"));
  const bytes = archive.bytes("model.weights.h5");
  const letters = new TextDecoder("latin1").decode(bytes);
  for (const { index } of letters.matchAll(/\0layers\0/g)) {
    bytes.set(text("lights"), index + 1);
  }
  return bytes;
}

const REFUSED: Readonly<Record<string, [Uint8Array<ArrayBuffer>, string]>> = {
  "an archive without metadata, and a config that is of no version": [
    archiveWith({
      "metadata.json": undefined,
      "config.json": {
        data: text('{"class_name": "Sequential", "config": {}}'),
      },
    }),
    "written by Keras 2 or 3",
  ],
  "an archive without weights": [
    archiveWith({ "model.weights.h5": undefined }),
    "weights once",
  ],
  "weights of both kinds": [
    archiveWith({ "model.weights.npz": { data: new Uint8Array(3) } }),
    "weights once",
  ],
  "a version that is not known": [
    archiveWith({
      "metadata.json": { data: text('{"keras_version": "4.0.0"}') },
    }),
    '"4.0.0"',
  ],
  "no version": [
    archiveWith({ "metadata.json": { data: text("{}") } }),
    "undefined",
  ],
  "a description that is no model": [
    archiveWith({ "config.json": { data: text('{"layers": []}') } }),
    "class_name",
  ],
  "JSON that is damaged": [
    archiveWith({ "config.json": { data: text('{"class_name"') } }),
    "line 1, column 14",
  ],
  "a dangerous key": [
    archiveWith({ "config.json": { data: text('{"__proto__": 1}') } }),
    "__proto__",
  ],
  "a wrong checksum": [archiveWith({ "config.json": { crc: 1 } }), "checksum"],
  "weights that are not HDF5": [
    archiveWith({ "model.weights.h5": { data: text("nothing") } }),
    "model.weights.h5",
  ],
  "weights as Python objects": [
    archiveWith({
      "model.weights.h5": undefined,
      "model.weights.npz": {
        data: buildZip([{
          name: "layers/dense/vars.npy",
          data: Uint8Array.from([
            0x93,
            ...text("NUMPY"),
            1,
            0,
            61,
            0,
            ...text(
              "{'descr': '|O', 'fortran_order': False, 'shape': (), }      \n",
            ),
            0x80,
          ]),
        }]),
      },
    }),
    "Python objects",
  ],
  "HDF5 without a model": [
    Deno.readFileSync(new URL("types.h5", HDF5)),
    "model_config",
  ],
  "weights alone": [
    new ZipArchive(bytesSource(bytesOf("k3_mlp.keras"), "x"))
      .bytes("model.weights.h5"),
    "weights alone",
  ],
  "weights alone of a subclassed model": [
    subclassedWeights(),
    "weights alone; load them in Python with model.load_weights",
  ],
  "a cut file": [bytesOf("k3_mlp.keras").slice(0, -9), "is it cut?"],
  "a cut HDF5 file": [bytesOf("k3_mlp.h5").slice(0, -9), "whole"],
  "another file": [text("<!doctype html>"), "HTML"],
};

for (const [what, [bytes, message]] of Object.entries(REFUSED)) {
  Deno.test(`openKerasFile() refuses ${what}`, async () => {
    await assertRejects(() => openKeras(bytes), ModelFormatError, message);
  });
}

Deno.test("openKerasFile() reads no file outside an unpacked folder", async () => {
  const folder = Deno.makeTempDirSync();
  const outside = Deno.makeTempFileSync();
  Deno.writeTextFileSync(outside, '{"class_name": "Sequential", "config": {}}');
  Deno.writeTextFileSync(
    `${folder}/metadata.json`,
    '{"keras_version": "3.0.0"}',
  );
  Deno.symlinkSync(outside, `${folder}/config.json`);
  await assertRejects(() => openKeras(folder), ModelFormatError, outside);
  Deno.removeSync(folder, { recursive: true });
  Deno.removeSync(outside);
});

Deno.test("openKerasFile() refuses other folders, and names missing files", async () => {
  const folder = Deno.makeTempDirSync();
  Deno.writeTextFileSync(`${folder}/saved_model.pb`, "");
  Deno.writeTextFileSync(`${folder}/keras_metadata.pb`, "");
  await assertRejects(
    () => openKeras(folder),
    ModelFormatError,
    `tf_keras.models.load_model("${folder}")`,
  );
  Deno.removeSync(folder, { recursive: true });
  await assertRejects(() => openKeras(folder), Deno.errors.NotFound);
});

Deno.test("openKerasFile() stops when its signal says so", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(
    () => openKeras(bytesOf("k3_mlp.keras"), signal),
    Error,
    "enough",
  );
});
