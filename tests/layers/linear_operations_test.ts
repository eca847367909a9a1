import { LINEAR_OPERATIONS } from "../../lib/layers/linear_operations.ts";
import { testLayerCases } from "../support/layer_cases.ts";

testLayerCases("keras_operations", LINEAR_OPERATIONS);
