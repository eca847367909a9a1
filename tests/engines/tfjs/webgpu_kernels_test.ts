import { assertEquals } from "@std/assert";
import type { NumericDataType } from "@tensorflow/tfjs";
import { tf } from "../../../lib/tf.ts";
import {
  type BackendName,
  takeTurn,
} from "../../../lib/engines/tfjs/backend.ts";
import {
  allTrue,
  anyTrue,
  chosen,
  numbersOf,
  padded,
  reversed,
} from "../../../lib/engines/tfjs/webgpu_kernels.ts";
import { onBackends } from "../../support/backends.ts";

async function computed(
  backend: BackendName,
  compute: () => tf.Tensor,
): Promise<{ shape: number[]; data: number[] }> {
  return await takeTurn(backend, async (turn) => {
    const made = turn.sync(() => tf.tidy(compute));
    const data = [...await made.data<NumericDataType>()].map(Number);
    made.dispose();
    return { shape: made.shape, data };
  });
}

/** `[1, 3, 2]` booleans, true where a number is above one. */
const above = (bound: number) =>
  tf.greater(tf.tensor([1, 2, 3, 4, 5, 6], [1, 3, 2]), bound);

onBackends("anyTrue() and allTrue() look along an axis", async ({ name }) => {
  const any = (bound: number) =>
    computed(name, () => anyTrue(above(bound), [1], false));
  const all = (bound: number) =>
    computed(name, () => allTrue(above(bound), [1], true));
  assertEquals(await any(5), { shape: [1, 2], data: [0, 1] });
  assertEquals(await any(9), { shape: [1, 2], data: [0, 0] });
  assertEquals(await all(1), { shape: [1, 1, 2], data: [0, 1] });
});

onBackends(
  "numbersOf() returns numbers that can be transposed",
  async ({ name }) => {
    const transposed = await computed(
      name,
      () => tf.transpose(numbersOf(above(4), "float32"), [2, 0, 1]),
    );
    assertEquals(transposed, { shape: [2, 1, 3], data: [0, 0, 1, 0, 0, 1] });
    const made = await computed(name, () => numbersOf(above(4), "int32"));
    assertEquals(made.data, [0, 0, 0, 0, 1, 1]);
  },
);

onBackends("padded() has a border on any of five axes", async ({ name }) => {
  const made = await computed(name, () =>
    padded(
      tf.tensor([1, 2, 3, 4], [1, 2, 1, 1, 2]),
      [[0, 0], [1, 0], [0, 0], [0, 0], [0, 1]],
      9,
    ));
  assertEquals(made.shape, [1, 3, 1, 1, 3]);
  assertEquals(made.data, [9, 9, 9, 1, 2, 9, 3, 4, 9]);
});

onBackends(
  "reversed() reverses axes of tensors of rank 5",
  async ({ name }) => {
    const made = await computed(
      name,
      () => reversed(tf.tensor([1, 2, 3, 4], [1, 2, 1, 1, 2]), [1, 4]),
    );
    assertEquals(made.data, [4, 3, 2, 1]);
  },
);

onBackends(
  "chosen() spreads what it chooses over five axes",
  async ({ name }) => {
    const made = await computed(name, () =>
      chosen(
        tf.greater(tf.tensor([1, 2], [1, 2, 1, 1, 1]), 1),
        tf.tensor([10, 20], [1, 1, 1, 1, 2]),
        tf.scalar(7),
      ));
    assertEquals(made.shape, [1, 2, 1, 1, 2]);
    assertEquals(made.data, [7, 7, 10, 20]);
  },
);
