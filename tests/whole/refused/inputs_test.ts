/**
 * The 47 kinds of bad input that a loader of models may meet, by number: each
 * with files made for it, and their errors. `lib/models/README.md` lists them
 * all. It is written by `deno run -A tests/support/refused_table.ts`, and must be
 * up to date.
 *
 * @module
 */
import { tf } from "../../../lib/tf.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import {
  onesOf,
  placed,
  REFUSED_INPUTS,
  runOnce,
} from "../../support/refused.ts";
import { refusedTable } from "../../support/refused_table.ts";

await tf.setBackend("cpu");

/** *Cannot do as thing must be rule: current value is value*. */
const HOUSE_FORM =
  /^Cannot load model ".*?" as .+ must .+: current .*?\b(is|are)\b .+/s;

for (const { number, what, refused, opened = [] } of REFUSED_INPUTS) {
  for (const one of refused) {
    Deno.test(`${number}. loadModel() refuses ${what}: ${one.what}`, async () => {
      await using at = await placed(one);
      const before = tf.memory().numTensors;
      let message: string;
      if (one.atRun) {
        await using model = await loadModel(at.path, one.options);
        const error = await assertRejects(() => runOnce(model));
        message = (error as Error).message;
      } else {
        const error = await assertRejects(
          () => loadModel(at.path, one.options),
          ModelFormatError,
        );
        message = error.message;
        assert(HOUSE_FORM.test(message), message);
        assert(message.includes(at.path), message);
        assert(error.source.includes(at.path), error.source);
      }
      const missing = one.says.filter((part) => !message.includes(part));
      assertEquals(missing, [], message);
      assertEquals(tf.memory().numTensors, before);
    });
  }

  for (const one of opened) {
    Deno.test(`${number}. loadModel() opens ${one.what}`, async () => {
      await using at = await placed(one);
      const before = tf.memory().numTensors;
      {
        await using model = await loadModel(at.path, one.options);
        await runOnce(model);
      }
      assertEquals(tf.memory().numTensors, before);
    });
  }
}

Deno.test("the bad inputs are those from 1 to 47, each with a file made for it", () => {
  assertEquals(
    REFUSED_INPUTS.map(({ number }) => number),
    Array.from({ length: 47 }, (_, i) => i + 1),
  );
  for (const { number, refused } of REFUSED_INPUTS) {
    assert(refused.length > 0, `${number}`);
    const names = refused.map(({ what }) => what);
    assertEquals(new Set(names).size, names.length, `${number}: ${names}`);
    assert(refused.every(({ says }) => says.length > 0));
  }
});

Deno.test("lib/models/README.md is what the inputs give", async () => {
  const path = new URL("../../../lib/models/README.md", import.meta.url);
  assertEquals(Deno.readTextFileSync(path), await refusedTable());
});

Deno.test("onesOf() gives a sample of a shape with unknown sizes", () => {
  const { data, shape } = onesOf([null, null, 2]);
  assertEquals([data.length, shape], [2 * 4 * 2, [2, 4, 2]]);
});
