import { TF_OPERATIONS } from "../../lib/layers/tf_operations.ts";
import { testLayerCases } from "../support/layer_cases.ts";

testLayerCases("tf_operations");
testLayerCases("tf_functions", TF_OPERATIONS);
