/**
 * Limits of TF.js' backends: operations that they cannot compute, or compute
 * wrong without an error.
 *
 * Measured with TF.js 4.22 on Deno: each layer forward and backward on `cpu`,
 * `wasm` and `webgpu`, with gradients compared to finite differences. `wasm`
 * lacks gradient kernels for some convolutions and has wrong ones for max
 * pooling and 3-D convolutions, so only gradients that were verified are used
 * there. `cpu` has wrong ones for nearest resizing, from the second row of a
 * batch on.
 *
 * @module
 */
import { type GraphNode, origin, specOf } from "../../models/graph/graph.ts";
import type { BackendName } from "./backend.ts";

/** Operations without a wasm kernel. */
const NO_WASM_KERNEL =
  /^(Einsum|I?R?FFT.*|UnsortedSegmentSum|Complex.*|Real|Imag|Ragged.*|StaticRegexReplace)$/;
/** Operations whose wasm kernel refuses other numbers than float32. */
const FLOATS_ON_WASM = /^(_FusedMatMul|(Batch)?MatMul(V2)?)$/;
/**
 * Activations that wasm can fuse with a product; it refuses others at run time.
 */
const WASM_FUSED =
  /^(biasadd|linear|relu|relu6|leakyrelu|prelu|elu|sigmoid|fusedbatchnorm)$/i;
/** Transposed 3-D convolutions, which wasm computes wrong. */
const WRONG_ON_WASM = /^Conv3DTranspose$|^Conv3DBackpropInput/;

/**
 * Casts of numbers to booleans, which wasm computes modulo 256: 0.5 and 256
 * become false.
 */
function isCastToBool({ row: { kind, config } }: GraphNode): boolean {
  return kind === "Cast" && config.dtype === "bool" && config.sdtype !== "bool";
}

/** Layers of TF.js whose gradients are correct on wasm. */
const WASM_GRADIENTS = new Set([
  "Activation",
  "AlphaDropout",
  "Conv1D",
  "Dense",
  "Dropout",
  "Flatten",
  "GaussianDropout",
  "GaussianNoise",
  "Reshape",
  "Softmax",
  "SpatialDropout1D",
]);
/** Layers and operations that resize a feature map. */
const RESIZING = /^(UpSampling2D|Resizing|ResizeNearestNeighbor)$/;

/**
 * Layers that read a mask step by step, which `webgpu` transposes incorrectly.
 */
const RECURRENT = /^(RNN|LSTM|GRU|SimpleRNN|ConvLSTM2D|Bidirectional)$/;

/** Names of average pooling in layers and graphs. */
const AVERAGE_POOLING = /^(AveragePooling[123]D|AvgPool(3D)?)$/;

/**
 * Why a node cannot run on a backend.
 *
 * @param node The node.
 * @param backend The backend.
 * @param isDifferentiated Whether a gradient is computed through it.
 * @returns The reason; undefined if it can.
 */
export function limitOf(
  node: GraphNode,
  backend: BackendName,
  isDifferentiated: boolean,
): string | undefined {
  const { kind } = node.row;
  // Built-in layers avoid wrong kernels in the forward pass.
  if (node.call.kind === "builtIn" && !isDifferentiated) return undefined;
  if (backend === "wasm") {
    if (isMissingInWasm(node)) return `"wasm" has no kernel for it`;
    if (WRONG_ON_WASM.test(kind) || isCastToBool(node)) {
      return `"wasm" computes it wrong`;
    }
  }
  if (backend === "webgpu" && RECURRENT.test(kind) && isMasked(node)) {
    return `"webgpu" computes it wrong where steps are masked`;
  }
  if (!isDifferentiated) return undefined;
  if (AVERAGE_POOLING.test(kind) && isPadded(node)) {
    return "TF.js has a wrong gradient for padded average pooling";
  }
  if (backend === "wasm" && !hasWasmGradient(node)) {
    return `"wasm" has no gradient for it that is known to be right`;
  }
  if (backend === "cpu" && RESIZING.test(kind) && isNearest(node)) {
    return `"cpu" has a wrong gradient for it`;
  }
  return undefined;
}

function isMissingInWasm({ row }: GraphNode): boolean {
  const { fusedOps, dtype = "float32" } = row.config;
  return NO_WASM_KERNEL.test(row.kind) ||
    (FLOATS_ON_WASM.test(row.kind) && dtype !== "float32") ||
    (Array.isArray(fusedOps) && !fusedOps.every((op) => WASM_FUSED.test(op)));
}

/** Whether the class is custom, whatever its name. */
function hasWasmGradient({ call, row }: GraphNode): boolean {
  return call.kind === "inMemory" && call.isBuiltInClass &&
    WASM_GRADIENTS.has(row.kind);
}

/**
 * Whether an earlier layer computes a mask, which TF.js passes to all later
 * layers.
 */
function isMasked(node: GraphNode): boolean {
  const seen = new Set<GraphNode>();
  const stack = [node];
  while (stack.length > 0) {
    const { inputs } = stack.pop()!;
    for (const { node: before } of inputs.map(origin)) {
      const { kind, config } = before.row;
      if (kind === "Masking" || config.maskZero === true) return true;
      if (!seen.has(before)) stack.push(before);
      seen.add(before);
    }
  }
  return false;
}

function isNearest({ row: { kind, config } }: GraphNode): boolean {
  const { interpolation } = config;
  return kind === "Resizing"
    ? interpolation === "nearest"
    : interpolation !== "bilinear";
}

/** Whether TF.js would divide by the full window size, including padding. */
function isPadded(node: GraphNode): boolean {
  const { config } = node.row;
  if ((config.padding ?? config.pad) !== "same") return false;
  const sizes = (ref = node.inputs[0]) =>
    (ref && specOf(origin(ref))?.shape.slice(1, -1)) ?? [];
  const pools = sizesIn(config.poolSize ?? config.kernelSize);
  const strides = sizesIn(config.strides);
  const known = sizes();
  if (known.length === 0 || config.dataFormat === "channelsFirst") return true;
  return known.some((size, i) => {
    const pool = pools[i] ?? pools[0];
    const stride = strides[i] ?? strides[0] ?? pool;
    if (size === null || pool === undefined || stride === undefined) {
      return true;
    }
    return (Math.ceil(size / stride) - 1) * stride + pool > size;
  });
}

/** Spatial sizes; graphs include the batch and the channels. */
function sizesIn(sizes: unknown): number[] {
  const list = [sizes].flat().filter((size) => typeof size === "number");
  return list.length >= 4 ? list.slice(1, -1) : list;
}
