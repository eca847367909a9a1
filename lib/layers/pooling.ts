/**
 * Pooling over 1, 2 or 3 spatial axes: the maximum or mean of each window;
 * padding is ignored.
 *
 * Source: Keras 3.15 `MaxPooling1D` to `AveragePooling3D`; Keras 2 writes the
 * same options.
 *
 * @module
 */
import type { FactoryTable, LayerFactory } from "./layer.ts";
import { positiveInts } from "./_checks.ts";
import { forAxes, mapLayer, paddingOf, type SpatialAxes } from "./_maps.ts";

const pooling =
  (kind: "maxPool" | "averagePool") =>
  (axes: SpatialAxes): LayerFactory =>
  (config) => {
    const size = positiveInts(config, "pool_size", axes, 2);
    const strides = positiveInts(config, "strides", axes, size);
    const padding = paddingOf(config, ["valid", "same"]);
    return mapLayer(config, {
      axes,
      compute: (ops, x) => ops[kind](x, { size, strides, padding }),
    });
  };

/** Factories of this family. */
export const POOLING_LAYERS: FactoryTable = Object.freeze({
  ...forAxes([1, 2, 3], pooling("maxPool"), "MaxPooling#D", "MaxPool#D"),
  ...forAxes(
    [1, 2, 3],
    pooling("averagePool"),
    "AveragePooling#D",
    "AvgPool#D",
  ),
});
