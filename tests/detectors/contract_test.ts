/**
 * What holds for every detector of the family.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { DETECTORS } from "../../lib/detectors/detectors.ts";
import { loadScorer } from "../../lib/detectors/load_scorer.ts";
import type { Detector, FeatureSet, Scorer } from "../../lib/types.ts";
import { assertAllClose } from "../support/all_close.ts";
import { blobs, shuffled, streamOf } from "../support/detector_sets.ts";

const KNOWN = blobs({ samples: 75 });
const HELD_OUT = blobs({ samples: 30, seed: 2 });
const UNKNOWN = blobs({ samples: 24, seed: 3, unknown: true });
const OTHER = blobs({ samples: 60, seed: 4 });
const CLOSE = { rtol: 1e-9, atol: 1e-12 };

/** Settings that suit so few samples and units. */
const SETTINGS: Readonly<Record<string, object>> = {
  deepKnn: { neighbors: 10 },
  dice: { percentile: 0.5 },
  openMax: { tail: 4 }, // the default is most of the 25 samples of a class
};

/** Every array of a set, to see whether it changed. */
function snapshot(set: FeatureSet): string {
  const { features, penultimate, logits, labels, head, ids } = set;
  return JSON.stringify([features, penultimate, logits, labels, head, ids]);
}

async function saved(scorer: Scorer): Promise<Uint8Array> {
  const file = await Deno.makeTempFile({ suffix: ".safetensors" });
  try {
    await scorer.save(file);
    return await Deno.readFile(file);
  } finally {
    await Deno.remove(file);
  }
}

for (const [name, factory] of Object.entries(DETECTORS)) {
  const create = () =>
    (factory as (options?: object) => Detector)(SETTINGS[name]);

  Deno.test(`${name}() returns one finite score per sample, higher for unknown ones`, async () => {
    assertEquals(create().name, name);
    const scorer = await create().fit(KNOWN);
    assertEquals(scorer.name, name);
    const known = await scorer.score(HELD_OUT);
    const unknown = await scorer.score(UNKNOWN);
    assertEquals([known.length, unknown.length], [30, 24]);
    assert([...known, ...unknown].every(Number.isFinite));
    let wins = 0;
    for (const low of known) {
      for (const high of unknown) {
        wins += high > low ? 1 : high === low ? 0.5 : 0;
      }
    }
    const auroc = wins / (30 * 24);
    assert(auroc > 0.9, `its AUROC is ${auroc}`);
  });

  Deno.test(`${name}() scores a sample equally alone, in a batch, in any order and in a stream`, async () => {
    const scorer = await create().fit(KNOWN);
    const whole = await scorer.score(UNKNOWN);
    for (const row of [0, 7, 23]) {
      const alone = await scorer.score(UNKNOWN.select([row]));
      assertAllClose(alone, [whole[row]!], CLOSE);
    }
    const order = shuffled(24, 5);
    const other = await scorer.score(UNKNOWN.select(order));
    assertAllClose(other, order.map((row) => whole[row]!), CLOSE);
    assertAllClose(await scorer.score(streamOf(UNKNOWN, 5)), whole, CLOSE);
  });

  Deno.test(`${name}() is fitted equally on a set, a stream and another order`, async () => {
    const before = snapshot(KNOWN);
    const detector = create();
    const scorer = await detector.fit(KNOWN);
    const expected = await scorer.score(UNKNOWN);
    const order = shuffled(75, 6);
    // The same detector is fitted again: the first scorer must not change.
    for (
      const known of [
        KNOWN,
        streamOf(KNOWN, 1),
        streamOf(KNOWN, 32),
        KNOWN.select(order),
        streamOf(KNOWN.select(order), 11),
      ]
    ) {
      const again = await detector.fit(known);
      assertAllClose(await again.score(UNKNOWN), expected, CLOSE);
    }
    await detector.fit(OTHER);
    assertEquals(await scorer.score(UNKNOWN), expected);
    assertEquals(snapshot(KNOWN), before);
  });

  Deno.test(`${name}() has equal scores and decisions after it was saved and loaded`, async () => {
    const scorer = await create().fit(KNOWN);
    const loaded = await loadScorer(await saved(scorer));
    assertEquals(await loaded.score(UNKNOWN), await scorer.score(UNKNOWN));
    assertEquals("decide" in loaded || "decide" in scorer, false);
    const deciding = await scorer.calibrate(HELD_OUT, { tpr: 0.9 });
    const again = await loadScorer(await saved(deciding));
    assert("decide" in again);
    const decisions = await deciding.decide(UNKNOWN);
    assertEquals(await again.decide(UNKNOWN), decisions);
    assertEquals(again.threshold, deciding.threshold);
    decisions.pValues.forEach((p, i) =>
      assertEquals(decisions.unknown[i] === 1, p <= 1 - 0.9)
    );
  });

  Deno.test(`${name}() explains the score of a sample`, async () => {
    const scorer = await create().fit(KNOWN);
    const [score] = await scorer.score(UNKNOWN.select([3]));
    const explanation = await scorer.explain(UNKNOWN, 3);
    assertAllClose([explanation.score], [score!], CLOSE);
    assertEquals(explanation.id, 3);
    const { class: label, neighbors, terms } = explanation;
    assert((label ?? neighbors ?? terms) !== undefined, "no cause");
    await assertRejects(() => scorer.explain(UNKNOWN, 24), RangeError, "24");
  });

  Deno.test(`${name}() refuses promises, empty sets, no set at all and an abort`, async () => {
    const scorer = await create().fit(KNOWN);
    const late = Promise.resolve(KNOWN) as never;
    await assertRejects(() => create().fit(late), TypeError, "await");
    await assertRejects(() => scorer.score(late), TypeError, "await");
    await assertRejects(() => scorer.calibrate(late), TypeError, "await");
    const empty = KNOWN.select([]);
    await assertRejects(() => scorer.score(empty), RangeError, "at least one");
    const none = undefined as never;
    await assertRejects(() => scorer.score(none), TypeError, "feature set");
    const signal = AbortSignal.abort();
    await assertRejects(
      () => scorer.score(KNOWN, { signal }),
      DOMException,
      "stopped",
    );
  });
}
