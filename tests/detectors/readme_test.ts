/**
 * Holds the first tables of `lib/detectors/README.md` to the detectors: which
 * there are, and what they need.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import * as sonde from "@sonde/sonde";
import { type Detector, DETECTORS, type FeatureSet } from "@sonde/sonde";
import { fromSafetensors } from "../../lib/formats/safetensors.ts";
import { blobs } from "../support/detector_sets.ts";
import { codesOf, markdownRows } from "../support/markdown_rows.ts";

const README = markdownRows(
  Deno.readTextFileSync(
    new URL("../../lib/detectors/README.md", import.meta.url),
  ),
);
const ROWS = README.filter(({ section, cells }) =>
  section === "All detectors" && cells.length === 5
).map(({ cells: [name, scores, needs, defaults] }) => ({
  name: codesOf(name!)[0]!,
  scores: scores!,
  needs: needs!,
  defaults: defaults!,
}));
const SETTINGS: Readonly<Record<string, Record<string, unknown>>> = {
  deepKnn: { neighbors: 5 },
};
const KNOWN = blobs({ samples: 75 });

function create(name: string): Detector {
  const factory = DETECTORS[name as keyof typeof DETECTORS] as (
    options?: object,
  ) => Detector;
  return factory(SETTINGS[name]);
}

/** The set without some of its arrays. */
function without(...names: string[]): FeatureSet {
  const { penultimate, logits, labels, head, activation } = KNOWN;
  const arrays = { penultimate, logits, labels, head, activation };
  const kept = Object.entries(arrays).filter(([key]) => !names.includes(key));
  return sonde.featureSet(Object.fromEntries(kept));
}

Deno.test("lib/detectors/README.md lists every detector, once", () => {
  assertEquals(
    ROWS.map(({ name }) => name).sort(),
    Object.keys(DETECTORS).sort(),
  );
});

for (const { name, scores, needs } of ROWS) {
  const needsPenultimate = /penultimate|layer/;
  Deno.test(`${name}() needs the parts listed in lib/detectors/README.md`, async () => {
    const fits = (set: FeatureSet) => create(name).fit(set);
    const hasFit = needs !== "no fit";
    assertEquals("score" in create(name) && !hasFit, !hasFit);
    const used = hasFit ? `${needs}, ${scores}` : scores;
    const spare = ["labels", "head", "logits"].filter((part) =>
      !used.includes(part)
    );
    if (!needsPenultimate.test(used)) spare.push("penultimate", "head");
    const scorer = await fits(without(...spare));
    assertEquals((await scorer.score(without(...spare))).length, 75);
    for (const part of ["labels", "head"]) {
      if (needs.includes(part)) {
        await assertRejects(() => fits(without(part)), TypeError, part);
      }
    }
    for (const part of ["logits", "penultimate"]) {
      if (scores.includes(part)) {
        await assertRejects(() => scorer.score(without(part)), TypeError);
      }
    }
  });
}

/** The settings in the file of a scorer. */
async function savedSettings(name: string): Promise<Record<string, unknown>> {
  const scorer = await create(name).fit(KNOWN);
  const file = await Deno.makeTempFile({ suffix: ".safetensors" });
  try {
    await scorer.save(file);
    const { metadata } = fromSafetensors(await Deno.readFile(file), name);
    return JSON.parse(metadata["sonde.scorer"]!).settings;
  } finally {
    await Deno.remove(file);
  }
}

for (const { name, defaults } of ROWS) {
  const codes = codesOf(defaults).map((code) => code.split(": "))
    .filter(([option, value]) =>
      value !== undefined && SETTINGS[name]?.[option!] === undefined
    );
  if (codes.length === 0) continue;
  Deno.test(`${name}() has the defaults listed in lib/detectors/README.md`, async () => {
    const saved = await savedSettings(name);
    for (const [option, text] of codes) {
      assertEquals(
        saved[option!],
        JSON.parse(text!.replaceAll("_", "")),
        option,
      );
    }
  });
}

Deno.test("lib/detectors/README.md names what is exported beside the names of oodeel", () => {
  const rows = README.filter(({ section }) => section === "Names in oodeel");
  assert(rows.length > 10);
  for (const { cells: [, ours] } of rows) {
    const [first] = codesOf(ours!);
    const [name, member] = first!.split(".");
    const found = (sonde as Record<string, unknown>)[name!];
    assertEquals(typeof found, "function", first);
    if (member !== undefined) {
      const { prototype } = found as { readonly prototype: object };
      assert(member in prototype, first);
    }
  }
});
