import { tf } from "../../../lib/tf.ts";
import { assertThrows } from "@std/assert";
import type {
  ConvOptions,
  ConvTransposeOptions,
} from "../../../lib/ops/ops.ts";
import { assertAllClose } from "../../support/all_close.ts";
import { type CaseArray, readCases } from "./_cases.ts";
import { arrayOf, onBackends } from "./_on_backends.ts";

interface ConvCase<O> {
  readonly x: CaseArray;
  readonly kernel: CaseArray;
  readonly options: O;
  readonly out: CaseArray;
}

// Sums of up to 60 products of two numbers below 1, in another order.
const CLOSE = { rtol: 1e-5, atol: 2e-6 };

for (const each of readCases<ConvCase<ConvOptions>>("conv")) {
  const { x, kernel, options, out } = each;
  const title = `${x.shape} with ${kernel.shape} ${JSON.stringify(options)}`;
  Deno.test(
    `conv() returns TensorFlow's values for ${title}`,
    onBackends((ops) => {
      const map = ops.floats(x.data, x.shape);
      const result = ops.conv(
        map,
        ops.floats(kernel.data, kernel.shape),
        options,
      );
      assertAllClose(arrayOf(result), out, CLOSE);
    }),
  );
}

for (
  const each of readCases<ConvCase<ConvTransposeOptions>>("conv_transpose")
) {
  const { x, kernel, options, out } = each;
  const title = `${x.shape} with ${kernel.shape} ${JSON.stringify(options)}`;
  Deno.test(
    `convTranspose() returns Keras' values for ${title}`,
    onBackends((ops) => {
      const map = ops.floats(x.data, x.shape);
      const weights = ops.floats(kernel.data, kernel.shape);
      const result = ops.convTranspose(map, weights, options);
      assertAllClose(arrayOf(result), out, CLOSE);
    }),
  );
}

Deno.test(
  "conv() keeps NaN where a window holds one",
  onBackends((ops) => {
    const x = ops.floats([1, NaN, 3, 4, 5], [1, 5, 1]);
    const options = { strides: [1], padding: "valid", dilation: [1] } as const;
    const result = ops.conv(x, ops.floats([1, 1], [2, 1, 1]), options);
    assertAllClose(arrayOf(result).data, [NaN, NaN, 7, 9]);
  }),
);

Deno.test(
  "conv() has a gradient with strides and dilation",
  onBackends((ops) => {
    const x = ops.floats([1, 2, 3, 4, 5, 6], [1, 6, 1]);
    const kernel = ops.floats([2, 3], [2, 1, 1]);
    const options = { strides: [3], padding: "valid", dilation: [2] } as const;
    // Windows begin at 0 and 3, and contain positions 0, 2 and 3, 5.
    const gradient = tf.grad((map: tf.Tensor) =>
      tf.sum(ops.conv(map, kernel, options))
    )(x);
    assertAllClose(arrayOf(gradient).data, [2, 0, 3, 2, 0, 3]);
  }),
);

Deno.test(
  "convTranspose() has a gradient",
  onBackends((ops) => {
    const x = ops.floats([1, 2], [1, 2, 1]);
    const kernel = ops.floats([2, 3, 4], [3, 1, 1]);
    const options = { strides: [2], padding: "valid", dilation: [1] } as const;
    const gradient = tf.grad((map: tf.Tensor) =>
      tf.sum(ops.convTranspose(map, kernel, options))
    )(x);
    assertAllClose(arrayOf(gradient).data, [9, 9]);
  }),
);

Deno.test(
  "conv() throws when the kernel does not fit the map",
  onBackends((ops) => {
    const x = ops.floats([1, 2], [1, 2, 1]);
    const kernel = ops.floats([1, 1, 1], [3, 1, 1]);
    const options = { strides: [1], padding: "valid", dilation: [1] } as const;
    assertThrows(() => ops.conv(x, kernel, options), RangeError, "at least 3");
    const other = ops.floats([1, 1], [1, 2, 1]);
    assertThrows(() => ops.conv(x, other, options), TypeError, "2 channels");
  }),
);
