import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, tf } from "@sonde/sonde";
import { fitThreshold } from "../../lib/extractor/fit_threshold.ts";
import { graphOf } from "../support/graph_of.ts";
import { DEFAULTS } from "../../lib/extractor/settings.ts";
import { counted } from "../support/backends.ts";
import { array, filled, free } from "./_models.ts";

const run = { progress: false };

/** A model whose penultimate is its input of two columns. */
function bare(): tf.LayersModel {
  return filled(tf.sequential({
    layers: [
      tf.layers.activation({ activation: "linear", inputShape: [2] }),
      tf.layers.dense({ name: "head", units: 2 }),
    ],
  }));
}

counted(
  "fitThreshold() returns the linear quantile over all samples and units",
  async () => {
    const model = bare();
    const x = {
      data: Float32Array.of(3, 1, 4, 1, 5, 9),
      shape: [3, 2],
      dtype: "float32",
    } as const;
    const graph = graphOf(model);
    // Sorted: 1 1 3 4 5 9. At 0.5 between 3 and 4; at 0.9 half way from 5 to 9.
    for (
      const [quantile, expected] of [[0.5, 3.5], [0.9, 7], [0.2, 1]] as const
    ) {
      const settings = { ...DEFAULTS, batchSize: 2 };
      const options = { quantile, run };
      const found = await fitThreshold(graph, settings, x, options);
      assertAlmostEquals(found, expected, 1e-6);
    }
    free(model);
  },
);

counted(
  "fitReact() goes by the settings, but for layers and shaping",
  async () => {
    const model = bare();
    const x = array([4, 2]);
    const seen: number[] = [];
    const base = new FeatureExtractor(model).layers([0]).react(0.1)
      .postprocess(() => {
        throw new Error("postprocessed");
      }).batch(3);
    const fitted = await base.fitReact(x, {
      ...run,
      quantile: 0.5,
      onProgress: ({ samples }) => seen.push(samples),
    });
    assertEquals(seen, [3, 4]);
    const sorted = x.data.toSorted();
    const middle = (sorted[3]! + sorted[4]!) / 2;
    const shown = /threshold (\S+)/.exec(Deno.inspect(fitted))![1];
    assertAlmostEquals(Number(shown), middle, 1e-6);
    free(model);
  },
);

counted("fitReact() names the row whose penultimate is NaN", async () => {
  const model = bare();
  const x = array([5, 2]);
  x.data[7] = NaN;
  await assertRejects(
    () => new FeatureExtractor(model).batch(2).fitReact(x, run),
    RangeError,
    "Cannot fit react as the penultimate must hold numbers, in row 3 too: current value is NaN; leave that sample out",
  );
  free(model);
});
