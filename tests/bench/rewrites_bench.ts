/**
 * What a rewrite of recorded graphs saves.
 *
 *     deno run -A tests/bench/rewrites_bench.ts [--quick]
 *
 * Folding scales into kernels (`fold_scales.ts`): the weights are read, the graph
 * is opened and runs one image, with the rewrite and without it. Later runs take
 * the same time, as ONNX Runtime folds what is left.
 *
 * @module
 */
import { loadModel } from "@sonde/sonde";
import type { OnnxGraph } from "../../lib/engines/onnx/graph/onnx_graph.ts";
import { record } from "../../lib/engines/onnx/recording.ts";
import { foldScales } from "../../lib/engines/onnx/rewrites/fold_scales.ts";
import { compile } from "../../lib/extractor/compile.ts";
import { DEFAULTS } from "../../lib/extractor/settings.ts";
import { modelGraphOf } from "../../lib/models/graph/model_graph.ts";
import { seededRandom } from "../../lib/math/seeded_random.ts";
import { openGraph } from "../support/open_graph.ts";
import { saveTo } from "../support/save_model.ts";
import { differenceOf, timePairs } from "./measure.ts";
import { mobileNetV2, resNet50 } from "./models.ts";
import { report, TIMING } from "./report.ts";

const SHAPE = [1, 224, 224, 3];
const image = {
  data: Float32Array.from({ length: 224 * 224 * 3 }, seededRandom(1)),
  shape: SHAPE,
  dtype: "float32",
} as const;

const NETWORKS = { "MobileNetV2": mobileNetV2, "ResNet-50": resNet50 };

for (const [name, make] of Object.entries(NETWORKS)) {
  const folder = await Deno.makeTempDir();
  const network = make();
  await using model = await loadModel(await saveTo(network, folder));
  network.dispose();
  const program = await compile(modelGraphOf(model)!, DEFAULTS);
  const opening = (rewrite: (graph: OnnxGraph) => void) => async () => {
    const recording = record(program);
    if ("obstacle" in recording) throw new Error(recording.obstacle);
    const { graph, outputs } = await recording.filled();
    rewrite(graph);
    graph.dropUnused();
    const open = await openGraph(graph);
    const input = recording.feeds[0]!.name;
    const found = await open.run({
      [input]: { type: "float32", array: image },
    });
    await open.close();
    return found[outputs.values.logits!.name]!.data as Float32Array;
  };
  const [folded, plain] = [opening(foldScales), opening(() => {})];
  const difference = differenceOf(await folded(), await plain());
  report({
    benchmark: "rewrites",
    case: `${name}, opened and run once, with folded scales to without`,
    pairs: await timePairs(folded, plain, TIMING),
    unit: "ms",
    difference,
    threads: 1,
    bound: { most: 1 },
  });
  await Deno.remove(folder, { recursive: true });
}
