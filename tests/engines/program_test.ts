import { assertEquals, assertThrows } from "@std/assert";
import { fromLayersModel } from "@sonde/sonde";
import {
  computeOutputs,
  logitsOf,
  logitsRef,
  type LogitsTarget,
  namesOf,
  needsHead,
  type ProgramParts,
  wantedRefs,
} from "../../lib/engines/program.ts";
import type { Ref } from "../../lib/models/graph/graph.ts";
import { modelGraphOf } from "../../lib/models/graph/model_graph.ts";
import {
  type Shape,
  ShapeOps,
  type ShapeValue,
} from "../../lib/ops/shape_ops.ts";
import { counted } from "../support/backends.ts";
import { free, mlp } from "../extractor/_models.ts";

const OPS = new ShapeOps();
const WEIGHTS = {
  kernel: { data: new Float32Array(15), shape: [5, 3], dtype: "float32" },
  bias: { data: new Float32Array(3), shape: [3], dtype: "float32" },
} as const;
const HEAD = { kernel: floats([5, 3]), bias: floats([3]) };

function floats(shape: Shape): ShapeValue {
  return { shape, dtype: "float32" };
}

function setUp() {
  const model = mlp("linear");
  const graph = modelGraphOf(fromLayersModel(model))!;
  const [hidden, head] = ["hidden", "head"].map((id): Ref => ({
    node: graph.findNode(id),
    index: 0,
  }));
  const logits: LogitsTarget = {
    head: {
      name: "head",
      penultimate: hidden!,
      weights: WEIGHTS,
      isConvolution: false,
    },
    direct: head!,
  };
  const { direct: _direct, ...fused } = logits;
  const shapes = new Map<string, Shape>([["hidden", [7, 5]], ["head", [7, 3]]]);
  const valueOf = ({ node }: Ref) => floats(shapes.get(node.row.name)!);
  return { model, graph, hidden: hidden!, head: head!, logits, fused, valueOf };
}

counted(
  "logits are a tensor of the graph, or computed from the penultimate",
  () => {
    const { model, head, hidden, logits, fused } = setUp();
    const shaped: LogitsTarget = {
      ...logits,
      shaping: (_ops, penultimate) => ({ penultimate }),
    };
    assertEquals([logits, fused, shaped].map(needsHead), [false, true, true]);
    assertEquals(logitsRef(logits), head);
    assertEquals(logitsRef(fused), hidden);
    assertEquals(logitsRef(shaped), hidden);
    free(model);
  },
);

counted("wantedRefs() lists each tensor once", () => {
  const { model, graph, hidden, head, logits } = setUp();
  const feature = {
    name: "hidden",
    ref: hidden,
    custom: [],
    builtIn: <T>(_ops: unknown, x: T) => x,
  };
  const program: ProgramParts = {
    graph,
    feeds: [],
    features: [feature],
    wantsPenultimate: true,
    logits,
  };
  assertEquals(wantedRefs(program), [hidden, head]);
  assertEquals(wantedRefs({ ...program, features: [] }), [hidden, head]);
  const { logits: _logits, ...plain } = program;
  assertEquals(wantedRefs({ ...plain, wantsPenultimate: false }), [hidden]);
  free(model);
});

counted("computeOutputs() returns features, penultimate and logits", () => {
  const { model, graph, hidden, fused, valueOf } = setUp();
  const program: ProgramParts = {
    graph,
    feeds: [],
    features: [{
      name: "hidden",
      ref: hidden,
      custom: [],
      builtIn: (ops, x) => ops.sum(x, { axis: 1 }),
    }],
    wantsPenultimate: true,
    logits: fused,
  };
  assertEquals(computeOutputs(OPS, program, valueOf, HEAD), {
    features: [floats([7])],
    penultimate: floats([7, 5]),
    logits: floats([7, 3]),
  });
  const { logits: _logits, ...plain } = program;
  const none = { ...plain, wantsPenultimate: false };
  assertEquals(computeOutputs(OPS, none, valueOf, undefined), {
    features: [floats([7])],
  });
  free(model);
});

counted("logitsOf() returns the factors of a shaping, too", () => {
  const { model, fused, valueOf } = setUp();
  const shaped: LogitsTarget = {
    ...fused,
    shaping: (ops, a) => ({
      penultimate: a,
      scale: ops.sum(a, { axis: 1, keepdims: true }),
    }),
  };
  assertEquals(logitsOf(OPS, shaped, valueOf, HEAD), {
    logits: floats([7, 3]),
    shaped: valueOf(fused.head!.penultimate),
    scale: floats([7, 1]),
  });
  free(model);
});

counted(
  "logitsOf() reshapes a feature map of one position to a vector, and no other",
  () => {
    const { model, fused, logits } = setUp();
    const convolution = {
      ...fused,
      head: { ...fused.head!, isConvolution: true },
    };
    const of = (target: LogitsTarget, shape: Shape) =>
      logitsOf(OPS, target, () => floats(shape), HEAD).logits.shape;
    assertEquals(of(convolution, [7, 1, 1, 5]), [7, 3]);
    assertEquals(of(logits, [7, 1, 1, 3]), [7, 3]);
    assertEquals(of(fused, [7, 4, 5]), [7, 4, 3]);
    assertThrows(
      () => of(convolution, [7, 2, 1, 5]),
      TypeError,
      'Cannot take logits as the feature map of head "head" must have one spatial position: current value is [7, 2, 1, 5]; select the layer by .layers([…]), and leave the logits out by .logits(false)',
    );
    free(model);
  },
);

counted("namesOf() names what has a row", () => {
  const { model, graph } = setUp();
  assertEquals(namesOf(graph.listed), ["hidden", "head"]);
  assertEquals(namesOf([graph.inputRefs[0]!.node]), []);
  free(model);
});
