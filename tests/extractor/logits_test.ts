import {
  checkHead,
  readHead,
  selectedLogits,
} from "../../lib/extractor/logits.ts";
import { DEFAULTS, type Settings } from "../../lib/extractor/settings.ts";
import { type Head, headAt } from "../../lib/models/graph/head.ts";
import type { HeadTensors } from "../../lib/models/graph/head_link.ts";
import { graphOf } from "../support/graph_of.ts";
import { react } from "../../lib/shaping/react.ts";
import { scale } from "../../lib/shaping/scale.ts";
import { counted } from "../support/backends.ts";
import { filled, free, mlp, twoOutputs } from "./_models.ts";
import { tf } from "@sonde/sonde";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";

counted("selectedLogits() prefers the head that was named", () => {
  const model = mlp();
  const graph = graphOf(model);
  const found = selectedLogits(graph, DEFAULTS);
  assertEquals(found.logits?.head?.node.row.name, "head");
  assertEquals(found.search?.looked, ["head"]);
  const node = graph.findNode("hidden");
  const named = selectedLogits(graph, {
    ...DEFAULTS,
    head: { node, logits: headAt(node) },
  });
  assertEquals(named.logits?.head?.node.row.name, "hidden");
  assertEquals(named.search, undefined);
  free(model);
});

counted("checkHead() passes what needs no head", () => {
  const model = twoOutputs();
  checkHead(graphOf(model), DEFAULTS, "run");
  free(model);
});

counted("checkHead() words what was to be done", () => {
  const model = twoOutputs();
  const graph = graphOf(model);
  const cases: [Partial<Settings>, string][] = [
    [{ shaping: react(1) }, "Cannot run as the model must have a linear head"],
    [{ penultimate: "plain" }, "Cannot run as the model must have a linear"],
    [
      { perturbation: { epsilon: 1, temperature: 1 } },
      "Cannot run as the model must have logits to be perturbed",
    ],
  ];
  for (const [change, text] of cases) {
    const settings = { ...DEFAULTS, ...change };
    assertThrows(() => checkHead(graph, settings, "run"), TypeError, text);
  }
  free(model);
});

counted("checkHead() counts a map of one position as a vector", () => {
  const create = (size: number) =>
    filled(tf.sequential({
      layers: [
        tf.layers.conv2d({
          filters: 2,
          kernelSize: 1,
          inputShape: [size, size, 3],
        }),
      ],
    }));
  const one = create(1);
  checkHead(graphOf(one), { ...DEFAULTS, shaping: scale(0.5) }, "run");
  const two = create(2);
  assertThrows(
    () => checkHead(graphOf(two), { ...DEFAULTS, shaping: scale(0.5) }, "run"),
    TypeError,
  );
  free(one);
  free(two);
});

function headOf(weights: HeadTensors): Head {
  return {
    node: { row: { name: "head" } },
    weights: () => weights,
  } as unknown as Head;
}

counted(
  "readHead() copies a matrix and a row, and transposes a transposed matrix",
  async () => {
    const kernel = tf.tensor2d([[1, 2, 3], [4, 5, 6]]);
    const bias = tf.tensor1d([7, 8, 9]);
    const plain = await readHead(headOf({ kernel, bias, isTransposed: false }));
    assertEquals(plain.kernel.shape, [2, 3]);
    assertEquals([...plain.kernel.data], [1, 2, 3, 4, 5, 6]);
    assertEquals([...plain.bias.data], [7, 8, 9]);
    const transposed = await readHead(
      headOf({ kernel, bias: undefined, isTransposed: true }),
    );
    assertEquals(transposed.kernel.shape, [3, 2]);
    assertEquals([...transposed.kernel.data], [1, 4, 2, 5, 3, 6]);
    assertEquals([...transposed.bias.data], [0, 0]);
    plain.kernel.data[0] = 100;
    assertEquals((await kernel.data())[0], 1);
    tf.dispose([kernel, bias]);
  },
);

counted(
  "readHead() converts a convolution of one position to a matrix, and no other",
  async () => {
    const one = tf.ones([1, 1, 4, 2]);
    const two = tf.ones([2, 1, 4, 2]);
    const weights = { bias: undefined, isTransposed: false };
    const { kernel } = await readHead(headOf({ ...weights, kernel: one }));
    assertEquals(kernel.shape, [4, 2]);
    await assertRejects(
      () => readHead(headOf({ ...weights, kernel: two })),
      TypeError,
      'Cannot read head "head" as its kernel must be a matrix, or of one spatial position: current value is [2, 1, 4, 2]',
    );
    tf.dispose([one, two]);
  },
);
