import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { tf } from "../../../lib/tf.ts";
import type { Program } from "../../../lib/engines/program.ts";
import { readOutputs } from "../../../lib/engines/tfjs/read_outputs.ts";
import { counted } from "../../support/backends.ts";

function program(...features: Partial<Program["features"][number]>[]): Program {
  return { features } as unknown as Program;
}

counted(
  "readOutputs() copies outputs to the host and disposes of the tensors",
  async () => {
    await tf.setBackend("cpu");
    const kept = tf.tensor2d([[1, 2]]);
    const outputs = {
      features: [kept.clone(), tf.tensor1d([3], "int32")],
      logits: kept.clone(),
      scale: tf.tensor2d([[4]]),
    };
    const read = await readOutputs(
      outputs,
      program({ name: "a" }, { name: "b" }),
      "cpu",
      0,
    );
    assertEquals(read, {
      features: [
        { data: Float32Array.of(1, 2), shape: [1, 2], dtype: "float32" },
        { data: Int32Array.of(3), shape: [1], dtype: "int32" },
      ],
      logits: { data: Float32Array.of(1, 2), shape: [1, 2], dtype: "float32" },
      scale: Float32Array.of(4),
    });
    read.features[0]!.data[0] = 9; // the engine and the logits keep theirs
    assertEquals([...await kept.data(), ...read.logits!.data], [1, 2, 1, 2]);
    assertThrows(() => outputs.logits.dataSync(), Error, "disposed");
    kept.dispose();
  },
);

counted(
  "readOutputs() disposes of the tensors where a value does not fit",
  async () => {
    await tf.setBackend("cpu");
    const outputs = { features: [tf.tensor2d([[1e6]])] };
    await assertRejects(
      () =>
        readOutputs(
          outputs,
          program({ name: "a", readAs: "float16" }),
          "cpu",
          0,
        ),
      RangeError,
      '"a"',
    );
  },
);
