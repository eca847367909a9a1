import { tf } from "../../lib/tf.ts";
import { assert, assertEquals } from "@std/assert";
import { bytesSource } from "../../lib/formats/byte_source.ts";
import { ZipArchive } from "../../lib/formats/zip.ts";
import { RUNS_ALL, sampled } from "../support/extent.ts";
import { type FuzzCase, fuzzResult } from "../support/fuzz_cases.ts";
import { OUR_ENGINES } from "../support/open_on.ts";

// Models drawn by tests/data/fuzz_layers.py with the real Keras, one of each
// kind, packed by `deno task fuzz:layers <folder> --keep=<this file>`.

await tf.setBackend("cpu");

const PACK = new URL("../data/fuzz_layers.zip", import.meta.url);
const ARCHIVE = new ZipArchive(
  bytesSource(await Deno.readFile(PACK), PACK.href),
);
const CASES = new TextDecoder().decode(ARCHIVE.bytes("cases.jsonl")).split("\n")
  .map((line) => JSON.parse(line) as FuzzCase);

for (const [i, engine] of OUR_ENGINES.entries()) {
  Deno.test(`loadModel() gives what Keras gives for what was drawn (${engine})`, async () => {
    const { numTensors } = tf.memory();
    const wrong: string[] = [];
    for (const each of sampled(CASES.toSpliced(0, RUNS_ALL ? 0 : 5 * i), 15)) {
      const result = await fuzzResult(each, ARCHIVE.bytes(each.file), engine);
      if (result.outcome === "right") continue;
      wrong.push(`${each.file}: ${result.outcome}, ${result.text}`);
    }
    assertEquals(wrong, []);
    assertEquals(tf.memory().numTensors, numTensors);
  });
}

Deno.test("the drawn models are all here", () => {
  assert(CASES.length >= 300, `${CASES.length}`);
  assertEquals(new Set(CASES.map(({ file }) => file)).size, CASES.length);
});
