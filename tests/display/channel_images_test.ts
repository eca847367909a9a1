import { assertEquals } from "@std/assert";
import { channelImages } from "../../lib/display/channel_images.ts";

const MAPS = {
  values: [0, 10, 1, 11, 2, 12, 3, 13], // [2, 2, 2], channels last
  height: 2,
  width: 2,
  depth: 2,
  channels: "last",
} as const;
const OPTIONS = { title: "t", most: 64, hint: "select others" };

Deno.test("channelImages() has one image a channel, and one range for all", () => {
  const spec = channelImages(MAPS, OPTIONS);
  assertEquals(spec.images.map(({ z }) => Array.from(z)), [
    [0, 1, 2, 3],
    [10, 11, 12, 13],
  ]);
  assertEquals([spec.range, spec.scale, spec.notes], [[0, 13], "layer", []]);
  const front = channelImages({ ...MAPS, channels: "first" }, OPTIONS);
  assertEquals(Array.from(front.images[1]!.z), [2, 12, 3, 13]);
});

Deno.test("channelImages() says what it leaves out, unless that was selected", () => {
  const few = channelImages(MAPS, { ...OPTIONS, most: 1, notes: ["a note"] });
  assertEquals(few.notes, ["a note", "1 of 2 channels shown; select others"]);
  const one = channelImages(MAPS, { ...OPTIONS, selected: [1] });
  assertEquals([one.notes, one.images[0]!.caption], [[], "1"]);
  assertEquals(one.range, [0, 13]); // of the layer, not of the selection
});

Deno.test("channelImages() puts zero in the middle where a channel is negative", () => {
  const spec = channelImages(
    { ...MAPS, values: [0, -4, 0, 0, 1, 0, 0, 0] },
    OPTIONS,
  );
  assertEquals([spec.diverging, spec.range], [true, [-4, 4]]);
});
