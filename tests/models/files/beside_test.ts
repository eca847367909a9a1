import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import { openBeside, urlBeside } from "../../../lib/models/files/beside.ts";

Deno.test("urlBeside() stays in the folder of the model", () => {
  const file = new URL("file:///m/model.json");
  assertEquals(urlBeside("sub/w 1.bin", file).href, "file:///m/sub/w%201.bin");
  const server = new URL("https://host/m/model.json?token=1");
  assertEquals(urlBeside("w.bin", server).href, "https://host/m/w.bin?token=1");
  const wrong = [
    "",
    "../w",
    "a/../../w",
    "/w",
    "C:\\w",
    "file:///w",
    "%2e%2e/w",
  ];
  for (const path of [...wrong, "w\0", "a//w", "w\ud800", undefined, 3]) {
    assertThrows(
      () => urlBeside(path, file),
      ModelFormatError,
      "its weight files must lie in its own folder",
    );
  }
});

Deno.test("openBeside() follows links within the folder, and none that leads out", async () => {
  const root = await Deno.makeTempDir();
  const folder = `${root}/model`;
  await Deno.mkdir(folder);
  for (const path of [`${root}/w`, `${folder}/w`]) {
    await Deno.writeFile(path, Uint8Array.of(7));
  }
  await Deno.symlink(`${folder}/w`, `${folder}/inside`);
  await Deno.symlink(`${root}/w`, `${folder}/outside`);
  await Deno.symlink("..", `${folder}/up`);
  await Deno.link(`${root}/w`, `${folder}/hard`);
  const model = new URL(`file://${folder}/model.json`);
  const byteOf = async (path: string, refusesHardLinks = false) => {
    const url = urlBeside(path, model);
    const file = await openBeside(url, model, { refusesHardLinks });
    const byte = new Uint8Array(1);
    file.read(0, byte);
    file.close();
    return byte[0];
  };
  for (const path of ["w", "inside", "hard"]) {
    assertEquals(await byteOf(path), 7);
  }
  for (const path of ["outside", "up/w"]) {
    await assertRejects(() => byteOf(path), ModelFormatError, "symbolic link");
  }
  await assertRejects(
    () => byteOf("hard", true),
    ModelFormatError,
    "hard link",
  );
  await assertRejects(() => byteOf("none"), Deno.errors.NotFound, "none");
  await Deno.remove(root, { recursive: true });
});
