import { assertThrows } from "@std/assert";
import { loadingPacer } from "../../../lib/models/graph/loading_pacer.ts";

Deno.test("loadingPacer() stops with its signal, and says what was loaded", () => {
  const stop = new AbortController();
  const sources = [
    ["a/b.keras", "while loading a/b.keras"],
    [new URL("file:///a/b.h5"), "while loading file:///a/b.h5"],
    [Uint8Array.of(1), "while loading the model"],
    [new Blob(["x"]), "while loading the model"],
  ] as const;
  const pacers = sources.map(([source, text]) =>
    [loadingPacer(source, stop.signal), text] as const
  );
  for (const [pacer] of pacers) pacer.check();
  stop.abort();
  for (const [pacer, text] of pacers) {
    assertThrows(() => pacer.check(), DOMException, `Run was stopped ${text}`);
  }
  loadingPacer("x", undefined).check();
});
