import { FeatureExtractor, loadModel } from "../../mod.ts";
import { assertAllClose } from "../support/all_close.ts";

// Files and numbers: tests/data/make_subclassed.py.

const FOLDER = new URL("../data/subclassed/", import.meta.url);
const EXPECTED: Readonly<Record<string, { x: number[]; y: number[] }>> = JSON
  .parse(await Deno.readTextFile(new URL("expected.json", FOLDER)));

for (const [name, { x, y }] of Object.entries(EXPECTED)) {
  Deno.test(`loadModel() opens a model that was saved in another form, as an error advises: ${name}`, async () => {
    await using model = await loadModel(new URL(name, FOLDER));
    const extractor = new FeatureExtractor(model).layers([-1]);
    const data = { data: Float32Array.from(x), shape: [2, 4] };
    const set = await extractor.predict(data);
    assertAllClose(set.features[0]!, { data: y, shape: [2, 2] });
  });
}
