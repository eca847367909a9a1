import { assert, assertEquals, assertRejects } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import { bytesSource } from "../../../lib/formats/byte_source.ts";
import {
  modelFileOf,
  openModelFile,
} from "../../../lib/models/files/open_model_file.ts";

const DATA = new URL("../../data/", import.meta.url);

Deno.test("openModelFile() tells files and folders by their content, and hands on what it found", async () => {
  const keras = await openModelFile(new URL("keras_models/k3_mlp.keras", DATA));
  assert(keras.kind === "keras");
  assert(keras.archive.members.has("config.json"));
  keras.bytes.close();
  const hdf5 = await openModelFile(new URL("keras_models/k3_mlp.h5", DATA));
  assert(hdf5.kind === "hdf5");
  hdf5.bytes.close();
  const path = new URL("graph_models/mlp/model.json", DATA);
  const json = await openModelFile(path);
  assert(json.kind === "tfjs");
  assertEquals(json.url.href, path.href);
  assertEquals(json.text, await Deno.readFile(path));
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/config.json`, "{}");
  await Deno.writeTextFile(`${folder}/metadata.json`, "{}");
  const unpacked = await openModelFile(folder);
  assert(unpacked.kind === "keras-folder");
  assertEquals(unpacked.name, folder);
  assertEquals([...unpacked.names].sort(), ["config.json", "metadata.json"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("openModelFile() refuses a model.json as bytes: its weights lie beside it", async () => {
  const bytes = new TextEncoder().encode('{"modelTopology": {}}');
  await assertRejects(
    () => openModelFile(bytes),
    ModelFormatError,
    "pass its path or URL, as its weights lie beside it",
  );
});

Deno.test("openModelFile() takes a model.json of 64 MiB, and no larger one", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, '{"modelTopology": {}}');
  await Deno.truncate(path, 17 * 2 ** 20); // the graph of a large network
  const { kind } = await openModelFile(path);
  assertEquals(kind, "tfjs");
  await Deno.truncate(path, 64 * 2 ** 20 + 1);
  await assertRejects(
    () => openModelFile(path),
    ModelFormatError,
    "a model.json must have at most 67108864 bytes: current value is 67108865; if you trust it, pass limits: { configBytes: … }",
  );
  const raised = await openModelFile(path, undefined, 65 * 2 ** 20);
  assertEquals(raised.kind, "tfjs");
  await Deno.remove(path);
});

Deno.test("modelFileOf() closes a file that it refuses", () => {
  let isClosed = false;
  const bytes = {
    ...bytesSource(new TextEncoder().encode("<html>"), "x"),
    close: () => isClosed = true,
  };
  try {
    modelFileOf(bytes);
  } catch {
    assert(isClosed);
    return;
  }
  assert(false, "it was not refused");
});
