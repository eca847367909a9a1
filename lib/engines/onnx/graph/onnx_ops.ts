import { ShapeOps } from "../../../ops/shape_ops.ts";
import type {
  ConvOptions,
  ConvTransposeOptions,
  Ops,
  PoolingOptions,
  Recurrence,
  ScanStep,
  SliceRange,
} from "../../../ops/ops.ts";
import { type Interpolation, resizeAxis } from "../../../ops/resize.ts";
import { axisOf } from "../../../ops/shapes.ts";
import { conv, convTranspose } from "./convolutions.ts";
import { merge, unmerge } from "./merging.ts";
import { OnnxElements } from "./onnx_elements.ts";
import { castTo, named, type OnnxValue } from "./onnx_value.ts";
import { averagePool, maxPool } from "./pooling.ts";
import { recurrence } from "./recurrence.ts";
import { scan } from "./scan.ts";

const SHAPES = new ShapeOps();

/**
 * Operations that are recorded as ONNX operators.
 *
 * The recording is deliberately naive: ONNX Runtime's optimiser removes, fuses
 * and folds operators. Differences between ONNX Runtime and {@linkcode Ops} are
 * corrected only in this file and its neighbours.
 */
export class OnnxOps extends OnnxElements implements Ops<OnnxValue> {
  // ---- shape ----

  sizes(x: OnnxValue): OnnxValue {
    const name = this.graph.node("Shape", [x.name]);
    return named(castTo(this.graph, name, "int32"), SHAPES.sizes(x));
  }

  reshape(x: OnnxValue, shape: readonly number[]): OnnxValue {
    const target = this.graph.integers(shape);
    const attributes = { allowzero: shape.includes(0) ? 1 : 0 };
    const kind = SHAPES.reshape(x, shape);
    return this.node("Reshape", [x.name, target], kind, attributes);
  }

  merge(x: OnnxValue, from: number, to: number): OnnxValue {
    const [first, last] = [from, to].map((axis) =>
      axisOf(axis, x.shape.length)
    );
    const kind = SHAPES.merge(x, first!, last!);
    return named(merge(this.graph, x, first!, last!), kind);
  }

  unmerge(x: OnnxValue, axis: number, sizes: readonly number[]): OnnxValue {
    const at = axisOf(axis, x.shape.length);
    const kind = SHAPES.unmerge(x, at, sizes);
    return named(unmerge(this.graph, x, at, sizes), kind);
  }

  expandDims(x: OnnxValue, axis: number): OnnxValue {
    const axes = this.graph.integers([axis]);
    return this.node("Unsqueeze", [x.name, axes], SHAPES.expandDims(x, axis));
  }

  squeeze(x: OnnxValue, axis: number): OnnxValue {
    const axes = this.graph.integers([axis]);
    return this.node("Squeeze", [x.name, axes], SHAPES.squeeze(x, axis));
  }

  transpose(x: OnnxValue, axes: readonly number[]): OnnxValue {
    const perm = axes.map((axis) => axisOf(axis, x.shape.length));
    const kind = SHAPES.transpose(x, axes);
    if (perm.length === 0) return x;
    return this.node("Transpose", [x.name], kind, { perm });
  }

  concatenate(values: readonly OnnxValue[], axis: number): OnnxValue {
    const kind = SHAPES.concatenate(values, axis);
    const names = values.map((x) => this.as(x, kind.dtype));
    return this.node("Concat", names, kind, { axis });
  }

  stack(values: readonly OnnxValue[], axis: number): OnnxValue {
    const kind = SHAPES.stack(values, axis);
    const axes = this.graph.integers([axis]);
    const names = values.map((x) =>
      this.graph.node("Unsqueeze", [this.as(x, kind.dtype), axes])
    );
    return this.node("Concat", names, kind, { axis });
  }

  slice(x: OnnxValue, ranges: readonly SliceRange[]): OnnxValue {
    const numbers = [
      ranges.map(({ start = 0 }) => start),
      ranges.map(({ stop = Infinity }) => stop),
      ranges.map(({ axis }) => axis),
      ranges.map(({ step = 1 }) => step),
    ].map((values) => this.graph.integers(values));
    const kind = SHAPES.slice(x, ranges);
    return this.node("Slice", [x.name, ...numbers], kind);
  }

  pad(
    x: OnnxValue,
    widths: readonly (readonly [number, number])[],
    value = 0,
  ): OnnxValue {
    const kind = SHAPES.pad(x, widths, value);
    const pads = this.graph.integers([
      ...widths.map(([before]) => before),
      ...widths.map(([_, after]) => after),
    ]);
    const filler = this.graph.scalar(kind.dtype, value);
    const inputs = [this.as(x, kind.dtype), pads, filler];
    return this.node("Pad", inputs, kind);
  }

  flip(x: OnnxValue, axes: readonly number[]): OnnxValue {
    const numbers = [
      axes.map(() => -1),
      axes.map(() => -Infinity),
      axes,
      axes.map(() => -1),
    ].map((values) => this.graph.integers(values));
    return this.node("Slice", [x.name, ...numbers], SHAPES.flip(x, axes));
  }

  repeat(x: OnnxValue, times: number, axis: number): OnnxValue {
    const at = axisOf(axis, x.shape.length);
    const rows = this.expandDims(x, at + 1);
    const repeats = rows.shape.map((_, i) => i === at + 1 ? times : 1);
    const tiled = this.node("Tile", [
      rows.name,
      this.graph.integers(repeats),
    ], { ...rows, shape: rows.shape.with(at + 1, times) });
    return { ...this.merge(tiled, at, at + 1), ...SHAPES.repeat(x, times, at) };
  }

  broadcastLike(x: OnnxValue, like: OnnxValue): OnnxValue {
    const shape = this.graph.node("Shape", [like.name]);
    const kind = SHAPES.broadcastLike(x, like);
    return this.node("Expand", [x.name, shape], kind);
  }

  // ---- choosing ----

  take(x: OnnxValue, indices: OnnxValue, axis: number): OnnxValue {
    const inputs = [x.name, this.as(indices, "int32")];
    const kind = SHAPES.take(x, indices, axis);
    return this.node("Gather", inputs, kind, { axis });
  }

  oneHot(indices: OnnxValue, size: number): OnnxValue {
    const kind = SHAPES.oneHot(indices, size);
    // OneHot of ONNX counts negative indices from the end; here they match
    // nothing.
    const classes = this.constant({
      data: Int32Array.from({ length: size }, (_, i) => i),
      shape: [size],
      dtype: "int32",
    });
    const isThere = this.equal(this.expandDims(indices, -1), classes);
    return named(this.as(isThere, "float32"), kind);
  }

  topK(x: OnnxValue, k: number): OnnxValue {
    const kind = SHAPES.topK(x, k);
    const count = this.graph.integers([k]);
    const attributes = { axis: -1, largest: 1, sorted: 1 };
    const inputs = [x.name, count];
    const [values] = this.graph.nodeWith(2, "TopK", inputs, attributes);
    return named(values!, kind);
  }

  topKIndices(x: OnnxValue, k: number): OnnxValue {
    const kind = SHAPES.topKIndices(x, k);
    const attributes = { axis: -1, largest: 1, sorted: 1 };
    const inputs = [x.dtype === "bool" ? this.as(x, "int32") : x.name];
    inputs.push(this.graph.integers([k]));
    const [, indices] = this.graph.nodeWith(2, "TopK", inputs, attributes);
    return named(castTo(this.graph, indices!, "int32"), kind);
  }

  takeAlongAxis(x: OnnxValue, indices: OnnxValue, axis: number): OnnxValue {
    const kind = SHAPES.takeAlongAxis(x, indices, axis);
    const inputs = [x.name, this.as(indices, "int32")];
    return this.node("GatherElements", inputs, kind, {
      axis: axisOf(axis, x.shape.length),
    });
  }

  takeLast(x: OnnxValue, index: number): OnnxValue {
    const at = this.graph.scalar("int64", index);
    const kind = SHAPES.takeLast(x, index);
    return this.node("Gather", [x.name, at], kind, { axis: -1 });
  }

  // ---- products, maps, sequences ----

  matmul(a: OnnxValue, b: OnnxValue): OnnxValue {
    const kind = SHAPES.matmul(a, b);
    this.multiplied(...kind.shape, a.shape.at(-1)!);
    return this.binary("MatMul", a, b, kind);
  }

  einsum(equation: string, a: OnnxValue, b: OnnxValue): OnnxValue {
    const kind = SHAPES.einsum(equation, a, b);
    const letters = equation.split("->")[0]!.split(",");
    const sizes = new Map(
      [a, b].flatMap(({ shape }, i) =>
        [...letters[i]!].map((letter, axis) => [letter, shape[axis]!] as const)
      ),
    );
    this.multiplied(...sizes.values());
    return this.binary("Einsum", a, b, kind, { equation });
  }

  conv(x: OnnxValue, kernel: OnnxValue, options: ConvOptions): OnnxValue {
    const kind = SHAPES.conv(x, kernel, options);
    this.multiplied(...kind.shape.slice(1, -1), ...kernel.shape);
    this.seen(kind.shape);
    return named(conv(this.graph, this.float(x), kernel, options), kind);
  }

  convTranspose(
    x: OnnxValue,
    kernel: OnnxValue,
    options: ConvTransposeOptions,
  ): OnnxValue {
    const kind = SHAPES.convTranspose(x, kernel, options);
    const map = this.float(x);
    this.multiplied(...x.shape.slice(1, -1), ...kernel.shape);
    return named(convTranspose(this.graph, map, kernel, options), kind);
  }

  maxPool(x: OnnxValue, options: PoolingOptions): OnnxValue {
    const kind = SHAPES.maxPool(x, options);
    const name = maxPool(this.graph, this.float(x), options);
    return named(this.as({ name, dtype: "float32" }, kind.dtype), kind);
  }

  averagePool(x: OnnxValue, options: PoolingOptions): OnnxValue {
    const kind = SHAPES.averagePool(x, options);
    return named(averagePool(this.graph, this.float(x), options), kind);
  }

  resize(
    x: OnnxValue,
    size: readonly [height: number, width: number],
    interpolation: Interpolation,
  ): OnnxValue {
    const kind = SHAPES.resize(x, size, interpolation);
    const map = { ...x, name: this.as(x, kind.dtype), dtype: kind.dtype };
    const [height, width] = ([1, 2] as const).map((axis) => ({
      axis,
      before: this.#sizeOf(x, axis),
      after: size[axis - 1]!,
    }));
    const rows = resizeAxis(this, map, height!, interpolation);
    const resized = resizeAxis(this, rows, width!, interpolation);
    return named(this.as(resized, kind.dtype), kind);
  }

  scan(
    step: (
      state: readonly OnnxValue[],
      inputs: readonly OnnxValue[],
    ) => ScanStep<OnnxValue>,
    initial: readonly OnnxValue[],
    inputs: readonly OnnxValue[],
    reverse = false,
  ): ScanStep<OnnxValue> {
    const outer = this.graph;
    try {
      return scan(outer, { initial, inputs, reverse }, (body, ...values) => {
        this.graph = body;
        return step(...values);
      });
    } finally {
      this.graph = outer;
    }
  }

  recurrence(
    layer: Recurrence<OnnxValue>,
    scan: () => ScanStep<OnnxValue>,
  ): ScanStep<OnnxValue> {
    const outer = this.graph;
    const { sequence, initial } = layer;
    const floats = {
      ...layer,
      sequence: this.float(sequence),
      initial: initial?.map((state) => this.float(state)),
    };
    return recurrence(outer, floats, (graph) => {
      this.graph = graph;
      try {
        return scan();
      } finally {
        this.graph = outer;
      }
    });
  }

  /** The size of an axis, as a float computed in the run if it is unknown. */
  #sizeOf({ name, shape }: OnnxValue, axis: number): number | OnnxValue {
    const size = shape[axis]!;
    if (size !== null) return size;
    const found = this.graph.node("Shape", [name], {
      start: axis,
      end: axis + 1,
    });
    const float = castTo(this.graph, found, "float32");
    return { name: float, shape: [1], dtype: "float32" };
  }
}
