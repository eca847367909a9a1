import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  bytesSource,
  fileSource,
  openBytes,
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

Deno.test("openBytes() opens bytes and blobs", async () => {
  for (
    const [passed, name] of [
      [BYTES, "bytes"],
      [new Blob([BYTES]), "Blob"],
      [new File([BYTES], "a.keras"), "a.keras"],
    ] as const
  ) {
    const source = await openBytes(passed);
    const into = new Uint8Array(BYTES.length);
    source.read(0, into);
    assertEquals([source.name, into], [name, BYTES]);
    source.close();
  }
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => openBytes(BYTES, signal), Error, "enough");
});

Deno.test("fileSource() refuses what is no file, before it opens it", () => {
  for (const path of ["/dev/zero", "/"]) {
    assertThrows(() => fileSource(path), TypeError, "it must be a file");
  }
});
