import { assertEquals } from "@std/assert";
import { gridOf } from "../../../lib/features/view/image_grid_figure.ts";

Deno.test("gridOf() names images after their ids, without a second line", async () => {
  const xs = {
    data: Uint8Array.of(0, 255),
    shape: [2, 1, 1],
    dtype: "uint8",
  } as const;
  const { images, title } = await gridOf({ title: "t", images: xs, ids: [1] });
  assertEquals(title, "t");
  assertEquals(images.map(({ caption, z }) => [caption, z[0]]), [["1", 255]]);
  assertEquals("detail" in images[0]!, false);
});
