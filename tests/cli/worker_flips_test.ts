/** Streams in which a bit is flipped on the way, bit by bit. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { RUNS_ALL, sampled } from "../support/extent.ts";
import { describedBy, echoed, purposesOf } from "./_flipped_streams.ts";

const STREAMS: Readonly<Record<string, string>> = JSON.parse(
  await Deno.readTextFile(
    new URL("../data/arrow_streams.json", import.meta.url),
  ),
);

/** Bits of a byte, alone, and all of them. */
const MASKS = [1, 2, 4, 8, 16, 32, 64, 128, 255];
/** One of so many bytes in `deno task test`, others for each mask. */
const STEP = 61;

const equal = (a: Uint8Array, b: Uint8Array) =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

for (const name of ["columns", "nested"]) {
  const stream = Uint8Array.fromBase64(STREAMS[name]!);
  const purposes = purposesOf(stream);
  const expected = await echoed(stream);
  const description = describedBy(stream);

  Deno.test(`worker reads "${name}", in which each byte has a purpose`, () => {
    assertEquals(purposes.length, stream.length);
    assert(expected.length > 0);
  });

  /** Flips bits of a byte; what is damaged must be found, or not matter. */
  const check = async (at: number, mask: number) => {
    const purpose = purposes[at]!;
    const what = `bits ${mask} of byte ${at}, ${purpose}`;
    const flipped = stream.slice();
    flipped[at]! ^= mask;
    let found: Uint8Array;
    try {
      found = await echoed(flipped);
    } catch (error) {
      assert(error instanceof Error, what);
      assertMatch(error.message, /^Cannot .* as .*current value is/s, what);
      return;
    }
    assert(purpose !== "frame", what);
    // Values, names and types have no checksum.
    if (purpose === "body" || equal(found, expected)) return;
    assertEquals(purpose, "schema", what);
    assert(describedBy(flipped) !== description, what);
  };

  for (const [i, mask] of MASKS.entries()) {
    Deno.test(`worker finds bits ${mask} flipped in counts and offsets of "${name}", or writes the same`, async () => {
      const bytes = [...stream.keys()].slice(RUNS_ALL ? 0 : i);
      for (const at of sampled(bytes, STEP)) await check(at, mask);
    });
  }
}
