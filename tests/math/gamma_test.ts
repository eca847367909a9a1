import { logGamma, negativeLogUpperGamma } from "../../lib/math/gamma.ts";
import { assertAllClose } from "../support/all_close.ts";

Deno.test("logGamma() returns factorials and Γ(1/2) = √π", () => {
  const found = [1, 2, 5, 11, 0.5, 0.25].map(logGamma);
  const expected = [
    ...[0, 0, Math.log(24), Math.log(3628800), Math.log(Math.PI) / 2],
    1.2880225246980774, // log 3.6256099082219083
  ];
  assertAllClose(found, expected, { rtol: 1e-13, atol: 1e-14 });
});

Deno.test("negativeLogUpperGamma() is x at shape 1, and follows the recurrence", () => {
  // Q(1, x) = exp(-x); Q(2, x) = (1 + x) exp(-x).
  for (const x of [0, 1e-9, 0.5, 1.9, 2.1, 40, 3000]) {
    assertAllClose([negativeLogUpperGamma(1, x)], [x], {
      rtol: 1e-12,
      atol: 1e-15,
    });
    assertAllClose(
      [negativeLogUpperGamma(2, x)],
      [x - Math.log1p(x)],
      { rtol: 1e-9, atol: 1e-15 },
    );
  }
});

Deno.test("negativeLogUpperGamma() returns a chi-squared probability of oodeel", () => {
  // χ²(4.20012166 / 0.40980206; 6.14989497) by series, as in the fixture's last row.
  const halves = [0.61660272, 4.20012166].map((tau) =>
    negativeLogUpperGamma(6.14989497 / 2, tau / 0.40980206 / 2)
  );
  // By numerical integration of the density, 1e6 trapezoids.
  const integral = (tau: number) => {
    const [a, end] = [6.14989497 / 2, tau / 0.40980206 / 2];
    let sum = 0;
    const steps = 20_000;
    for (let i = 0; i < steps; i++) {
      const x = (i + 0.5) * end / steps;
      sum += Math.exp(-x + (a - 1) * Math.log(x) - logGamma(a)) * end / steps;
    }
    return -Math.log1p(-sum);
  };
  assertAllClose(halves, [0.61660272, 4.20012166].map(integral), {
    rtol: 1e-5,
  });
});
