import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  bytesSource,
  fileSource,
  openSource,
  partSource,
} from "../../lib/formats/byte_source.ts";

const BYTES = Uint8Array.of(1, 2, 3, 4, 5);

function read(
  source: { read(position: number, into: Uint8Array): void },
  position: number,
  length: number,
): number[] {
  const into = new Uint8Array(length);
  source.read(position, into);
  return [...into];
}

Deno.test("bytesSource() reads anywhere and refuses what is outside", () => {
  const source = bytesSource(BYTES, "five");
  assertEquals(read(source, 1, 3), [2, 3, 4]);
  assertEquals(read(source, 5, 0), []);
  assertThrows(() => read(source, 3, 3), RangeError, '"five"');
  assertThrows(() => read(source, -1, 1), RangeError);
  assertThrows(() => read(source, 0.5, 1), RangeError);
});

Deno.test("fileSource() reads a file in place, and closes it", () => {
  const path = Deno.makeTempFileSync();
  Deno.writeFileSync(path, BYTES);
  const source = fileSource(path);
  assertEquals(source.size, 5);
  assertEquals(read(source, 3, 2), [4, 5]);
  assertEquals(read(source, 0, 2), [1, 2]);
  Deno.truncateSync(path, 2);
  assertThrows(() => read(source, 1, 3), RangeError, "is it cut?");
  source.close();
  source.close();
  assertThrows(() => read(source, 0, 1), Error);
  Deno.removeSync(path);
});

Deno.test("partSource() sees a part, and no more", () => {
  const whole = bytesSource(BYTES, "five");
  const part = partSource(whole, 1, 3, "part");
  assertEquals([part.size, ...read(part, 1, 2)], [3, 3, 4]);
  assertThrows(() => read(part, 2, 2), RangeError, '"part"');
  assertThrows(() => partSource(whole, 3, 3, "part"), RangeError, '"five"');
});

Deno.test("openSource() opens paths, URLs, bytes and blobs", async () => {
  const path = Deno.makeTempFileSync();
  Deno.writeFileSync(path, BYTES);
  const sources = [
    path,
    new URL(`file://${path}`),
    `file://${path}`,
    BYTES,
    new Blob([BYTES]),
    "data:application/octet-stream;base64,AQIDBAU=",
  ];
  for (const given of sources) {
    const source = await openSource(given);
    assertEquals(read(source, 0, 5), [1, 2, 3, 4, 5]);
    source.close();
  }
  Deno.removeSync(path);
});

Deno.test("openSource() fetches over HTTP, and says when the server has nothing", async () => {
  const server = Deno.serve(
    { port: 0, onListen() {} },
    (request) =>
      request.url.endsWith("/model")
        ? new Response(BYTES)
        : new Response("none", { status: 404 }),
  );
  const base = `http://localhost:${server.addr.port}`;
  const source = await openSource(`${base}/model`);
  assertEquals([source.name, source.size], [`${base}/model`, 5]);
  await assertRejects(() => openSource(`${base}/other`), TypeError, "404");
  await server.shutdown();
});

Deno.test("openSource() refuses other values and aborted signals", async () => {
  // @ts-expect-error: a number is no source.
  await assertRejects(() => openSource(3), TypeError, "path, URL");
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => openSource(BYTES, signal), Error, "enough");
});
