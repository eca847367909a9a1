/**
 * Convolutions over 1, 2 or 3 spatial axes: each filter computes, at every
 * window position, the sum of products with the values in the window.
 *
 * Source: Keras 3.15 `Conv1D`, `Conv2D`, `Conv3D`; Keras 2 writes the same
 * options. tf_keras 2.21 `LocallyConnected1D`, `LocallyConnected2D` with
 * all implementations; not in Keras 3.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import type { FactoryTable, LayerConfig, LayerFactory } from "./layer.ts";
import {
  checkRank,
  checkWeight,
  depthOf,
  positiveInts,
  wrongCall,
  wrongOption,
} from "./_checks.ts";
import { localMatrix, type LocalSizes, outputSizes } from "./_local_matrix.ts";
import { checkPlainWeights } from "./_quantization.ts";
import {
  filterLayer,
  filterOptions,
  forAxes,
  fromChannelsLast,
  noMasks,
  paddedBefore,
  paddingOf,
  patchesOf,
  readChannels,
  type SpatialAxes,
  toChannelsLast,
} from "./_maps.ts";

/**
 * Conv1D, Conv2D, Conv3D: `activation(x ∗ kernel + bias)` over
 * `[N, …positions, D]`. In 1-D, `causal` pads `dilation · (size − 1)` zeros
 * before the first time step.
 *
 * @param axes Number of spatial axes.
 * @returns The factory.
 */
function convolution(axes: SpatialAxes): LayerFactory {
  return (config) => {
    checkPlainWeights(config);
    const filters = config.number("filters");
    const { size, before, ...windows } = filterOptions(
      config,
      axes,
      axes === 1,
    );
    const groups = positiveInts(config, "groups", 1, 1)[0]!;
    if (filters % groups !== 0) {
      throw wrongOption(config, "groups", `divide the ${filters} filters`);
    }
    return filterLayer(config, {
      axes,
      kernels: ["kernel"],
      compute(ops, x, { kernel }) {
        const depth = depthOf(config.name, ops.shape(x));
        const wanted = [...size, depth / groups, filters];
        checkWeight(config.name, "kernel", ops.shape(kernel!), wanted);
        const padded = paddedBefore(ops, x, before);
        return ops.conv(padded, kernel!, { ...windows, groups });
      },
    });
  };
}

/**
 * LocallyConnected1D, LocallyConnected2D: at each position, the product of its
 * window with a kernel of the position, plus a bias of the position.
 *
 * @param axes Number of spatial axes.
 * @returns The factory.
 */
function locallyConnected(axes: 1 | 2): LayerFactory {
  return (config) => {
    const { size, strides, filters, isMatrix, padding } = optionsOf(
      config,
      axes,
    );
    const channels = readChannels(config);
    const activation = config.activation("activation");
    const hasBias = config.boolean("use_bias", true);
    return {
      weights: hasBias ? ["kernel", "bias"] : ["kernel"],
      channels,
      masks: noMasks,
      call(ops, [x], { kernel, bias }) {
        checkRank(config.name, ops.shape(x!), axes + 2);
        if (isMatrix) {
          const settings = { padding, channels, filters, size, strides, axes };
          const output = byMatrix(ops, [x!, kernel!, bias], settings, config);
          return [activation(ops, output)];
        }
        const last = toChannelsLast(ops, x!, channels);
        const depth = depthOf(config.name, ops.shape(last));
        const patches = patchesOf(
          ops,
          axes === 1 ? ops.expandDims(last, 2) : last,
          { size, strides, dilation: [1, 1], padding: "valid" },
          config.name,
        ); // [N, rows, columns, size · D]
        const positions = ops.shape(patches).slice(1, axes + 1) as number[];
        // Keras lists the channels of a window first if they are first.
        const windows = channels === "last"
          ? patches
          : channelsBefore(ops, patches, depth);
        const flat = ops.merge(windows, 1, 2); // [N, positions, size · D]
        const [, count, width] = ops.shape(flat);
        const wanted = [count!, width!, filters];
        checkWeight(config.name, "kernel", ops.shape(kernel!), wanted);
        const product = ops.einsum("npw,pwf->npf", flat, kernel!);
        const output = fromChannelsLast(
          ops,
          axes === 1 ? product : ops.unmerge(product, 1, positions),
          channels,
        );
        if (!hasBias) return [activation(ops, output)];
        const sizes = [...positions, filters];
        checkWeight(config.name, "bias", ops.shape(bias!), sizes);
        // Keras reshapes the bias, where a transpose would be expected.
        const aligned = channels === "last"
          ? bias!
          : ops.reshape(bias!, [filters, ...positions]);
        return [activation(ops, ops.add(output, aligned))];
      },
    };
  };
}

/** The same as one product, of weights that are stored for it. */
function byMatrix<T>(
  ops: Ops<T>,
  [x, kernel, bias]: readonly [T, T, T | undefined],
  { axes, size, strides, ...settings }: Omit<LocalSizes, "input" | "depth"> & {
    readonly axes: 1 | 2;
  },
  config: LayerConfig,
): T {
  const isLast = settings.channels === "last";
  const shape = ops.shape(x).slice(1);
  const known = shape.filter((n) => n !== null);
  if (known.length < shape.length) {
    throw wrongCall(config.name, "the sizes of its input must be known", shape);
  }
  const [depth, input] = isLast
    ? [known.at(-1)!, known.slice(0, -1)]
    : [known[0]!, known.slice(1)];
  const sizes: LocalSizes = {
    ...settings,
    depth,
    input,
    size: size.slice(0, axes),
    strides: strides.slice(0, axes),
  };
  const flat = ops.merge(x, 1, axes + 1); // [N, inputs]
  const product = ops.matmul(
    flat,
    localMatrix(ops, kernel, sizes, config.name),
  );
  const whole = outputSizes(sizes);
  const values = ops.unmerge(product, 1, whole);
  if (bias === undefined) return values;
  return ops.add(values, isLast ? bias : ops.reshape(bias, whole));
}

function optionsOf(config: LayerConfig, axes: 1 | 2) {
  const implementation = config.number("implementation", 1);
  if (![1, 2, 3].includes(implementation)) {
    throw wrongOption(config, "implementation", "be 1, 2 or 3");
  }
  const isMatrix = implementation !== 1;
  const allowed = isMatrix ? ["valid", "same"] as const : ["valid"] as const;
  const padding = paddingOf(config, allowed);
  const pair = (values: readonly number[]) => [...values, 1].slice(0, 2);
  return {
    isMatrix,
    padding,
    filters: config.number("filters"),
    size: pair(positiveInts(config, "kernel_size", axes)),
    strides: pair(positiveInts(config, "strides", axes, 1)),
  };
}

/** Windows `[…, size · D]` as `[…, D · size]`. */
function channelsBefore<T>(ops: Ops<T>, patches: T, depth: number): T {
  const split = ops.unmerge(patches, 3, [-1, depth]);
  return ops.merge(ops.transpose(split, [0, 1, 2, 4, 3]), 3, 4);
}

/** Factories of this family. */
export const CONVOLUTION_LAYERS: FactoryTable = Object.freeze({
  ...forAxes([1, 2, 3], convolution, "Conv#D", "Convolution#D"),
  ...forAxes([1, 2], locallyConnected, "LocallyConnected#D"),
});
