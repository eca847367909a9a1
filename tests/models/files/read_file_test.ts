import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import { dense } from "../../support/keras_spec.ts";
import { modelJsonOf, modelOf, on } from "../../support/model_files.ts";
import { ModelFormatError } from "../../../lib/errors.ts";
import {
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  fileUrl,
  kindOfPath,
  openFile,
} from "../../../lib/models/files/read_file.ts";

Deno.test("fileUrl() takes paths as they are written", () => {
  const cwd = Deno.cwd();
  assertEquals(
    fileUrl("a/b c#1%20?.json").pathname,
    `${cwd}/a/b%20c%231%2520%3F.json`,
  );
  assertEquals(fileUrl("/x/model.json").href, "file:///x/model.json");
  assertEquals(
    fileUrl("../x").pathname,
    new URL("../x", `file://${cwd}/`).pathname,
  );
});

Deno.test("fileUrl() makes URLs that Node turns back into the paths", () => {
  for (let code = 1; code < 0x250; code++) {
    if (code === 47) continue; // a slash at the end
    const path = `/a/b${String.fromCharCode(code)}`;
    assertEquals(fileURLToPath(fileUrl(path)), resolve(path));
  }
  for (const path of ["//a//b", "a/../..//b", "/../a", " a ", "a:b", "c:/d"]) {
    assertEquals(fileURLToPath(fileUrl(path)), resolve(path));
  }
});

Deno.test("fileUrl() takes URLs, as text too", () => {
  const href = "https://example.org/m/model.json?v=1";
  assertEquals(fileUrl(href).href, href);
  assertEquals(fileUrl(new URL(href)).href, href);
  assertEquals(fileUrl("file:///x/a%20b").href, "file:///x/a%20b");
});

Deno.test("fileUrl() refuses other sources", () => {
  for (const source of ["", 3, null, undefined, {}]) {
    assertThrows(() => fileUrl(source as never), TypeError, "a path or a URL");
  }
  assertThrows(
    () => fileUrl(new URL("data:application/json,{}")),
    TypeError,
    `current value is "data:application/json,{}"`,
  );
});

Deno.test("fileUrl() refuses a file URL with a percent sign that begins no escape", async () => {
  for (const source of ["file:///m/100%.keras", new URL("file:///%zz")]) {
    const error = assertThrows(() => fileUrl(source), TypeError);
    assertStringIncludes(
      error.message,
      'write "%25" for a percent sign, or pass the path itself',
    );
    await assertRejects(() => loadModel(source), TypeError, "percent signs");
  }
  assertEquals(fileUrl("file:///m/100%25.keras").pathname, "/m/100%25.keras");
  assertEquals(fileUrl("/m/100%.keras").pathname, "/m/100%25.keras");
});

Deno.test("openFile() says what a path is where it is no file", async () => {
  const folder = await Deno.makeTempDir();
  const url = fileUrl(folder);
  await assertRejects(
    () => openFile(url),
    Deno.errors.IsADirectory,
    `Cannot load model as it must be a file: current value is "${folder}"; add the file's name, as in "${folder}/model.json"`,
  );
  await assertRejects(
    () => openFile(fileUrl(`${folder}/no ne`)),
    Deno.errors.NotFound,
    `${folder}/no ne`,
  );
  await Deno.remove(folder);
});

Deno.test("openFile() stops in the middle of a download", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(Uint8Array.of(1));
      resolve();
    },
  });
  const server = Deno.serve(
    { port: 0, onListen: () => {} },
    () => new Response(body),
  );
  const stop = new AbortController();
  const url = new URL(`http://127.0.0.1:${server.addr.port}/x`);
  const reading = openFile(url, { signal: stop.signal });
  await promise;
  stop.abort(new Error("enough"));
  await assertRejects(() => reading, Error, "enough");
  await server.shutdown();
});

Deno.test("openFile() does not begin when it was stopped before", async () => {
  await assertRejects(
    () =>
      openFile(new URL("http://127.0.0.1:1/x"), {
        signal: AbortSignal.abort(),
      }),
    DOMException,
    "Run was stopped while loading http://127.0.0.1:1/x",
  );
});

Deno.test("openFile() reads a file in place, and says what is wrong", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeFile(`${folder}/x`, Uint8Array.of(1, 2, 3));
  const file = await openFile(fileUrl(`${folder}/x`));
  const into = new Uint8Array(2);
  file.read(1, into);
  assertEquals([file.size, ...into], [3, 2, 3]);
  file.close();
  const rejected = [
    [folder, Deno.errors.IsADirectory, "it must be a file"],
    [`${folder}/none`, Deno.errors.NotFound, "the file must be there"],
  ] as const;
  for (const [path, kind, says] of rejected) {
    await assertRejects(() => openFile(fileUrl(path)), kind, says);
  }
  const url = fileUrl(`${folder}/x`);
  await assertRejects(
    () => openFile(url, { signal: AbortSignal.abort() }),
    DOMException,
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("openFile() holds in memory what a server sends", async () => {
  const server = Deno.serve(
    { port: 0, onListen: () => {} },
    () => new Response(Uint8Array.of(7)),
  );
  const url = new URL(`http://127.0.0.1:${server.addr.port}/x`);
  const file = await openFile(url);
  assertEquals([file.name, file.size], [url.href, 1]);
  await server.shutdown();
});

Deno.test({
  name: "openFile() refuses pipes and devices before it opens them",
  ignore: Deno.build.os === "windows",
  async fn() {
    const folder = await Deno.makeTempDir();
    await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
    for (
      const [path, what] of [
        [`${folder}/pipe`, "a pipe"],
        ["/dev/zero", "a device"],
      ] as const
    ) {
      await assertRejects(
        () => openFile(fileUrl(path)),
        ModelFormatError,
        `Cannot load model "${path}" as it must be a file: current value is ${what}`,
      );
      await assertRejects(() => kindOfPath(fileUrl(path)), ModelFormatError);
    }
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  name:
    "loadModel() waits for no pipe: as the model, in its folder, as its weights",
  ignore: Deno.build.os === "windows",
  async fn() {
    const folder = await Deno.makeTempDir();
    const pipe = async (path: string) => {
      await new Deno.Command("mkfifo", { args: [`${folder}/${path}`] })
        .output();
    };
    const text = (path: string, content: string | Uint8Array) =>
      Deno.writeFile(
        `${folder}/${path}`,
        typeof content === "string"
          ? new TextEncoder().encode(content)
          : content,
      );
    await pipe("m.keras");
    await Deno.mkdir(`${folder}/unpacked`);
    await text("unpacked/metadata.json", '{"keras_version": "3.15.0"}');
    await pipe("unpacked/config.json");
    const json = modelJsonOf(modelOf(dense("d", 2, on("x"))))["model.json"]!;
    await text("model.json", json);
    await pipe("weights.bin");
    for (const path of ["m.keras", "unpacked", "model.json"]) {
      await assertRejects(
        () => loadModel(`${folder}/${path}`),
        ModelFormatError,
        "it must be a file: current value is a pipe",
      );
    }
    await Deno.remove(folder, { recursive: true });
  },
});
