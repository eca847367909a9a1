import { assertEquals, assertThrows } from "@std/assert";
import { crc32, inflateSync } from "node:zlib";
import sharp from "sharp";
import { seededRandom } from "../../lib/math/seeded_random.ts";
import { toPng } from "../../lib/formats/png.ts";

/** Takes a PNG file apart by the specification, checking every checksum. */
function chunks(bytes: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  assertEquals([...bytes.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
  const found = new Map<string, Uint8Array>();
  for (let at = 8; at < bytes.length;) {
    const length = view.getUint32(at);
    const name = new TextDecoder().decode(bytes.subarray(at + 4, at + 8));
    const sum = crc32(bytes.subarray(at + 4, at + 8 + length));
    assertEquals(view.getUint32(at + 8 + length), sum);
    found.set(name, bytes.slice(at + 8, at + 8 + length));
    at += 12 + length;
  }
  return found;
}

Deno.test("toPng() writes grey pixels when there is one byte a pixel", () => {
  const data = Uint8Array.of(0, 50, 100, 150, 200, 255);
  const parts = chunks(toPng({ width: 3, height: 2, data }));
  assertEquals([...parts.keys()], ["IHDR", "IDAT", "IEND"]);
  assertEquals([...parts.get("IHDR")!], [
    ...[0, 0, 0, 3, 0, 0, 0, 2],
    ...[8, 0, 0, 0, 0],
  ]);
  assertEquals([...inflateSync(parts.get("IDAT")!)], [
    ...[0, 0, 50, 100],
    ...[0, 150, 200, 255],
  ]);
});

Deno.test("toPng() writes RGB pixels when there are three bytes a pixel", () => {
  const data = Uint8Array.of(1, 2, 3, 4, 5, 6);
  const parts = chunks(toPng({ width: 1, height: 2, data }));
  assertEquals(parts.get("IHDR")![9], 2);
  // The second row is 3 more than the one above: filter 2.
  assertEquals([...inflateSync(parts.get("IDAT")!)], [
    ...[0, 1, 2, 3],
    ...[2, 3, 3, 3],
  ]);
});

Deno.test("toPng() writes indices when there is a palette", () => {
  const palette = Uint8Array.of(255, 0, 0, 0, 0, 255);
  const data = Uint8Array.of(0, 1);
  const parts = chunks(toPng({ width: 2, height: 1, data, palette }));
  assertEquals([...parts.keys()], ["IHDR", "PLTE", "IDAT", "IEND"]);
  assertEquals(parts.get("IHDR")![9], 3);
  assertEquals([...parts.get("PLTE")!], [...palette]);
  assertEquals([...inflateSync(parts.get("IDAT")!)], [0, 0, 1]);
});

Deno.test("toPng() refuses data that does not fit the sizes", () => {
  const data = new Uint8Array(5);
  assertThrows(
    () => toPng({ width: 2, height: 2, data }),
    RangeError,
    'Cannot encode PNG as "data" must hold 4 grey or 12 RGB bytes: current value is 5',
  );
  assertThrows(
    () => toPng({ width: 0, height: 2, data: new Uint8Array(0) }),
    RangeError,
    '"width" must be a positive integer',
  );
});

Deno.test("toPng() refuses an index that the palette does not have", () => {
  const palette = new Uint8Array(6);
  assertThrows(
    () => toPng({ width: 1, height: 1, data: Uint8Array.of(2), palette }),
    RangeError,
    "indices must be below the 2 colours: current value is 2",
  );
  assertThrows(
    () =>
      toPng({
        width: 1,
        height: 1,
        data: new Uint8Array(1),
        palette: new Uint8Array(4),
      }),
    RangeError,
    '"palette" must hold 1 to 256 colours',
  );
});

Deno.test("toPng() makes one colour of the palette transparent", () => {
  const palette = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
  const data = Uint8Array.of(0, 1);
  const png = toPng({ width: 2, height: 1, data, palette, transparent: 1 });
  const found = chunks(png);
  assertEquals([...found.keys()].slice(1, 4), ["PLTE", "tRNS", "IDAT"]);
  assertEquals([...found.get("tRNS")!], [255, 0]);
});

Deno.test("toPng() filters rows of RGB so that decoders give the pixels back", async () => {
  const [width, height] = [37, 29];
  const random = seededRandom(3);
  const draw: Readonly<Record<string, (x: number, y: number) => number>> = {
    noise: () => 256 * random(),
    "a gradient": (x, y) => 3 * x + 4 * y,
    stripes: (x) => x % 2 * 200,
    bands: (_, y) => y % 3 * 90,
  };
  const filters = new Set<number>();
  for (const [name, value] of Object.entries(draw)) {
    const data = Uint8Array.from(
      { length: width * height * 3 },
      (_, i) => value(Math.floor(i / 3) % width + i % 3, Math.floor(i / 111)),
    );
    const png = toPng({ width, height, data });
    const rows = inflateSync(chunks(png).get("IDAT")!);
    for (let row = 0; row < height; row++) filters.add(rows[row * 112]!);
    const decoded = await sharp(png).raw().toBuffer();
    assertEquals([...decoded], [...data], name);
  }
  assertEquals([...filters].sort(), [0, 1, 2, 4]);
});
