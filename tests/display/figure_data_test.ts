import { assert, assertEquals } from "@std/assert";
import {
  heatmapData,
  histogramData,
  pointsData,
} from "../../lib/display/figure_data.ts";
import { SPECS } from "./_specs.ts";

Deno.test("histogramData() shows shares when series differ in length", () => {
  const { edges, series, yLabel, notes } = histogramData(SPECS.histogram);
  assertEquals([...edges], [-0.5, 0.5, 1.5, 2.5]);
  assertEquals([...series[0]!.heights], [0.4, 0.4, 0.2]);
  assertEquals([...series[1]!.heights], [0, 1 / 3, 2 / 3]);
  assertEquals(yLabel, "share of the series");
  assertEquals(notes, ['not finite, left out of "<unknown>": 1']);
});

Deno.test("histogramData() counts when all series have as many values", () => {
  const series = [{ name: "a", values: [1, 2] }, { name: "b", values: [2, 2] }];
  const data = histogramData({ ...SPECS.histogram, series });
  assertEquals(data.yLabel, "count");
  assertEquals(data.series.map(({ heights }) => [...heights]), [[1, 1], [
    0,
    2,
  ]]);
  assertEquals(data.notes, []);
});

Deno.test("histogramData() says that nothing is finite", () => {
  const series = [{ name: "a", values: [NaN] }];
  const { notes, edges } = histogramData({ ...SPECS.histogram, series });
  assertEquals(edges.length, 0);
  assertEquals(notes.at(-1), "no finite values");
});

Deno.test("pointsData() keeps few points as they are", () => {
  const { groups, notes } = pointsData(SPECS.scatter);
  assertEquals(groups.map(({ x, y }) => [[...x], [...y]]), [
    [[0, 1], [1, 0]],
    [[0.5], [0.25]],
  ]);
  assertEquals(notes, []);
});

Deno.test("pointsData() thins out many points, keeps the ends, and says so", () => {
  const x = Array.from({ length: 60_000 }, (_, i) => i);
  const { groups, notes } = pointsData({
    ...SPECS.scatter,
    groups: [
      { name: "many", x, y: x, details: x.map((i) => [`id: ${i}`]) },
      { name: "one", x: [5], y: [6] },
      { name: "none", x: [], y: [] },
    ],
  });
  const [many, one, none] = groups;
  assertEquals([many!.x[0], many!.x.at(-1)], [0, 59_999]);
  assert(many!.x.length <= 6000 && many!.x.length > 5900);
  // The hover text of a point stays with it.
  assertEquals(
    many!.details,
    Array.from(many!.x, (value) => [`id: ${value}`]),
  );
  assertEquals([one!.x.length, none!.x.length], [1, 0]);
  assertEquals(notes, [`${many!.x.length + 1} of 60001 points`]);
});

Deno.test("pointsData() leaves out points that are not finite, and says so", () => {
  const { groups, notes } = pointsData({
    ...SPECS.scatter,
    notes: ["first"],
    groups: [{
      name: "a",
      x: [0, NaN, 2],
      y: [0, 1, Infinity],
      images: [7, 8, 9],
    }],
  });
  assertEquals([...groups[0]!.x], [0]);
  assertEquals(groups[0]!.images, [7]);
  assertEquals(notes, ["first", "not finite, left out: 2"]);
});

Deno.test("heatmapData() averages large matrices over blocks, and says so", () => {
  const z = new Float32Array(1000 * 2).fill(3);
  const data = heatmapData({
    ...SPECS.heatmap,
    z,
    height: 1000,
    width: 2,
    yTicks: Array.from({ length: 1000 }, (_, i) => `row ${i}`),
  });
  assertEquals([data.height, data.width], [334, 2]);
  assertEquals(data.notes, ["1000 × 2, each cell the mean of 3 × 1"]);
  assertEquals(data.yTicks?.length, 334);
  assertEquals(data.yTicks?.slice(0, 2), ["row 0", "row 3"]);
  assertEquals(data.xTicks, ["a", "<b>"]);
});

Deno.test("heatmapData() counts cells that are not finite", () => {
  const { notes, range } = heatmapData({ ...SPECS.heatmap, z: [1, NaN, 2, 3] });
  assertEquals(notes, ["not finite: 1"]);
  assertEquals(range, [1, 3]);
});

Deno.test("pointsData() gives the rest of the classes a colour without hue", () => {
  const point = { x: [1], y: [2] };
  const { groups } = pointsData({
    kind: "scatter",
    title: "",
    xLabel: "",
    yLabel: "",
    groups: [
      { name: "0", ...point },
      { name: "9 other classes", ...point, isRest: true },
    ],
  });
  assertEquals(groups[1]!.color, "#c4c4c4");
  assert(groups[0]!.color !== groups[1]!.color);
});
