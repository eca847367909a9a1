import { tf } from "../../lib/tf.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { TfjsOps } from "../../lib/engines/tfjs/tfjs_ops.ts";
import {
  asBooleans,
  flagArgument,
  tensorArgument,
} from "../../lib/layers/_arguments.ts";
import type { CallContext } from "../../lib/layers/layer.ts";

await tf.setBackend("cpu");

type Tensor = { readonly name: string };

function context(args: CallContext<Tensor>["args"]): CallContext<Tensor> {
  return { masks: [], args };
}

Deno.test("tensorArgument() gives the tensor itself, or undefined", () => {
  const mask = { name: "mask" };
  assertEquals(tensorArgument("lstm", context({ mask }), "mask"), mask);
  assertEquals(tensorArgument("lstm", context({ mask }), "state"), undefined);
});

for (
  const [value, shown] of [[0, "0"], [false, "false"], ["", '""']] as const
) {
  Deno.test(`tensorArgument() refuses the plain value ${shown}`, () => {
    assertThrows(
      () => tensorArgument("lstm", context({ mask: value }), "mask"),
      TypeError,
      `Cannot call layer "lstm" as "mask" must be a tensor: current value is ${shown}`,
    );
  });
}

Deno.test("flagArgument() is off when it is not passed", () => {
  const passed = context({ yes: true, no: false });
  assertEquals(
    ["yes", "no", "absent"].map((key) => flagArgument("mha", passed, key)),
    [true, false, false],
  );
});

for (const [value, shown] of [[1, "1"], ["true", '"true"']] as const) {
  Deno.test(`flagArgument() refuses ${shown}`, () => {
    assertThrows(
      () => flagArgument("mha", context({ causal: value }), "causal"),
      TypeError,
      `Cannot call layer "mha" as "causal" must be true or false: current value is ${shown}`,
    );
  });
}

for (const dtype of ["float32", "int32"] as const) {
  Deno.test(`asBooleans() takes all but 0 for true when it is ${dtype}`, () => {
    tf.tidy(() => {
      const mask = tf.tensor([[0, 1], [-2, 3]], undefined, dtype);
      const made = asBooleans<tf.Tensor>(new TfjsOps(), mask);
      assertEquals(made.dtype, "bool");
      assertEquals(made.arraySync(), [[0, 1], [1, 1]]);
    });
  });
}

Deno.test("asBooleans() gives booleans back as they are", () => {
  tf.tidy(() => {
    const mask = tf.tensor([true, false], undefined, "bool");
    assertEquals(asBooleans<tf.Tensor>(new TfjsOps(), mask) === mask, true);
  });
});
