import { REDUCTION_OPERATIONS } from "../../lib/layers/reduction_operations.ts";
import { testLayerCases } from "../support/layer_cases.ts";

testLayerCases("keras_operations", REDUCTION_OPERATIONS);
