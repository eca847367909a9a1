import { assertEquals, assertRejects } from "@std/assert";
import { ModelFormatError } from "../../lib/errors.ts";
import { readModel } from "../../lib/models/read_model.ts";

const DIGITS = new URL(
  "../../notebooks/models/keras/digits.keras",
  import.meta.url,
);

Deno.test("readModel() tells a model by its content, from a path, a URL, bytes or a Blob", async () => {
  const bytes = await Deno.readFile(DIGITS);
  const path = decodeURIComponent(DIGITS.pathname);
  for (const source of [path, DIGITS, bytes, new Blob([bytes])]) {
    await using model = await readModel(source, {});
    assertEquals(model.format, "keras");
  }
  await assertRejects(
    () => readModel(new TextEncoder().encode("<!doctype html>"), {}),
    ModelFormatError,
  );
});
