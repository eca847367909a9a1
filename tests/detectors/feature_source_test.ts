/** Features of another model or by other settings than those of the fit. */
import { assert, assertRejects } from "@std/assert";
import { deepKnn } from "../../lib/detectors/deep_knn.ts";
import { featureSet, makeFeatureSet } from "../../lib/features/feature_set.ts";
import type { FeatureSet, FeatureSource } from "../../lib/types.ts";
import { blobs } from "../support/detector_sets.ts";

const KNOWN = blobs({ samples: 30 });
const knn = () => deepKnn({ neighbors: 3 });

const SETTINGS = {
  layers: ["conv", "pen"],
  postprocess: [["pool(mean)"], []],
  head: "dense",
  penultimate: true,
};

function sourced(change: object = {}, model = "model a"): FeatureSet {
  const source: FeatureSource = {
    model,
    settings: JSON.stringify({ ...SETTINGS, ...change }),
  };
  return makeFeatureSet({ ...KNOWN, source });
}

Deno.test("features of another model are refused", async () => {
  const scorer = await knn().fit(sourced());
  await assertRejects(
    () => scorer.score(sourced({}, "model b")),
    TypeError,
    'features must be of the model of the fit, "model a": current value is "model b"',
  );
  assert((await scorer.score(KNOWN)).length === 30); // says nothing of its model
});

Deno.test("features by other settings are refused where these matter, but not a perturbation", async () => {
  const knnScorer = await knn().fit(sourced());
  await knnScorer.score(sourced({ perturbation: { epsilon: 0.1 } }));
  await knnScorer.score(sourced({ layers: ["pen"], postprocess: [[]] }));
  // Shaped logits do not matter to what uses the penultimate alone.
  await knnScorer.score(sourced({ shaping: ["react", {}] }));
  await assertRejects(
    () => knnScorer.score(sourced({ input: ["conv"] })),
    TypeError,
    "input of the features must be that of the fit",
  );
  await assertRejects(
    () => knnScorer.score(sourced({ head: "other" })),
    TypeError,
    "head of the features must be that of the fit",
  );
  const layer = (steps: readonly string[]) => {
    const source = {
      model: "m",
      settings: JSON.stringify({ layers: ["pen"], postprocess: [steps] }),
    };
    const features = [KNOWN.penultimate!];
    return featureSet({ features, layerNames: ["pen"], source });
  };
  const scorer = await knn().fit(layer(["pool(mean)"]));
  await assertRejects(
    () => scorer.score(layer(["pool(max)"])),
    TypeError,
    "postprocessing of the features must be that of the fit",
  );
});
