import { assertEquals, assertThrows } from "@std/assert";
import type { OnnxOutput } from "../../../lib/engines/onnx/runtime/messages.ts";
import { recordOutputs } from "../../../lib/engines/onnx/record_outputs.ts";
import type {
  FeatureTarget,
  ProgramParts,
} from "../../../lib/engines/program.ts";
import type { Ref } from "../../../lib/models/graph/graph.ts";
import type { ModelGraph } from "../../../lib/models/graph/model_graph.ts";
import { openOnnxModel } from "../../support/onnx_models.ts";

function programOf(
  graph: ModelGraph,
  name: string,
  builtIn: FeatureTarget["builtIn"],
  isPlain = false,
): ProgramParts {
  const ref = { node: graph.findNode(name), index: 0 };
  const feature = { name, ref, builtIn, custom: [], isPlain };
  return { graph, feeds: [], features: [feature], wantsPenultimate: false };
}

function known(type: string, shape: OnnxOutput["shape"]) {
  return ({ node }: Ref): OnnxOutput => ({ name: node.row.name, type, shape });
}

Deno.test("recordOutputs() records nothing for what is wanted as it comes", async () => {
  await using model = await openOnnxModel("torch_cnn");
  const plain = programOf(model, "/Relu", (_, feature) => feature, true);
  const { names, graph, from } = recordOutputs(plain, known("int64", []));
  assertEquals(names, { features: ["/Relu"] });
  assertEquals([graph.nodes, graph.outputs, from], [[], [], {}]);
});

Deno.test("recordOutputs() computes the rest in float32, whatever the floats", async () => {
  await using model = await openOnnxModel("torch_cnn");
  const means = programOf(
    model,
    "/Relu",
    (ops, x) => ops.mean(x, { axis: [1] }),
  );
  const output = known("float64", [null, 3]);
  const { names, graph, from } = recordOutputs(means, output);
  assertEquals(Object.values(from), ["/Relu"]);
  assertEquals(graph.inputs.map(({ type }) => type), ["float64"]);
  assertEquals(graph.nodes[0]!.operator, "Cast");
  assertEquals(graph.outputs.map(({ name }) => name), names.features);
});

Deno.test("recordOutputs() refuses to compute with what it cannot", async () => {
  await using model = await openOnnxModel("torch_cnn");
  const means = programOf(
    model,
    "/Relu",
    (ops, x) => ops.mean(x, { axis: [0] }),
  );
  assertThrows(
    () => recordOutputs(means, known("uint64", [null, 3])),
    TypeError,
    'Cannot compute with tensor "/Relu"',
  );
  // Where the runtime knows no axes, those of the model count.
  const { graph } = recordOutputs(means, known("float32", []));
  assertEquals(graph.inputs[0]!.shape, ["N", 4, 10, 10]);
});
