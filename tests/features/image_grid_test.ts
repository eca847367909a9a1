import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { viewOf } from "../../lib/display/attach_view.ts";
import type { Figure } from "../../lib/display/figure.ts";
import type { FigureBlock, ImagesSpec } from "../../lib/display/view.ts";
import { imageGrid } from "../../lib/features/image_grid.ts";

const DATA = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
const XS = { data: DATA, shape: [3, 2, 2, 1], dtype: "uint8" } as const;
const NAMED = { xs: XS, ids: ["a", "b", "c"] };

async function specOf(figure: Figure): Promise<ImagesSpec> {
  const block = viewOf(figure, {})!.blocks[0] as FigureBlock;
  return await block.figure() as ImagesSpec;
}

Deno.test("imageGrid() draws images by their ids, also one twice", async () => {
  const figure = imageGrid(NAMED, ["c", "a", "c"], { columns: 3, title: "t" });
  const { images, columns, title } = await specOf(figure);
  assertEquals(images.map(({ caption }) => caption), ["c", "a", "c"]);
  assertEquals(images.map(({ z }) => [...Array.from(z)]), [
    [9, 10, 11, 12],
    [1, 2, 3, 4],
    [9, 10, 11, 12],
  ]);
  assertEquals([columns, title], [3, "t"]);
  assertEquals(Deno.inspect(figure), "t\n\n[t: 3 images]");
});

Deno.test("imageGrid() writes captions and details, and takes row numbers", async () => {
  const { images } = await specOf(imageGrid(XS, [1], {
    captions: ["one"],
    details: ["0.5"],
  }));
  assertEquals([images[0]!.caption, images[0]!.detail], ["one", "0.5"]);
  assertEquals((await specOf(imageGrid(XS, []))).images, []);
});

Deno.test("imageGrid() saves", async () => {
  const folder = await Deno.makeTempDir();
  await imageGrid(NAMED, ["b"]).save(`${folder}/b.svg`);
  const svg = await Deno.readTextFile(`${folder}/b.svg`);
  assert(svg.includes(">b</text>"));
  await Deno.remove(folder, { recursive: true });
});

Deno.test("imageGrid() refuses what it cannot draw", async () => {
  const bad = (
    ids: unknown,
    options: object,
    type: typeof TypeError,
    part: string,
  ) =>
    assertThrows(() => imageGrid(NAMED, ids as string[], options), type, part);
  bad(
    "a",
    {},
    TypeError,
    '"ids" must be an array of ids or row numbers: current value is "a"',
  );
  bad([0.5], {}, TypeError, '"ids" must be an array');
  bad(
    ["a"],
    { captions: [] },
    RangeError,
    '"captions" must be as many as the ids, 1: current value is 0',
  );
  bad(
    ["a"],
    { details: [1] },
    TypeError,
    '"details" must be an array of strings',
  );
  bad(["a"], { columns: 0 }, RangeError, '"columns" must be');
  bad(["a"], { columns: 25 }, RangeError, '"columns" must be <= 24');
  bad(["a"], { caption: 1 }, TypeError, '"caption" must be a string');
  bad(["a"], { rows: 1 }, TypeError, '"captions", "details", "columns"');
  assertThrows(
    () => imageGrid("photos" as never, ["a"]),
    TypeError,
    "must be a dataset of images",
  );
  await assertRejects(
    () => specOf(imageGrid(NAMED, ["z"])),
    RangeError,
    "must hold every sample that is shown",
  );
});
