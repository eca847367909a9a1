import { assertEquals, assertThrows } from "@std/assert";
import { fromLayersModel, tf } from "@sonde/sonde";
import { checkHead, findLogits } from "../../lib/extractor/check_head.ts";
import { DEFAULTS, type Settings } from "../../lib/extractor/settings.ts";
import { headAt } from "../../lib/models/graph/head.ts";
import type { ModelGraph } from "../../lib/models/graph/model_graph.ts";
import { react } from "../../lib/shaping/react.ts";
import { scale } from "../../lib/shaping/scale.ts";
import { counted } from "../support/backends.ts";
import { filled, free, mlp, twoOutputs } from "./_models.ts";

function graphOf(model: tf.LayersModel): ModelGraph {
  return fromLayersModel(model) as ModelGraph;
}

counted("findLogits() prefers the head that was named", () => {
  const model = mlp();
  const graph = graphOf(model);
  const found = findLogits(graph, DEFAULTS);
  assertEquals(found.logits?.head?.node.row.name, "head");
  assertEquals(found.search?.looked, ["head"]);
  const node = graph.findNode("hidden");
  const named = findLogits(graph, { head: { node, logits: headAt(node) } });
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
    [{ wantsPenultimate: true }, "Cannot run as the model must have a linear"],
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

counted("checkHead() counts a map of one place as a vector", () => {
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
