import { assert, assertEquals } from "@std/assert";
import {
  FeatureExtractor,
  featureSet,
  KerasFeatureExtractor,
  loadModel,
} from "@sonde/sonde";
import { publicDocs } from "../support/public_docs.ts";

/** What Tab lists of an object in a notebook: its names, and those of its classes. */
function membersOf(value: object): string[] {
  const names = new Set<string>();
  let at: object = value;
  while (at !== Object.prototype && at !== null) {
    for (const name of Object.getOwnPropertyNames(at)) names.add(name);
    at = Object.getPrototypeOf(at);
  }
  names.delete("constructor");
  return [...names].sort();
}

async function documented(...types: string[]): Promise<string[]> {
  const { membersOf } = await publicDocs();
  const names = types.flatMap((type) => membersOf[type] ?? []);
  assert(names.length > 0, types.join());
  return [...new Set(names)].sort();
}

const DIGITS = new URL(
  "../../notebooks/models/keras/digits.keras",
  import.meta.url,
);

Deno.test("an extractor has the members that are documented, and no others", async () => {
  await using model = await loadModel(DIGITS);
  const names = await documented("FeatureExtractor");
  const extractor = new FeatureExtractor(model);
  assertEquals(membersOf(extractor), names);
  assertEquals(membersOf(extractor.layers(-1)), names);
  const seed = await documented("FeatureExtractor", "KerasFeatureExtractor");
  const keras = new KerasFeatureExtractor(model);
  const isStatic = (name: string) => !(name in keras);
  assertEquals(membersOf(keras), seed.filter((name) => !isStatic(name)));
});

Deno.test("a feature set has the members that are documented, and no others", async () => {
  const logits = {
    data: Float32Array.of(1, 2),
    shape: [1, 2],
    dtype: "float32",
  } as const;
  const names = await documented("FeatureSet");
  const made = membersOf(featureSet({ logits }));
  assertEquals(made.filter((name) => !names.includes(name)), []);
  await using model = await loadModel(DIGITS);
  const set = await new FeatureExtractor(model).layers("pool").penultimate()
    .predict({
      data: new Float32Array(784),
      shape: [1, 28, 28, 1],
      dtype: "float32",
    });
  const found = membersOf(set);
  assertEquals(found.filter((name) => !names.includes(name)), []);
  // Labels and names of classes are the dataset's.
  const missing = names.filter((name) => !found.includes(name));
  assertEquals(
    missing.filter((name) => !["labels", "classNames"].includes(name)),
    [],
  );
});

Deno.test("an open extractor and a plan have the members that are documented, and no others", async () => {
  await using model = await loadModel(DIGITS);
  await using open = await new FeatureExtractor(model).open();
  assertEquals(membersOf(open), await documented("OpenExtractor", "Runs"));
  const plan = await documented("Plan");
  assertEquals(membersOf(open.plan).filter((name) => !plan.includes(name)), []);
});
