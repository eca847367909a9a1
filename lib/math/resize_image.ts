/**
 * Image resizing with the semantics of `tf.image.resize`: half-pixel centres,
 * edge values beyond the edge.
 *
 * Scales and positions are float32, as in TensorFlow's kernels: in float64 a
 * position may round to another pixel.
 *
 * @module
 */

/** An image with channels last. */
export interface RasterImage {
  /** `height · width · channels` values in row-major order. */
  readonly data: Uint8Array | Float32Array;
  /** Height. */
  readonly height: number;
  /** Width. */
  readonly width: number;
  /** Channels. */
  readonly channels: number;
}

/** The interpolation between pixels. */
export interface ResizeOptions {
  /** `tf.image.ResizeMethod`. */
  readonly interpolation: "bilinear" | "nearest";
  /**
   * Whether to average over all input pixels covered by an output pixel; no
   * effect on `nearest`.
   */
  readonly antialias: boolean;
}

/** A destination rectangle in an array. */
export interface RasterTarget {
  /** The array. */
  readonly data: Float32Array;
  /** Index of the first value. */
  readonly start: number;
  /** Distance from one row to the next. */
  readonly stride: number;
}

/**
 * Resizes an image.
 *
 * Source: TensorFlow 2.21, `resize_bilinear_op.cc`,
 * `resize_nearest_neighbor_op.cc` and `scale_and_translate_op.cc`.
 *
 * @param image The image.
 * @param size Height and width of the result.
 * @param options Interpolation.
 * @param target The destination, channels last.
 */
export function resizeImage(
  image: RasterImage,
  [height, width]: readonly [number, number],
  { interpolation, antialias }: ResizeOptions,
  target: RasterTarget,
): void {
  if (interpolation === "nearest") {
    const rows = nearestOf(image.height, height);
    const columns = nearestOf(image.width, width);
    pick(image, rows, columns, target);
  } else if (antialias) {
    const rows = spansOf(image.height, height);
    const columns = spansOf(image.width, width);
    weigh(image, rows, columns, target);
  } else {
    const rows = neighboursOf(image.height, height);
    const columns = neighboursOf(image.width, width);
    blend(image, rows, columns, target);
  }
}

// ---- nearest ----

/** The input pixel that each output pixel copies. */
function nearestOf(size: number, count: number): Int32Array {
  const scale = Math.fround(size / count);
  return Int32Array.from({ length: count }, (_, i) => {
    const position = Math.fround((i + 0.5) * scale);
    return Math.min(Math.floor(position), size - 1);
  });
}

function pick(
  { data, width, channels }: RasterImage,
  rows: Int32Array,
  columns: Int32Array,
  { data: out, start, stride }: RasterTarget,
): void {
  rows.forEach((row, y) => {
    let to = start + y * stride;
    for (const column of columns) {
      const from = (row * width + column) * channels;
      for (let c = 0; c < channels; c++) out[to++] = data[from + c]!;
    }
  });
}

// ---- bilinear ----

/**
 * The two input pixels around each output pixel, and the distance from the
 * first.
 */
interface Neighbours {
  readonly lower: Int32Array;
  readonly upper: Int32Array;
  readonly share: Float32Array;
}

function neighboursOf(size: number, count: number): Neighbours {
  const scale = Math.fround(size / count);
  const lower = new Int32Array(count);
  const upper = new Int32Array(count);
  const share = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const position = Math.fround(Math.fround((i + 0.5) * scale) - 0.5);
    const floor = Math.floor(position);
    lower[i] = Math.max(floor, 0);
    upper[i] = Math.min(Math.ceil(position), size - 1);
    share[i] = position - floor;
  }
  return { lower, upper, share };
}

function blend(
  { data, width, channels }: RasterImage,
  rows: Neighbours,
  columns: Neighbours,
  target: RasterTarget,
): void {
  const { data: out, start, stride } = target;
  const left = columns.lower.map((column) => column * channels);
  const right = columns.upper.map((column) => column * channels);
  const count = left.length;
  if (channels === 3) {
    blendRgb(data, width, rows, { left, right, share: columns.share }, target);
    return;
  }
  for (let y = 0; y < rows.lower.length; y++) {
    const top = rows.lower[y]! * width * channels;
    const bottom = rows.upper[y]! * width * channels;
    const down = rows.share[y]!;
    let to = start + y * stride;
    for (let x = 0; x < count; x++) {
      const across = columns.share[x]!;
      let topLeft = top + left[x]!;
      let topRight = top + right[x]!;
      let bottomLeft = bottom + left[x]!;
      let bottomRight = bottom + right[x]!;
      for (let c = 0; c < channels; c++) {
        const a = data[topLeft++]!;
        const b = data[bottomLeft++]!;
        const above = a + (data[topRight++]! - a) * across;
        const below = b + (data[bottomRight++]! - b) * across;
        out[to++] = above + (below - above) * down;
      }
    }
  }
}

/**
 * The same, unrolled for three channels: 0.63 of the time (0.83 against 1.33 ms
 * of a processor for 500 × 375 to 224 × 224).
 */
function blendRgb(
  data: Uint8Array | Float32Array,
  width: number,
  rows: Neighbours,
  { left, right, share }: {
    readonly left: Int32Array;
    readonly right: Int32Array;
    readonly share: Float32Array;
  },
  { data: out, start, stride }: RasterTarget,
): void {
  for (let y = 0; y < rows.lower.length; y++) {
    const top = rows.lower[y]! * width * 3;
    const bottom = rows.upper[y]! * width * 3;
    const down = rows.share[y]!;
    let to = start + y * stride;
    for (let x = 0; x < left.length; x++) {
      const across = share[x]!;
      const a = top + left[x]!;
      const b = top + right[x]!;
      const c = bottom + left[x]!;
      const d = bottom + right[x]!;
      const r = data[a]! + (data[b]! - data[a]!) * across;
      const g = data[a + 1]! + (data[b + 1]! - data[a + 1]!) * across;
      const v = data[a + 2]! + (data[b + 2]! - data[a + 2]!) * across;
      const r2 = data[c]! + (data[d]! - data[c]!) * across;
      const g2 = data[c + 1]! + (data[d + 1]! - data[c + 1]!) * across;
      const v2 = data[c + 2]! + (data[d + 2]! - data[c + 2]!) * across;
      out[to] = r + (r2 - r) * down;
      out[to + 1] = g + (g2 - g) * down;
      out[to + 2] = v + (v2 - v) * down;
      to += 3;
    }
  }
}

// ---- bilinear, antialiased ----

/** The input pixels of each output pixel, and their weights. */
interface Spans {
  /** Index of the first input pixel of each. */
  readonly first: Int32Array;
  /** Maximum number of input pixels. */
  readonly length: number;
  /** `[count, length]`; zeros after the last pixel of a span. */
  readonly weights: Float32Array;
}

function spansOf(size: number, count: number): Spans {
  const f = Math.fround;
  const inverse = f(1 / f(count / size));
  const reach = Math.max(inverse, 1); // radius of the triangle filter
  const length = Math.min(2 * Math.ceil(reach) + 1, size);
  const first = new Int32Array(count);
  const weights = new Float32Array(count * length);
  for (let i = 0; i < count; i++) {
    const center = f((i + 0.5) * inverse);
    const start = Math.ceil(f(f(center - reach) - 0.5));
    const end = Math.floor(f(f(center + reach) - 0.5));
    const from = Math.min(Math.max(start, 0), size - 1);
    const to = Math.min(Math.max(end, 0), size - 1);
    const part = weights.subarray(i * length, i * length + to - from + 1);
    let total = 0;
    for (let k = 0; k < part.length; k++) {
      const distance = f(Math.abs(f(f(from + k + 0.5) - center)) / reach);
      part[k] = Math.max(0, 1 - distance);
      total += part[k]!;
    }
    for (let k = 0; k < part.length; k++) part[k]! /= total;
    first[i] = from;
  }
  return { first, length, weights };
}

/** Rows first, which leaves fewer values for the columns. */
function weigh(
  { data, height, width, channels }: RasterImage,
  rows: Spans,
  columns: Spans,
  { data: out, start, stride }: RasterTarget,
): void {
  const row = new Float64Array(width * channels);
  for (let y = 0; y < rows.first.length; y++) {
    row.fill(0);
    for (let k = 0; k < rows.length; k++) {
      const weight = rows.weights[y * rows.length + k]!;
      const from = (rows.first[y]! + k) * row.length;
      if (weight === 0 || from >= height * row.length) continue;
      for (let i = 0; i < row.length; i++) row[i]! += weight * data[from + i]!;
    }
    let to = start + y * stride;
    for (let x = 0; x < columns.first.length; x++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = 0; k < columns.length; k++) {
          const weight = columns.weights[x * columns.length + k]!;
          if (weight === 0) continue;
          sum += weight * row[(columns.first[x]! + k) * channels + c]!;
        }
        out[to++] = sum;
      }
    }
  }
}
