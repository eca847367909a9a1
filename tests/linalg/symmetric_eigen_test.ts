import { assert, assertEquals, assertRejects } from "@std/assert";
import { Pacer } from "../../lib/formats/pacer.ts";
import { defaultCutoff, whitening } from "../../lib/linalg/pseudo_inverse.ts";
import { product, transposed } from "../../lib/linalg/products.ts";
import { symmetricEigen } from "../../lib/linalg/symmetric_eigen.ts";
import { manualClock } from "../support/manual_clock.ts";
import { assertAllClose } from "../support/all_close.ts";
import { normals } from "../support/detector_sets.ts";

/** How far `A v = λ v` and `VᵀV = 1` are from true, relative to the largest value. */
async function faults(matrix: Float64Array, side: number) {
  const { values, vectors } = await symmetricEigen(matrix, side);
  const scale = Math.max(Math.abs(values[0]!), Math.abs(values[side - 1]!)) ||
    1;
  let [residual, orthogonality] = [0, 0];
  for (let k = 0; k < side; k++) {
    for (let i = 0; i < side; i++) {
      let [product, dot] = [0, 0];
      for (let j = 0; j < side; j++) {
        product += matrix[i * side + j]! * vectors[k * side + j]!;
        dot += vectors[k * side + j]! * vectors[i * side + j]!;
      }
      const off = Math.abs(product - values[k]! * vectors[k * side + i]!);
      residual = Math.max(residual, off / scale);
      orthogonality = Math.max(
        orthogonality,
        Math.abs(dot - (i === k ? 1 : 0)),
      );
    }
  }
  return { residual, orthogonality };
}

function gram(rows: number, side: number, seed: number): Float64Array {
  const x = normals(rows * side, seed);
  const matrix = new Float64Array(side * side);
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < side; i++) {
      for (let j = 0; j < side; j++) {
        matrix[i * side + j]! += x[r * side + i]! * x[r * side + j]!;
      }
    }
  }
  return matrix;
}

Deno.test("symmetricEigen() returns values descending and vectors as rows", async () => {
  const { values, vectors } = await symmetricEigen(
    Float64Array.of(2, 1, 1, 2),
    2,
  );
  assertAllClose(values, [3, 1], { rtol: 1e-14 });
  const half = Math.SQRT1_2;
  assertAllClose(vectors, [half, half, half, -half], { rtol: 1e-14 });
});

Deno.test("symmetricEigen() decomposes many kinds of matrices to rounding", async () => {
  const tiny = gram(80, 40, 1).map((x) => x * 1e-200);
  const large = gram(80, 40, 2).map((x) => x * 1e200);
  const graded = gram(80, 40, 3);
  for (let i = 0; i < 40; i++) {
    for (let j = 0; j < 40; j++) graded[i * 40 + j]! *= 10 ** (-(i + j) / 4);
  }
  const blocks = new Float64Array(1600).map((_, i) =>
    Math.floor(i / 40) >> 2 === (i % 40) >> 2 ? 1 : 0
  );
  const ones = new Float64Array(1600).fill(1);
  const indefinite = gram(80, 40, 4);
  for (let i = 0; i < 40; i++) indefinite[i * 41]! -= 80;
  const cases = [
    ...[gram(80, 40, 5), gram(7, 40, 6), tiny, large, graded, blocks, ones],
    ...[indefinite, new Float64Array(1600)],
  ];
  for (const [i, matrix] of cases.entries()) {
    const { residual, orthogonality } = await faults(matrix, 40);
    assert(residual < 1e-14, `case ${i}: ${residual}`);
    assert(orthogonality < 1e-13, `case ${i}: ${orthogonality}`);
  }
  assertEquals(await faults(Float64Array.of(5), 1), {
    residual: 0,
    orthogonality: 0,
  });
});

Deno.test("symmetricEigen() joins halves to rounding, on the runtime and in plain loops", async () => {
  const side = 130;
  const of = (value: (i: number, j: number) => number) =>
    Float64Array.from(
      { length: side * side },
      (_, at) => value(Math.floor(at / side), at % side),
    );
  const whole = gram(200, side, 7);
  const beside = (i: number, j: number) => Math.abs(i - j) === 1;
  const cases = {
    whole,
    singular: gram(9, side, 8),
    ones: of(() => 1),
    diagonal: of((i, j) => i === j ? i % 3 : 0),
    blocks: of((i, j) => i >> 2 === j >> 2 ? 1 : 0),
    laplace: of((i, j) => i === j ? 2 : beside(i, j) ? -1 : 0),
    // Wilkinson's matrices, glued: many eigenvalues agree to 15 digits.
    glued: of((i, j) =>
      i === j
        ? Math.abs(i % 21 - 10)
        : beside(i, j)
        ? Math.max(i, j) % 21 === 0 ? 1e-10 : 1
        : 0
    ),
    falling: of((i, j) => whole[i * side + j]! * 10 ** (-(i + j) / 20)),
    rising: of((i, j) => whole[i * side + j]! * 10 ** ((i + j) / 20)),
    dead: of((i, j) => i % 2 + j % 2 === 0 ? whole[i * side + j]! : 0),
    tiny: whole.map((x) => x * 1e-200),
  };
  for (const [name, matrix] of Object.entries(cases)) {
    for (const native of name === "whole" ? [undefined, false] : [undefined]) {
      const eigen = await symmetricEigen(matrix, side, undefined, { native });
      const { values, vectors } = eigen;
      const square = (data: Float64Array) => ({
        data,
        rows: side,
        columns: side,
      });
      const products = await product(square(vectors), square(matrix));
      const turned = square(transposed(vectors, side, side));
      const dots = await product(square(vectors), turned);
      const scale = Math.abs(values[0]!) || 1;
      vectors.forEach((x, at) => {
        const [i, j] = [Math.floor(at / side), at % side];
        const residual = Math.abs(products[at]! - values[i]! * x) / scale;
        assert(residual < 1e-14, `${name}: ${residual}`);
        const off = Math.abs(dots[at]! - (i === j ? 1 : 0));
        assert(off < 3e-14, `${name}: ${off}`);
      });
      values.forEach((value, i) => assert(i === 0 || value <= values[i - 1]!));
    }
  }
});

Deno.test("symmetricEigen() refuses NaN, and can be aborted", async () => {
  await assertRejects(
    () => symmetricEigen(Float64Array.of(1, NaN, NaN, 1), 2),
    RangeError,
    "must be finite",
  );
  const stop = new AbortController();
  using _clock = manualClock(60); // a pause is due at each reading
  const pacer = new Pacer(stop.signal);
  const running = symmetricEigen(gram(200, 100, 1), 100, pacer);
  stop.abort();
  await assertRejects(() => running, DOMException, "stopped");
});

Deno.test("whitening() factors the pseudo-inverse, without what is below the cutoff", async () => {
  // diag(4, 1e-3, 0) in a rotated basis of the first two.
  const [c, s] = [0.6, 0.8];
  const matrix = Float64Array.of(
    ...[4 * c * c + 1e-3 * s * s, (4 - 1e-3) * c * s, 0],
    ...[(4 - 1e-3) * c * s, 4 * s * s + 1e-3 * c * c, 0],
    ...[0, 0, 0],
  );
  const { factor, rank } = await whitening(matrix, 3, defaultCutoff(3));
  assertEquals(rank, 2);
  const inverse = (i: number, j: number) =>
    factor[i * 2]! * factor[j * 2]! + factor[i * 2 + 1]! * factor[j * 2 + 1]!;
  const expected = [
    c * c / 4 + 1000 * s * s,
    c * s / 4 - 1000 * c * s,
    s * s / 4 + 1000 * c * c,
  ];
  assertAllClose([inverse(0, 0), inverse(0, 1), inverse(1, 1)], expected, {
    rtol: 1e-10,
  });
  assertEquals((await whitening(matrix, 3, 1e-2)).rank, 1);
  assertEquals((await whitening(new Float64Array(4), 2, 1e-2)).rank, 0);
});
