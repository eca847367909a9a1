import { QUANTILE_OPERATIONS } from "../../lib/layers/quantile_operations.ts";
import { testLayerCases } from "../support/layer_cases.ts";

testLayerCases("keras_operations", QUANTILE_OPERATIONS);
