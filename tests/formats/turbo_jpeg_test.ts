/**
 * `fromJpeg()`: the pixels are those of `decodeImage()`'s other way, sharp,
 * which `image_test.ts` compares with Pillow.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import sharp from "sharp";
import { fromJpeg } from "../../lib/formats/_turbo_jpeg.ts";
import { toColors } from "../../lib/formats/pixels.ts";
import { seededRandom } from "../../lib/math/seeded_random.ts";
import { RUNS_ALL } from "../support/extent.ts";

const FOLDER = new URL("../data/images/", import.meta.url);
/** Where the package contains a library for Deno. */
const IS_HERE = Deno.build.os === "linux";

function bytesOf(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(name, FOLDER));
}

/** Pixels by sharp; undefined if it refuses the file. */
async function bySharp(bytes: Uint8Array) {
  try {
    const input = { ignoreIcc: true, failOn: "warning" } as const;
    const { data, info: { height, width, channels } } = await sharp(
      bytes,
      input,
    )
      .raw({}).toBuffer({ resolveWithObject: true });
    return { data: new Uint8Array(data), height, width, channels };
  } catch {
    return undefined;
  }
}

Deno.test({
  name: "fromJpeg() gives the pixels of sharp for each kind of sampling",
  ignore: !IS_HERE,
  async fn() {
    const names = ["rgb", "grey", "sub420", "sub422", "profile", "turned"];
    for (const name of [...names.map((name) => `${name}.jpg`), "restart.JPG"]) {
      const bytes = bytesOf(name);
      const found = await fromJpeg(bytes);
      assert(found !== undefined, name);
      const expected = (await bySharp(bytes))!;
      assertEquals(toColors(found, "rgb"), toColors(expected, "rgb"), name);
    }
  },
});

Deno.test({
  name: "fromJpeg() leaves damaged, cut, huge and CMYK files to sharp",
  ignore: !IS_HERE,
  async fn() {
    const bytes = bytesOf("rgb.jpg");
    const frame = bytes.findIndex((byte, i) =>
      byte === 0xff && bytes[i + 1] === 0xc0
    );
    const huge = bytes.slice();
    huge.set([0xff, 0xdc, 0xff, 0xdc], frame + 5); // 65,500 rows and columns
    const files = {
      cut: bytes.subarray(0, bytes.length - 20),
      empty: bytes.subarray(0, 0),
      huge,
      junk: bytesOf("bad/cut_junk.jpg"),
      cmyk: bytesOf("cmyk.jpg"),
      shared: new Uint8Array(new SharedArrayBuffer(8)),
    };
    for (const [name, file] of Object.entries(files)) {
      assertEquals(await fromJpeg(file), undefined, name);
    }
  },
});

Deno.test({
  name: "fromJpeg() gives nothing but what sharp gives, whatever byte is wrong",
  ignore: !IS_HERE,
  async fn() {
    const random = seededRandom(7);
    const bytes = bytesOf("sub420.jpg");
    let decoded = 0;
    const count = RUNS_ALL ? 300 : 75;
    for (let i = 0; i < count; i++) {
      const changed = bytes.slice();
      const at = 2 + Math.floor(random() * (bytes.length - 2));
      changed[at]! ^= 1 << Math.floor(random() * 8);
      const found = await fromJpeg(changed);
      if (found === undefined) continue;
      decoded++;
      const expected = await bySharp(changed);
      assert(expected !== undefined, `byte ${at}: sharp refuses it`);
      assertEquals(found.data, expected.data, `byte ${at}`);
    }
    assert(decoded > count / 10, `${decoded} of ${count} files were decoded`);
  },
});
