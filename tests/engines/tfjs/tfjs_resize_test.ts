import { tf } from "../../../lib/tf.ts";
import { assertEquals } from "@std/assert";
import { takeTurn } from "../../../lib/engines/tfjs/backend.ts";
import { TfjsOps } from "../../../lib/engines/tfjs/tfjs_ops.ts";
import { assertAllClose } from "../../support/all_close.ts";
import { type CaseArray, readCases } from "./_cases.ts";
import { arrayOf, onBackends, valuesOf } from "./_on_backends.ts";

interface ResizeCase {
  readonly x: CaseArray;
  readonly size: readonly [number, number];
  readonly nearest: CaseArray;
  readonly bilinear: CaseArray;
  readonly bicubic: CaseArray;
}

for (const each of readCases<ResizeCase>("resize")) {
  for (const kind of ["nearest", "bilinear", "bicubic"] as const) {
    const title = `${kind} for ${each.x.shape} to ${each.size}`;
    Deno.test(
      `resize() returns TensorFlow's values by ${title}`,
      onBackends((ops) => {
        const x = ops.floats(each.x.data, each.x.shape);
        const result = ops.resize(x, each.size, kind);
        assertAllClose(arrayOf(result), each[kind], { rtol: 1e-5, atol: 1e-6 });
      }),
    );
  }
}

Deno.test(
  "resize() keeps integers when each is the nearest",
  onBackends((ops) => {
    const result = ops.resize(
      ops.ints([1, 2], [1, 1, 2, 1]),
      [1, 4],
      "nearest",
    );
    assertEquals(result.dtype, "int32");
    assertEquals(valuesOf(result), [1, 1, 2, 2]);
  }),
);

Deno.test(
  "resize() keeps NaN to the positions made of it",
  onBackends((ops) => {
    const x = ops.floats([1, NaN, 3, 4], [1, 1, 4, 1]);
    const result = ops.resize(x, [1, 8], "bilinear");
    assertAllClose(valuesOf(result), [1, NaN, NaN, NaN, NaN, 3.25, 3.75, 4]);
  }),
);

Deno.test("resize() has a gradient on cpu", async () => {
  await takeTurn("cpu", (turn) => {
    const gradient = turn.sync(() => tf.tidy(() => sumGradient()));
    assertAllClose(gradient, [2, 2]);
    return Promise.resolve();
  });
});

function sumGradient(): number[] {
  const ops = new TfjsOps();
  const sum = (x: tf.Tensor) => tf.sum(ops.resize(x, [1, 4], "bilinear"));
  return valuesOf(tf.grad(sum)(tf.tensor4d([1, 2], [1, 1, 2, 1])));
}
