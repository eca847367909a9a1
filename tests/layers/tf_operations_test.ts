import { testLayerCases } from "../support/layer_cases.ts";
testLayerCases("tf_operations");
testLayerCases("tf_functions");
