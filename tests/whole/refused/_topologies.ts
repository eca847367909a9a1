import {
  call,
  dense,
  functional,
  input,
  layer,
  tensor,
} from "../../support/keras_spec.ts";
import { modelOf, on } from "../../support/model_files.ts";
import { both, X } from "./_model_cases.ts";
import type { RefusedInput } from "./_input.ts";

const CORE = functional(
  "core",
  [input("c", [2]), layer("r", "ReLU", {}, on("c"))],
  ["c", 0, 0],
  ["r", 0, 0],
  on("x"),
);

/** What is wrong with the description of the model: 33 to 43. */
export const TOPOLOGIES: readonly RefusedInput[] = [
  {
    number: 33,
    what: "a call on a missing layer",
    refused: both(
      "lost",
      modelOf(dense("d", 2, on("lost"))),
      '"d" must be called on existing layers',
      "call 0 of lost",
    ),
  },
  {
    number: 34,
    what: "a missing call or output",
    refused: [
      ...both(
        "call 3",
        modelOf(dense("d", 2, [call([tensor("x", 3)])])),
        '"d" must be called on existing layers',
        "call 3 of x",
      ),
      ...both(
        "output 7",
        modelOf(dense("d", 2, [call([tensor("x", 0, 7)])])),
        '"d" must use outputs that are there',
        'output 7 of "x"',
      ),
      ...both(
        "output -1",
        modelOf(dense("d", 2, [call([tensor("x", 0, -1)])])),
        "output -1 of",
      ),
      ...both(
        "an output of a nested model",
        modelOf(
          CORE,
          layer("l", "ReLU", {}, [call([tensor("core", 0, 4)])]),
        ),
        '"l" must use outputs that are there',
        'output 4 of "core"',
      ),
    ],
  },
  {
    number: 35,
    what: "a cycle, or a layer without input",
    refused: [
      ...both(
        "a layer on itself",
        modelOf(dense("d", 2, on("d"))),
        'layer "d" must not depend on itself',
      ),
      ...both(
        "two layers on each other",
        modelOf(
          layer("a", "ReLU", {}, on("b")),
          layer("b", "ReLU", {}, on("a")),
        ),
        "must not depend on itself",
      ),
      ...both(
        "a model within itself",
        modelOf({ ...CORE, inbound_nodes: on("core") }),
        'layer "core" must not depend on itself',
      ),
      ...both(
        "a layer that is never called",
        modelOf(layer("lonely", "ReLU", {}, []), dense("d", 2, on("x"))),
        'layer "lonely" must be called, or be an input',
      ),
      ...both(
        "a second input that the model does not list",
        modelOf(input("stray", [2]), dense("d", 2, on("x"))),
        'layer "stray" must be called, or be an input',
      ),
    ],
  },
  {
    number: 36,
    what: "two layers with the same name",
    refused: both(
      "d twice",
      modelOf(dense("d", 2, on("x")), dense("d", 2, on("x"))),
      'names of layers must differ: current value is "d"',
    ),
  },
  {
    number: 37,
    what: "inputs or outputs that are missing",
    refused: [
      ...both(
        "no outputs",
        functional("m", [input("x", [2])], X, []),
        "a model must have output_layers",
      ),
      ...both(
        "no inputs",
        functional("m", [dense("d", 2, [])], [], ["d", 0, 0]),
        "a model must have input_layers",
      ),
      ...both(
        "no list of them",
        functional("m", [input("x", [2])], undefined, X),
        "inputs and outputs must be",
      ),
      ...both(
        "an output of a layer that is not there",
        functional("m", [input("x", [2])], X, ["y", 0, 0]),
        '"the model" must be called on existing layers',
        "call 0 of y",
      ),
      ...both(
        "an input that is not there",
        functional("m", [input("x", [2])], [X, ["y", 0, 0]], X),
        '"the model" must be called on existing layers',
        "call 0 of y",
      ),
      ...both(
        "a model without layers",
        { class_name: "Sequential", config: { name: "s", layers: [] } },
        "a model must have layers",
      ),
    ],
  },
];
