import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { Sha256 } from "../../lib/formats/sha256.ts";

Deno.test("Sha256 hashes few and many bytes alike, as they were when they came", async () => {
  for (const size of [0, 1, 2 ** 19, 2 ** 20, 2 ** 20 + 1]) {
    const bytes = new Uint8Array(size).map((_, i) => i * 7);
    const expected = createHash("sha256").update("é").update(bytes)
      .update(bytes).digest("hex");
    const hash = new Sha256().update("é");
    const part = bytes.slice();
    hash.update(part).update(part);
    part.fill(0);
    assertEquals(await hash.digest(), expected);
  }
});
