import { ELEMENTWISE_OPERATIONS } from "../../lib/layers/elementwise_operations.ts";
import { testLayerCases } from "../support/layer_cases.ts";

testLayerCases("keras_operations", ELEMENTWISE_OPERATIONS);
testLayerCases("more_operations", ELEMENTWISE_OPERATIONS);
