import { assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { readHead } from "../../lib/extractor/read_head.ts";
import type { Head } from "../../lib/models/graph/head.ts";
import type { HeadTensors } from "../../lib/models/graph/head_link.ts";
import { counted } from "../support/backends.ts";

function headOf(weights: HeadTensors): Head {
  return {
    node: { row: { name: "head" } },
    weights: () => weights,
  } as unknown as Head;
}

counted(
  "readHead() copies a matrix and a row, turned where they are transposed",
  async () => {
    const kernel = tf.tensor2d([[1, 2, 3], [4, 5, 6]]);
    const bias = tf.tensor1d([7, 8, 9]);
    const plain = await readHead(headOf({ kernel, bias, isTransposed: false }));
    assertEquals(plain.kernel.shape, [2, 3]);
    assertEquals([...plain.kernel.data], [1, 2, 3, 4, 5, 6]);
    assertEquals([...plain.bias.data], [7, 8, 9]);
    const turned = await readHead(
      headOf({ kernel, bias: undefined, isTransposed: true }),
    );
    assertEquals(turned.kernel.shape, [3, 2]);
    assertEquals([...turned.kernel.data], [1, 4, 2, 5, 3, 6]);
    assertEquals([...turned.bias.data], [0, 0]);
    plain.kernel.data[0] = 100;
    assertEquals((await kernel.data())[0], 1);
    tf.dispose([kernel, bias]);
  },
);

counted(
  "readHead() takes a convolution of one place for a matrix, and no other",
  async () => {
    const one = tf.ones([1, 1, 4, 2]);
    const two = tf.ones([2, 1, 4, 2]);
    const weights = { bias: undefined, isTransposed: false };
    const { kernel } = await readHead(headOf({ ...weights, kernel: one }));
    assertEquals(kernel.shape, [4, 2]);
    await assertRejects(
      () => readHead(headOf({ ...weights, kernel: two })),
      TypeError,
      'Cannot read head "head" as its kernel must be a matrix, or one for one place: current value is "[2, 1, 4, 2]"',
    );
    tf.dispose([one, two]);
  },
);
