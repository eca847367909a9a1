import { assertEquals } from "@std/assert";
import { logSumExp, softmax, softmaxParts } from "../../lib/math/softmax.ts";
import { assertAllClose } from "../support/all_close.ts";

const CLOSE = { rtol: 1e-14, atol: 1e-15 };
const LOGS = Float64Array.of(9, Math.log(2), 0, 0, 9);

Deno.test("softmax() and logSumExp() read one row of an array", () => {
  assertAllClose(
    softmax(LOGS, 1, new Float64Array(3)),
    [0.5, 0.25, 0.25],
    CLOSE,
  );
  assertAllClose([logSumExp(LOGS, 1, 3)], [Math.log(4)], CLOSE);
  const halved = softmax(LOGS, 1, new Float64Array(3), 0.5);
  assertAllClose(halved, [4 / 6, 1 / 6, 1 / 6], CLOSE);
});

Deno.test("softmaxParts() leaves the largest out of the sum of the others", () => {
  const { max, argmax, others } = softmaxParts(LOGS, 1, 3);
  assertEquals([max, argmax], [Math.log(2), 0]);
  assertAllClose([others], [1], CLOSE);
  const far = softmaxParts(Float32Array.of(-3e38, 3e38, 3e38), 0, 3);
  assertEquals([far.argmax, far.others], [1, 1]);
  const tiny = softmaxParts(Float64Array.of(0, -700), 0, 2);
  assertAllClose([Math.log(tiny.others)], [-700], CLOSE);
});

Deno.test("logSumExp() keeps what the others add", () => {
  const found = logSumExp(Float64Array.of(0, -40), 0, 2);
  assertAllClose([found * 1e18], [Math.exp(-40) * 1e18], CLOSE);
  assertEquals(logSumExp(Float64Array.of(1e300, -1e300), 0, 2), 1e300);
});
