import { testLayerCases } from "../support/layer_cases.ts";
testLayerCases("operations");
testLayerCases("keras_operations");
