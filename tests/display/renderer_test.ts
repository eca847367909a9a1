import { assertEquals } from "@std/assert";
import {
  currentRenderer,
  RENDERERS,
  setRenderer,
} from "../../lib/display/renderer.ts";

Deno.test("setRenderer() holds until it is set again", () => {
  assertEquals(currentRenderer(), "html");
  for (const renderer of RENDERERS) {
    setRenderer(renderer);
    assertEquals(currentRenderer(), renderer);
  }
  setRenderer("html");
});
