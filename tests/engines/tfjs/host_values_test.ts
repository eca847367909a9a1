import { assertEquals } from "@std/assert";
import { tf } from "../../../lib/tf.ts";
import { makeReady, Turn } from "../../../lib/engines/tfjs/backend.ts";
import { keepingHostValues } from "../../../lib/engines/tfjs/backend.ts";
import { counted, hasWebgpu, onBackends } from "../../support/backends.ts";

onBackends(
  "what a run on webgpu used can be used elsewhere afterwards",
  async ({ name }) => {
    if (!hasWebgpu) return;
    await makeReady("webgpu");
    await makeReady(name);
    await tf.setBackend(name);
    const own = tf.tensor1d([1, 2, 3]);
    for (let i = 0; i < 2; i++) {
      const turn = new Turn("webgpu", () => [own]);
      const moved = turn.sync(() => tf.mul(own, 2));
      assertEquals([...await moved.data()], [2, 4, 6]);
      if (name !== "webgpu") assertEquals(own.dataSync()[2], 3);
      const back = tf.mul(own, 3);
      assertEquals([...await back.data()], [3, 6, 9]);
      tf.dispose([moved, back]);
    }
    own.dispose();
    await tf.setBackend("cpu");
  },
);

counted(
  "keepingHostValues() keeps values also when the work throws",
  async () => {
    if (!hasWebgpu) return;
    await makeReady("webgpu");
    const own = tf.tensor1d([1, 2, 3]);
    await tf.setBackend("webgpu");
    try {
      keepingHostValues([own], () => {
        tf.mul(own, 2).dispose();
        throw new Error("within");
      });
    } catch (error) {
      assertEquals((error as Error).message, "within");
    }
    await tf.setBackend("cpu");
    const back = tf.mul(own, 3);
    assertEquals([...back.dataSync()], [3, 6, 9]);
    tf.dispose([own, back]);
  },
);
