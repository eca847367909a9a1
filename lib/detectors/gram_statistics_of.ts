import { cannot } from "../check.ts";
import type { SampleBlock } from "./definition.ts";

const DEFAULT_ORDERS = [1, 2, 3, 4, 5];

/** Statistics, one row per sample. */
export interface GramRows {
  /** `[n, P * D]`. */
  readonly data: Float64Array;
  /** `P * D`. */
  readonly columns: number;
}

/** The memory layout of a sample's feature. */
interface Layout {
  /** `D`. */
  readonly channels: number;
  /** Number of positions. */
  readonly positions: number;
  /** Distance from one channel to the next. */
  readonly channelStep: number;
  /** Distance from one position to the next. */
  readonly positionStep: number;
}

/**
 * Gram statistics of samples in float64; statistics that the extractor computed
 * by `gramStatistics` are returned unchanged.
 *
 * @param block The samples: feature maps, vectors, or statistics.
 * @param orders Powers; default: 1 to 5, or those of the statistics.
 * @param channels The channel axis, for sets without this information.
 * @param action The action, for messages.
 * @returns The statistics.
 * @throws {TypeError} If the channels are not known, or statistics are of other orders.
 */
export function gramStatisticsOf(
  block: SampleBlock,
  orders: readonly number[] | undefined,
  channels: "first" | "last" | undefined,
  action: string,
): GramRows {
  const { features: { data, rows, columns }, featureShape } = block;
  if (block.featureSpec?.form === "gram") {
    const count = featureShape[0]!;
    if (orders !== undefined && orders.length !== count) {
      const rule = `"orders" must be the ${count} of gramStatistics()`;
      throw new TypeError(cannot(action, rule, orders));
    }
    return { data: Float64Array.from(data), columns };
  }
  const layout = layoutOf(
    featureShape,
    channels ?? block.featureSpec?.channels,
    action,
  );
  const powers = orders ?? DEFAULT_ORDERS;
  const width = powers.length * layout.channels;
  const result = new Float64Array(rows * width); // [n, P * D]
  if (layout.positions === 1) {
    for (let row = 0; row < rows; row++) {
      powers.forEach((power, p) => {
        const to = row * width + p * columns;
        addVectorSums(data, row * columns, columns, power, result, to);
      });
    }
    return { data: result, columns: width };
  }
  const powered = new Float64Array(columns); // [D, positions]
  for (let row = 0; row < rows; row++) {
    const from = row * columns;
    powers.forEach((power, p) => {
      raise(data, from, layout, power, powered);
      const to = row * width + p * layout.channels;
      addRowSums(powered, layout, power, result, to);
    });
  }
  return { data: result, columns: width };
}

function layoutOf(
  shape: readonly number[],
  channels: "first" | "last" | undefined,
  action: string,
): Layout {
  const size = shape.reduce((product, x) => product * x, 1);
  if (shape.length > 1 && channels === undefined) {
    const rule = "the channels of feature maps must be known";
    const hint = 'pass them with gram({ channels: "last" })';
    throw new TypeError(cannot(action, rule, [...shape], hint));
  }
  const isFirst = channels === "first" && shape.length > 1;
  const count = (isFirst ? shape[0] : shape.at(-1))!;
  const positions = size / count;
  return {
    channels: count,
    positions,
    channelStep: isFirst ? positions : 1,
    positionStep: isFirst ? 1 : count,
  };
}

/** `Fᵖ`, channel by channel; by multiplication, which keeps signs. */
function raise(
  data: Float32Array | Float64Array,
  from: number,
  { channels, positions, channelStep, positionStep }: Layout,
  power: number,
  into: Float64Array,
): void {
  let to = 0;
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < positions; i++) {
      const value = data[from + c * channelStep + i * positionStep]!;
      let result = value;
      for (let k = 1; k < power; k++) result *= value;
      into[to++] = result;
    }
  }
}

/**
 * The same for a vector `f`, in `D` steps: `G` is `f_aᵖ f_bᵖ`, so that the root of
 * its absolute value is `|f_a f_b|`, and its sign that of `f_a f_b` if `p` is odd.
 */
function addVectorSums(
  data: Float32Array | Float64Array,
  from: number,
  count: number,
  power: number,
  result: Float64Array,
  to: number,
): void {
  let sum = 0;
  for (let a = 0; a < count; a++) {
    const value = data[from + a]!;
    const unit = power % 2 === 0 ? Math.abs(value) : value;
    sum += unit;
    result[to + a] = unit * sum;
  }
}

/** Sums of the rows of the lower triangle of `sign(G) |G|^(1 / p)`. */
function addRowSums(
  powered: Float64Array,
  { channels, positions }: Layout,
  power: number,
  result: Float64Array,
  to: number,
): void {
  for (let a = 0; a < channels; a++) {
    let sum = 0;
    for (let b = 0; b <= a; b++) {
      let dot = 0;
      for (let i = 0; i < positions; i++) {
        dot += powered[a * positions + i]! * powered[b * positions + i]!;
      }
      sum += power === 1 ? dot : Math.sign(dot) * root(Math.abs(dot), power);
    }
    result[to + a] = sum;
  }
}

/** `x^(1 / power)`; `**` takes several times as long as roots. */
function root(x: number, power: number): number {
  if (power === 2) return Math.sqrt(x);
  if (power === 3) return Math.cbrt(x);
  if (power === 4) return Math.sqrt(Math.sqrt(x));
  return x ** (1 / power);
}
