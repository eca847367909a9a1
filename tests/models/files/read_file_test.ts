import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  fileUrl,
  openFile,
  readFile,
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

Deno.test("readFile() says what a path is where it is no file", async () => {
  const folder = await Deno.makeTempDir();
  const url = fileUrl(folder);
  await assertRejects(
    () => readFile(url),
    Deno.errors.IsADirectory,
    `Cannot load model as it must be a file: current value is "${folder}"; add the file's name, as in "${folder}/model.json"`,
  );
  await assertRejects(
    () => readFile(fileUrl(`${folder}/no ne`)),
    Deno.errors.NotFound,
    `${folder}/no ne`,
  );
  await Deno.remove(folder);
});

Deno.test("readFile() stops in the middle of a download", async () => {
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
  const reading = readFile(url, stop.signal);
  await promise;
  stop.abort(new Error("enough"));
  await assertRejects(() => reading, Error, "enough");
  await server.shutdown();
});

Deno.test("readFile() does not begin when it was stopped before", async () => {
  await assertRejects(
    () => readFile(new URL("http://127.0.0.1:1/x"), AbortSignal.abort()),
    DOMException,
    "Run was stopped while loading http://127.0.0.1:1/x",
  );
});

Deno.test("openFile() reads a file in place, and words what is wrong as readFile() does", async () => {
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
  await assertRejects(() => openFile(url, AbortSignal.abort()), DOMException);
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
