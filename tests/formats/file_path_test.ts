import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  checkTarget,
  isWithin,
  pathOfUrl,
  writeFile,
} from "../../lib/formats/file_path.ts";

Deno.test("pathOfUrl() decodes, and refuses what is no escape", () => {
  assertEquals(pathOfUrl(new URL("file:///a%20b/%25"), "read"), "/a b/%");
  assertThrows(
    () => pathOfUrl(new URL("file:///a%zz"), "read"),
    TypeError,
    'Cannot read as the percent signs of its URL must begin escapes: current value is "file:///a%zz"; write "%25"',
  );
});

Deno.test("isWithin() compares whole names", () => {
  const inside = ["/a/b", "/a/b/c", "/a/b/c/d"];
  const outside = ["/a", "/a/bc", "/a/b\\c", "/"];
  for (const path of inside) assertEquals(isWithin(path, "/a/b"), true, path);
  for (const path of outside) assertEquals(isWithin(path, "/a/b"), false, path);
  assertEquals(isWithin("/a", "/"), true);
});

Deno.test("checkTarget() takes paths and file URLs", () => {
  assertEquals(checkTarget("a/b", "write"), "a/b");
  assertEquals(checkTarget(new URL("file:///a%20b"), "write"), "/a b");
  for (const wrong of ["", 3, null, new URL("https://a.b/c")]) {
    assertThrows(() => checkTarget(wrong as string, "write"), TypeError);
  }
});

Deno.test("writeFile() replaces a file, and needs its folder", async () => {
  const folder = await Deno.makeTempDir();
  await writeFile(`${folder}/x`, Uint8Array.of(1, 2), "write");
  await writeFile(new URL(`file://${folder}/x`), Uint8Array.of(3), "write");
  assertEquals([...await Deno.readFile(`${folder}/x`)], [3]);
  await assertRejects(
    () => writeFile(`${folder}/no/x`, Uint8Array.of(1), "write"),
    Deno.errors.NotFound,
    "its folder must be there",
  );
  await Deno.remove(folder, { recursive: true });
});
