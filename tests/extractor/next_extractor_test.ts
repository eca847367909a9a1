import { assert, assertEquals, assertThrows } from "@std/assert";
import { fromLayersModel } from "@sonde/sonde";
import { nextExtractor } from "../../lib/extractor/next_extractor.ts";
import type { ModelGraph } from "../../lib/models/graph/model_graph.ts";
import { counted } from "../support/backends.ts";
import { free, mlp } from "./_models.ts";

class Base {
  constructor(readonly model: ModelGraph) {}
}
class Derived extends Base {
  count = 1;
  #own = 2;
  own(): number {
    return this.#own;
  }
}

counted(
  "nextExtractor() makes one of the same class, with public fields copied",
  () => {
    const model = mlp();
    const graph = fromLayersModel(model) as ModelGraph;
    const from = new Derived(graph);
    from.count = 5;
    const next = nextExtractor<Base>(Base, from, graph) as Derived;
    assert(next instanceof Derived && next !== from);
    assertEquals([next.count, next.own(), from.count], [5, 2, 5]);
    free(model);
  },
);

counted("nextExtractor() goes with a constructor that comes back to it", () => {
  class Circular extends Base {
    constructor(model: ModelGraph) {
      super(model);
      return nextExtractor<Base>(Base, this, model);
    }
  }
  const model = mlp();
  const graph = fromLayersModel(model) as ModelGraph;
  assert(new Circular(graph) instanceof Circular);
  free(model);
});

counted(
  "nextExtractor() names a class that needs more than a model, and goes on after it",
  () => {
    class Needy extends Base {
      constructor(model: ModelGraph, tag: string) {
        super(model);
        tag.trim();
      }
    }
    const model = mlp();
    const graph = fromLayersModel(model) as ModelGraph;
    const needy = new Needy(graph, "x");
    assertThrows(
      () => nextExtractor<Base>(Base, needy, graph),
      TypeError,
      'the constructor of "Needy" must go with a model alone',
    );
    assert(
      nextExtractor<Base>(Base, new Derived(graph), graph) instanceof Derived,
    );
    free(model);
  },
);
