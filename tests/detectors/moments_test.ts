import { assert, assertEquals } from "@std/assert";
import {
  fitGaussians,
  openGaussians,
} from "../../lib/detectors/class_gaussians.ts";
import type { KnownSamples } from "../../lib/detectors/definition.ts";
import {
  measureMeans,
  measureMoments,
  scatterAround,
} from "../../lib/detectors/moments.ts";
import { fitSubspace } from "../../lib/detectors/subspace.ts";
import { Pacer } from "../../lib/formats/pacer.ts";
import { assertAllClose } from "../support/all_close.ts";
import { normals } from "../support/detector_sets.ts";

const pacer = new Pacer();

/** Samples in blocks of some rows. */
function known(
  data: Float32Array,
  columns: number,
  labels: Int32Array,
  step: number,
): KnownSamples {
  return {
    pacer,
    action: "fit test()",
    head: () => Promise.reject(new Error("there is none")),
    async *blocks() {
      for (let start = 0; start < labels.length; start += step) {
        await Promise.resolve();
        const part = data.subarray(start * columns, (start + step) * columns);
        const rows = part.length / columns;
        yield {
          rows,
          firstRow: start,
          features: { data: part, rows, columns },
          labels: labels.subarray(start, start + rows),
        } as never;
      }
    },
  };
}

const byLabel = ({ labels }: { labels: Int32Array }) => labels;

Deno.test("measureMoments() computes means by class and the scatter around them", async () => {
  const data = Float32Array.of(1, 0, 3, 0, 2, 4, 2, 8, 9, 9);
  const labels = Int32Array.of(7, 7, 2, 2, -1);
  for (const step of [1, 2, 5]) {
    const moments = await measureMoments(known(data, 2, labels, step), {
      classOf: byLabel,
    });
    assertEquals([...moments.classes], [2, 7]);
    assertEquals([...moments.counts], [2, 2]);
    assertEquals([...moments.means], [2, 6, 2, 0]);
    assertEquals([...moments.mean], [2, 3]);
    assertAllClose(moments.within, [2, 0, 0, 8], { rtol: 1e-14, atol: 1e-14 });
    const scatter = await scatterAround(moments, moments.mean, {});
    assertAllClose(scatter, [2, 0, 0, 44], { rtol: 1e-14, atol: 1e-14 });
    const means = await measureMeans(known(data, 2, labels, step), {
      classOf: byLabel,
    });
    assertEquals(means.means, moments.means);
  }
});

Deno.test("measureMoments() loses nothing far from 0, however samples are cut", async () => {
  const [rows, columns] = [400, 5];
  const data = Float32Array.from(normals(rows * columns, 1), (x) => x + 1e4);
  const labels = new Int32Array(rows);
  // Two passes in float64 on the same float32 values.
  const mean = new Float64Array(columns);
  data.forEach((x, i) => mean[i % columns]! += (x - 1e4) / rows);
  const expected = new Float64Array(columns * columns);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < columns; i++) {
      for (let j = 0; j < columns; j++) {
        expected[i * columns + j]! +=
          (data[row * columns + i]! - 1e4 - mean[i]!) *
          (data[row * columns + j]! - 1e4 - mean[j]!);
      }
    }
  }
  for (const step of [1, 37, 400]) {
    const { within } = await measureMoments(known(data, columns, labels, step));
    assertAllClose(within, expected, { rtol: 1e-11, atol: 1e-9 });
  }
});

Deno.test("fitGaussians() makes covariances the identity", async () => {
  const labels = Int32Array.from({ length: 60 }, (_, i) => i % 2);
  const data = Float32Array.from(normals(180, 2), (x, i) => x * (1 + i % 3));
  const samples = known(data, 3, labels, 60);
  const moments = await measureMoments(samples, { classOf: byLabel });
  const state = await fitGaussians(moments, samples);
  const context = { pacer, samples: 60 };
  const { nearest, close } = await openGaussians(state, context);
  const all = { data, rows: 60, columns: 3 };
  const { distances, indices } = await nearest(all);
  await close();
  // The sum of the squared distances from the own class is N · D.
  let own = 0;
  indices.forEach((c, i) => {
    if (c === labels[i]) own += distances[i]!;
  });
  assert(own <= 180 + 1e-9);
  assertEquals(state.whitening!.shape, [3, 3]);
});

Deno.test("fitSubspace() finds the directions of little spread", async () => {
  const data = Float32Array.of(5, 0, 1, -5, 0, -1, 0, 3, 0, 0, -3, 0);
  const samples = known(data, 3, new Int32Array(4), 4);
  const settings = { dims: 2, origin: "mean" } as const;
  const { origin, residual, width } = await fitSubspace(samples, settings);
  assertEquals([...origin], [0, 0, 0]);
  assertEquals(width, 1);
  const length = Math.sqrt(26); // of (1, 0, -5)
  const sign = Math.sign(residual[2]!);
  assertAllClose(residual, [-sign / length, 0, 5 * sign / length], {
    rtol: 1e-12,
    atol: 1e-12,
  });
});
