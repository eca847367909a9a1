import { assertEquals } from "@std/assert";
import { accuracy } from "../../lib/metrics/accuracy.ts";
import { aupr } from "../../lib/metrics/aupr.ts";
import { auroc } from "../../lib/metrics/auroc.ts";
import { calibrationError } from "../../lib/metrics/calibration_error.ts";
import { featureSet } from "../../lib/features/feature_set.ts";
import { detectionError } from "../../lib/metrics/detection_error.ts";
import { fprAtTpr } from "../../lib/metrics/fpr_at_tpr.ts";
import { oodMetrics } from "../../lib/metrics/ood_metrics.ts";
import { prCurve } from "../../lib/metrics/pr_curve.ts";
import { rocCurve } from "../../lib/metrics/roc_curve.ts";
import { assertAllClose } from "../support/all_close.ts";

type Name = "auroc" | "auprIn" | "auprOut" | "fpr95" | "detectionError";
type Curve = readonly (readonly number[])[];

interface Case {
  readonly name: string;
  readonly known: readonly number[];
  readonly unknown: readonly number[];
  readonly metrics: Readonly<Record<Name, number>>;
  readonly fpr: readonly number[];
  readonly fprKnown: readonly number[];
  readonly roc: Curve;
  readonly rocKnown: Curve;
  readonly pr: Curve;
  readonly prKnown: Curve;
  readonly confidence?: number;
  readonly deLong?: readonly number[];
  readonly bootstrap?: Readonly<Record<Name, readonly number[]>>;
}

interface ClassCase {
  readonly name: string;
  readonly activation: "softmax" | "sigmoid";
  readonly logits: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly accuracy: number;
  readonly calibrationError: Readonly<Record<string, number>>;
}

const FILE = new URL("../data/metric_cases.json", import.meta.url);
const { cases, classes, rates, seed }: {
  readonly cases: readonly Case[];
  readonly classes: readonly ClassCase[];
  readonly rates: readonly number[];
  readonly seed: number;
} = JSON.parse(await Deno.readTextFile(FILE));
const EXACT = { rtol: 0, atol: 1e-12 };
const KNOWN = { positive: "known" } as const;

for (const { name, known, unknown, metrics, ...expected } of cases) {
  Deno.test(`auroc(), aupr(), fprAtTpr() and detectionError() equal scikit-learn's: ${name}`, () => {
    const frozen = [Object.freeze([...known]), Object.freeze([...unknown])];
    const [a, b] = frozen as [readonly number[], readonly number[]];
    assertAllClose([
      auroc(a, b),
      aupr(a, b, KNOWN),
      aupr(a, b),
      fprAtTpr(a, b),
      detectionError(a, b),
    ], [
      metrics.auroc,
      metrics.auprIn,
      metrics.auprOut,
      metrics.fpr95,
      metrics.detectionError,
    ], EXACT);
    const at = (side: object) =>
      rates.map((tpr) => fprAtTpr(a, b, { ...side, tpr }));
    assertAllClose(at({}), expected.fpr, EXACT);
    assertAllClose(at(KNOWN), expected.fprKnown, EXACT);
  });

  Deno.test(`rocCurve() and prCurve() equal scikit-learn's: ${name}`, () => {
    const sides = [[{}, ""], [KNOWN, "Known"]] as const;
    for (const [side, key] of sides) {
      const sign = key === "" ? 1 : -1;
      const roc = rocCurve(known, unknown, side);
      const [fpr, tpr, thresholds] = expected[`roc${key}`];
      assertAllClose(roc.falsePositiveRate, fpr!, EXACT);
      assertAllClose(roc.truePositiveRate, tpr!, EXACT);
      const wanted = [sign * Infinity, ...thresholds!.map((t) => sign * t)];
      assertAllClose(roc.thresholds, wanted, EXACT);
      const pr = prCurve(known, unknown, side);
      const [precision, recall] = expected[`pr${key}`];
      assertAllClose(pr.precision, precision!, EXACT);
      assertAllClose(pr.recall, recall!, EXACT);
      assertAllClose(pr.thresholds, wanted, EXACT);
    }
  });

  const { confidence, deLong, bootstrap } = expected;
  if (confidence === undefined) continue;

  Deno.test(`oodMetrics() returns the intervals of DeLong and of the bootstrap: ${name}`, () => {
    const found = oodMetrics(known, unknown, { confidence, seed });
    const names = Object.keys(metrics) as Name[];
    assertEquals(Object.keys(found), names);
    for (const key of names) {
      const { value, low, high } = found[key];
      const ends = key === "auroc" ? deLong! : bootstrap![key];
      assertAllClose([value, low, high], [metrics[key], ...ends], EXACT);
    }
    const options = { intervals: "bootstrap", confidence, seed } as const;
    const { low, high } = oodMetrics(known, unknown, options).auroc;
    assertAllClose([low, high], bootstrap!.auroc, EXACT);
  });
}

for (const { name, activation, logits, labels, ...expected } of classes) {
  Deno.test(`accuracy() and calibrationError() equal the numbers of NumPy: ${name}`, () => {
    const set = featureSet({
      logits: {
        data: Float32Array.from(logits.flat()),
        shape: [logits.length, logits[0]!.length],
        dtype: "float32",
      },
      labels,
      activation,
    });
    assertEquals(accuracy(set), expected.accuracy);
    for (const [bins, error] of Object.entries(expected.calibrationError)) {
      const found = calibrationError(set, { bins: Number(bins) });
      assertAllClose([found], [error], EXACT);
    }
    assertEquals(calibrationError(set), calibrationError(set, { bins: 15 }));
  });
}
