import { assert, assertEquals } from "@std/assert";
import {
  DETECTORS,
  FeatureExtractor,
  featureSet,
  fromLayersModel,
  heatMap,
  imageFolder,
  KerasFeatureExtractor,
  loadModel,
  mahalanobis,
  nearest,
  npyFile,
  openFeatures,
  perLayer,
  saveFeatures,
  table,
  tf,
} from "@sonde/sonde";
import { Kernel } from "../support/kernel.ts";
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

let docs: ReturnType<typeof publicDocs> | undefined; // read once

async function documented(...types: string[]): Promise<string[]> {
  const { membersOf } = await (docs ??= publicDocs());
  const names = types.flatMap((type) => membersOf[type] ?? []);
  assert(names.length > 0, types.join());
  return [...new Set(names)].sort();
}

const DIGITS = new URL(
  "../../notebooks/models/keras/digits.keras",
  import.meta.url,
);

/** Members that are not documented in any of the types. */
async function othersIn(value: object, ...types: string[]): Promise<string[]> {
  const names = await documented(...types);
  return membersOf(value).filter((name) => !names.includes(name));
}

const array = (...shape: number[]) => ({
  data: Float32Array.from(
    { length: shape.reduce((a, b) => a * b) },
    (_, i) => Math.sin(i * i),
  ),
  shape,
  dtype: "float32" as const,
});

Deno.test("Tab in a notebook lists the members of an object and of its classes", async () => {
  await using kernel = await Kernel.start(import.meta.dirname!);
  const value =
    'const x = new class { a = 1; #b = 2; [Symbol("c")] = 3; d() {} };';
  await kernel.execute(value);
  const listed = await kernel.complete("x.");
  const always = [
    "constructor",
    ...Object.getOwnPropertyNames(Object.prototype),
  ];
  assertEquals(listed.filter((name) => !always.includes(name)), ["a", "d"]);
});

Deno.test("a model has the members that are documented, and no others", async () => {
  const names = await documented("Model");
  const folder = new URL("../data/", import.meta.url);
  for (
    const url of [
      DIGITS,
      new URL("digits.h5", DIGITS),
      new URL("../digits/model.json", DIGITS),
      new URL("graph_models/mlp/model.json", folder),
      new URL("onnx_models/opset7.onnx", folder),
    ]
  ) {
    await using model = await loadModel(url);
    assertEquals(membersOf(model), names, url.pathname);
    assert(new FeatureExtractor(model).model === model);
  }
  const dense = tf.layers.dense({ units: 2, inputShape: [3] });
  const inMemory = tf.sequential({ layers: [dense] });
  assertEquals(membersOf(fromLayersModel(inMemory)), names);
  assertEquals(membersOf(new FeatureExtractor(inMemory).model), names);
  inMemory.dispose();
});

Deno.test("detectors and scorers have the members that are documented, and no others", async () => {
  const known = featureSet({
    features: [array(20, 2)],
    logits: array(20, 2),
    labels: Int32Array.from({ length: 20 }, (_, i) => i % 2),
  });
  const scorer = await mahalanobis().fit(known);
  assertEquals(membersOf(scorer), await documented("Scorer"));
  const deciding = await scorer.calibrate(known);
  const all = await documented("Scorer", "DecidingScorer");
  assertEquals(membersOf(deciding), all);
  assertEquals(await othersIn(await deciding.decide(known), "Decisions"), []);
  assertEquals(
    await othersIn(await scorer.explain(known, 0), "Explanation"),
    [],
  );
  // Members of scorers exist before a fit, and advise to fit first.
  const unfitted = ["Detector", "FitFreeDetector", "Scorer", "DecidingScorer"];
  for (
    const create of [...Object.values(DETECTORS), () => perLayer(mahalanobis())]
  ) {
    assertEquals(await othersIn(create(), ...unfitted), []);
  }
});

Deno.test("sources, stored features, figures and neighbors have the members that are documented, and no others", async () => {
  const tables = new URL("../data/tables/", import.meta.url);
  const images = new URL("../data/images/", import.meta.url);
  const sources = [
    npyFile(new URL("fortran.npy", tables)),
    table(new URL("flowers.csv", tables)),
    imageFolder([new URL("gamma.png", images).pathname]),
  ];
  for (const source of sources) {
    assertEquals(await othersIn(source, "DataSource", "ImageSource"), []);
  }
  const set = featureSet({ features: [array(4, 2)] });
  assertEquals(
    await othersIn(await nearest(set, set, { neighbors: 2 }), "Neighbors"),
    [],
  );
  assertEquals(await othersIn(heatMap(array(2, 2)), "Figure"), []);
  const folder = await Deno.makeTempDir();
  const path = `${folder}/set.npz`;
  const written = await saveFeatures(set, path);
  assertEquals(await othersIn(written, "Written"), []);
  await using stored = await openFeatures(path);
  assertEquals(await othersIn(stored, "StoredFeatures"), []);
  await Deno.remove(folder, { recursive: true });
});

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
  // Labels and class names are missing if the dataset has none.
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
