/**
 * Some flipped bytes of real model files; `deno task fuzz:bytes` flips more.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { RUNS_ALL } from "../support/extent.ts";
import { flipBytes } from "../support/flip_bytes.ts";
import {
  FLIP_KINDS,
  flipSubject,
  purposesOf,
} from "../support/flip_subjects.ts";

Deno.test("loadModel() gives an error or the same numbers of files with a flipped byte, save where the byte is a number or an option", async () => {
  const [flips, seed] = RUNS_ALL ? [240, 20] as const : [24, 23] as const;
  const { counts, faults } = await flipBytes(flips, seed);
  assertEquals(faults, []);
  for (const kind of FLIP_KINDS) {
    const { flips, error, same, weight, config } = counts[kind];
    assertEquals([kind, error + same + weight + config], [kind, flips]);
    assert(error > flips / 10, `${error} of ${flips} flips in ${kind}`);
  }
  assertEquals([counts.keras.weight, counts.keras.config], [0, 0]);
});

Deno.test("purposesOf() tells values and description from structure", async () => {
  const subject = flipSubject("h5", "k3_mlp");
  const purposeOf = await purposesOf(subject);
  const bytes = subject.files.get("model.h5")!;
  const counts = { weight: 0, config: 0, structure: 0 };
  let text = "";
  for (const [at, byte] of bytes.entries()) {
    const purpose = purposeOf("model.h5", at);
    counts[purpose]++;
    if (purpose === "config") text += String.fromCharCode(byte);
  }
  assertEquals(JSON.parse(text)["class_name"], "Sequential");
  assertEquals(counts.weight % 4, 0);
  assert(counts.weight > 0 && counts.structure > counts.config);
  assertEquals(purposeOf("model.h5", 0), "structure");
});
