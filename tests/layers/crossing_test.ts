import { assertThrows } from "@std/assert";
import { layerOf } from "./_one_call.ts";

// Models of Keras: `tests/whole/categories_test.ts`.

Deno.test("hashedCrossing() refuses inputs that do not fit", () => {
  const { onHost } = layerOf("HashedCrossing", { "num_bins": 3 });
  const says = (shapes: (number | null)[][], message: string) =>
    assertThrows(() => onHost!.shapeOf(...shapes), TypeError, message);
  says([[null, 1]], "it must get two inputs: current value is 1");
  says([[null, 1], [null]], "its inputs must all be [N], or all [N, 1]");
  says([[null, 2], [null, 2]], "current value is [null, 2]");
});
