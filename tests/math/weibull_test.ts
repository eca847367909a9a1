import { assert, assertEquals, assertThrows } from "@std/assert";
import { fitWeibull, weibullCdf } from "../../lib/math/weibull.ts";
import { assertAllClose } from "../support/all_close.ts";

Deno.test("fitWeibull() solves the equations of the likelihood for two values", () => {
  // By hand, with y = ±1 and b = 1 / shape: tanh(1 / b) = b, so b = 0.8335565596…;
  // then log scale = b * log(cosh(1 / b)).
  const b = 0.833556559600964;
  assertAllClose([Math.tanh(1 / b)], [b], { rtol: 1e-14 });
  const { inverseShape, logScale } = fitWeibull(Float64Array.of(1, -1));
  assertAllClose(
    [inverseShape, logScale],
    [b, b * Math.log(Math.cosh(1 / b))],
    {
      rtol: 1e-14,
    },
  );
});

Deno.test("fitWeibull() scales with the logarithms, down to shapes of 1e12", () => {
  const near = fitWeibull(Float64Array.of(0, 0.5, 0.75, 1));
  const far = fitWeibull(Float64Array.of(0, 0.5e-12, 0.75e-12, 1e-12));
  assertAllClose(
    [far.inverseShape * 1e12, far.logScale * 1e12],
    [near.inverseShape, near.logScale],
    { rtol: 1e-12 },
  );
});

Deno.test("fitWeibull() finds what scipy.stats.weibull_min.fit finds", () => {
  // scipy 1.17.1: weibull_min.fit([1, 2, 2.5, 4], floc=0), refined by brentq on its likelihood.
  const { inverseShape, logScale } = fitWeibull(
    Float64Array.of(1, 2, 2.5, 4).map(Math.log),
  );
  assertAllClose(
    [1 / inverseShape, Math.exp(logScale)],
    [2.3799785847212447, 2.689922868287417],
    { rtol: 1e-12 },
  );
});

Deno.test("weibullCdf() is 1 - 1 / e at the scale, 0 at 0 and 1 far out", () => {
  const weibull = { logScale: 2, inverseShape: 1e-4 };
  assertAllClose([weibullCdf(weibull, 2)], [1 - 1 / Math.E], { rtol: 1e-15 });
  assertEquals(weibullCdf(weibull, -Infinity), 0);
  assertEquals(weibullCdf(weibull, 3), 1);
  assert(weibullCdf(weibull, 1.999) > 0, "small probabilities do not vanish");
});

Deno.test("fitWeibull() refuses values that are all equal", () => {
  assertThrows(
    () => fitWeibull(Float64Array.of(3, 3)),
    RangeError,
    "Cannot fit Weibull distribution as values must not all be equal: current value is 3",
  );
});
