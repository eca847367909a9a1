import { assertEquals, assertRejects } from "@std/assert";
import { packageFile } from "../../lib/formats/package_file.ts";

Deno.test("packageFile() reads a file of a package in the version of deno.json", async () => {
  await import("dejavu-fonts-ttf/package.json", { with: { type: "json" } });
  const font = await packageFile("dejavu-fonts-ttf", "/ttf/DejaVuSans.ttf");
  assertEquals([...font.subarray(0, 4)], [0, 1, 0, 0]); // TrueType
});

Deno.test("packageFile() rejects when there is no such file", async () => {
  await assertRejects(() => packageFile("dejavu-fonts-ttf", "/ttf/No.ttf"));
});
