import { seededRandom } from "../../../lib/math/seeded_random.ts";
import { encodeModel } from "../../../lib/engines/onnx/graph/encode_model.ts";
import { OnnxGraph, ROWS } from "../../../lib/engines/onnx/graph/onnx_graph.ts";

const SIZE = 224;
const PATCH = 16;
const NUM_CLASSES = 1000;

/** The sizes of a vision transformer. */
export interface VitSizes {
  /** Units of a token. */
  readonly width: number;
  /** Attention heads. */
  readonly heads: number;
  /** Encoder blocks. */
  readonly depth: number;
}

/** ViT-B/16. */
export const BASE: VitSizes = { width: 768, heads: 12, depth: 12 };

/**
 * A vision transformer with random weights, as an ONNX file: patches of 16,
 * a class token, learned positions, pre-normalised blocks, a linear head.
 *
 * Source: Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021,
 * https://arxiv.org/abs/2010.11929.
 *
 * @param sizes Its sizes.
 * @returns The bytes of the file; the input is `[N, 224, 224, 3]`.
 */
export function visionTransformer(
  { width, heads, depth }: VitSizes = BASE,
): Uint8Array<ArrayBuffer> {
  const graph = new OnnxGraph();
  const random = seededRandom(7);
  const weight = (shape: number[], spread: number, middle = 0) => {
    const data = new Float32Array(shape.reduce((n, size) => n * size, 1));
    for (let i = 0; i < data.length; i++) {
      data[i] = middle + spread * (2 * random() - 1);
    }
    return graph.constant("float32", shape, data);
  };
  const linear = (x: string, from: number, to: number) =>
    graph.node("Add", [
      graph.node("MatMul", [x, weight([from, to], Math.sqrt(3 / from))]),
      weight([to], 0.02),
    ]);
  const normalized = (x: string) =>
    graph.node("LayerNormalization", [
      ...[x, weight([width], 0.1, 1), weight([width], 0.1)],
    ], { axis: -1, epsilon: { float: 1e-6 } });
  const reshaped = (x: string, shape: number[]) =>
    graph.node("Reshape", [x, graph.integers(shape)]);
  const transposed = (x: string, perm: number[]) =>
    graph.node("Transpose", [x], { perm });

  const input = graph.input("image", "float32", [ROWS, SIZE, SIZE, 3]);
  const inputs = 3 * PATCH * PATCH;
  const patches = graph.node("Conv", [
    transposed(input, [0, 3, 1, 2]),
    weight([width, 3, PATCH, PATCH], Math.sqrt(3 / inputs)),
    weight([width], 0.02),
  ], { strides: [PATCH, PATCH], kernelShape: [PATCH, PATCH] });
  const tokens = (SIZE / PATCH) ** 2;
  let x = transposed(reshaped(patches, [0, width, tokens]), [0, 2, 1]);
  const rows = graph.node("Shape", [input], { start: 0, end: 1 });
  const one = graph.integers([1]);
  const wide = graph.integers([width]);
  const shape = graph.node("Concat", [rows, one, wide], { axis: 0 });
  const token = graph.node("Expand", [weight([1, 1, width], 0.02), shape]);
  x = graph.node("Concat", [token, x], { axis: 1 });
  x = graph.node("Add", [x, weight([1, tokens + 1, width], 0.02)]);
  const depthOfHead = width / heads;
  const split = (y: string) =>
    transposed(reshaped(y, [0, 0, heads, depthOfHead]), [0, 2, 1, 3]);
  for (let block = 0; block < depth; block++) {
    const y = normalized(x);
    const [query, key, value] = [0, 1, 2].map(() =>
      split(linear(y, width, width))
    );
    const scale = graph.scalar("float32", 1 / Math.sqrt(depthOfHead));
    const scores = graph.node("MatMul", [
      graph.node("Mul", [query!, scale]),
      transposed(key!, [0, 1, 3, 2]),
    ]);
    const weights = graph.node("Softmax", [scores], { axis: -1 });
    const attended = graph.node("MatMul", [weights, value!]);
    const merged = reshaped(transposed(attended, [0, 2, 1, 3]), [0, 0, width]);
    x = graph.node("Add", [x, linear(merged, width, width)]);
    const hidden = linear(normalized(x), width, 4 * width);
    const active = graph.node("Gelu", [hidden]);
    x = graph.node("Add", [x, linear(active, 4 * width, width)]);
  }
  const first = graph.scalar("int64", 0);
  const pooled = graph.node("Gather", [normalized(x), first], { axis: 1 });
  const logits = linear(pooled, width, NUM_CLASSES);
  graph.output("logits", logits, "float32", [ROWS, NUM_CLASSES]);
  return encodeModel(graph, { mostInside: Infinity }).bytes;
}
