import { assertEquals, assertStringIncludes } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import { bytesSource } from "../../../lib/formats/byte_source.ts";
import {
  identify,
  identifyFolder,
  refusal,
} from "../../../lib/models/files/identify.ts";
import { buildZip, text } from "../../support/build_zip.ts";

function bytes(...parts: (string | number[])[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    parts.flatMap((part) => typeof part === "string" ? [...text(part)] : part),
  );
}

function zipOf(...names: string[]): Uint8Array<ArrayBuffer> {
  return buildZip(names.map((name) => ({ name })));
}

const KNOWN: Readonly<Record<string, Uint8Array>> = {
  keras: zipOf("metadata.json", "config.json"),
  hdf5: bytes([0x89], "HDF\r\n", [0x1a], "\n"),
  tfjs: bytes('{"modelTopology": {}}'),
  onnx: bytes([8, 8, 0x12, 7], "pytorch"),
};

for (const [kind, file] of Object.entries(KNOWN)) {
  Deno.test(`identify() knows ${kind} by its content`, () => {
    assertEquals(identify(bytesSource(file, "x")).kind, kind);
  });
}

Deno.test("identify() finds the keys of a model.json, wherever they are", () => {
  const long = "x".repeat(9000);
  const late = `{"a": "${long}", "weightsManifest": []}`;
  const amid = `{"a": "${long}", "modelTopology": {}, "b": "${long}"}`;
  for (const json of [late, amid]) {
    assertEquals(identify(bytesSource(text(json), "x")).kind, "tfjs");
  }
});

Deno.test("identify() knows ONNX by any field behind the version", () => {
  const versioned = bytes([8, 10, 0x28, 1, 0x3a, 0]); // a model_version
  assertEquals(identify(bytesSource(versioned, "x")).kind, "onnx");
});

const REFUSED: Readonly<Record<string, [Uint8Array, string, string?]>> = {
  "an empty file": [bytes(), "empty"],
  "an HTML page": [bytes("\n<!DOCTYPE html><html>"), "HTML", "download"],
  "a Git LFS pointer": [
    bytes("version https://git-lfs.github.com/spec/v1\n"),
    "Git LFS",
    "git lfs pull",
  ],
  "a gzip file": [bytes([0x1f, 0x8b, 8]), "gzip", "gunzip"],
  "a tar archive": [
    bytes(Array<number>(257).fill(65), "ustar"),
    "tar archive",
    "tar xf",
  ],
  TFLite: [bytes([28, 0, 0, 0], "TFL3"), "TensorFlow Lite", "model.keras"],
  "a pickle": [bytes([0x80, 4, 0x95]), "pickle", "model.save"],
  "PyTorch's zip": [zipOf("m/data.pkl", "m/data/0"), "PyTorch"],
  "a NumPy array": [bytes([0x93], "NUMPY", [1, 0]), "NumPy array"],
  "a NumPy archive": [zipOf("a.npy"), "NumPy archive"],
  safetensors: [
    bytes([2, 0, 0, 0, 0, 0, 0, 0], '{"a": {}}'),
    "safetensors",
    "model.save",
  ],
  "a SavedModel's graph": [
    bytes([8, 1, 0x12, 4]),
    "SavedModel",
    "take the Keras model it was made from, and save it in Python",
  ],
  "a zipped SavedModel": [zipOf("m/saved_model.pb"), "SavedModel", "unpack"],
  "a zipped TF.js model": [zipOf("model.json"), "TF.js", "unpack"],
  "a zip with folders around": [zipOf("a/m/config.json"), "folder", "unpack"],
  "two models in a zip": [
    zipOf("a/config.json", "b/config.json"),
    "folder",
    "unpack",
  ],
  "a zip of Teachable Machine": [
    zipOf("keras_model.h5", "labels.txt"),
    "a zipped model",
    'unpack it, and open "keras_model.h5"',
  ],
  "another zip": [zipOf("word/document.xml"), "word/document.xml"],
  "split weights": [bytes('{"weight_map": {}}'), "split"],
  "layers alone": [bytes('{"class_name": "Sequential"}'), "without weights"],
  "layers as YAML": [
    bytes("backend: tensorflow\nclass_name: Sequential"),
    "layers of a model without weights",
    "save both",
  ],
  "the index of a checkpoint": [
    bytes("\0\0\x06\b\x01\x1a\x02\b\x01"),
    "a checkpoint",
    "save it in Python",
  ],
  "a notebook": [bytes('{"cells": [], "nbformat": 4}'), "notebook"],
  "other JSON": [bytes("[1]"), "JSON"],
  "other bytes": [bytes([0xca, 0xfe]), "ca fe"],
};

for (const [what, [file, found, advice = ""]] of Object.entries(REFUSED)) {
  Deno.test(`identify() says what ${what} is, and refusal() what to do`, () => {
    const kind = identify(bytesSource(file, "x"));
    assertEquals(kind.kind, "other");
    const error = refusal("my.file", kind);
    assertEquals(error instanceof ModelFormatError, true);
    for (const part of ["my.file", found, advice]) {
      assertStringIncludes(error.message, part);
    }
  });
}

Deno.test("identifyFolder() tells folders apart", () => {
  const kindOf = (...names: string[]) => identifyFolder(names, "dir");
  assertEquals(
    kindOf("config.json", "metadata.json", "model.weights.h5").kind,
    "keras-folder",
  );
  const saved = kindOf("saved_model.pb", "variables", "keras_metadata.pb");
  assertEquals(saved.kind, "other");
  assertEquals(
    saved.advice,
    `convert it: python -c 'import tf_keras; tf_keras.models.load_model("dir").save("model.h5")'`,
  );
  // tf_keras 2.21 loads no model from what export() of either Keras wrote.
  const exported = kindOf("saved_model.pb", "variables", "fingerprint.pb");
  assertEquals(exported.advice!.includes("load_model"), false);
  assertStringIncludes(exported.advice!, 'model.save("model.keras")');
  assertStringIncludes(kindOf("model.json").advice!, "dir/model.json");
  assertStringIncludes(kindOf("ckpt.index").what, "checkpoint");
  assertStringIncludes(kindOf().what, "no model");
});
