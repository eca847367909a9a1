import { TF_ARRAYS } from "../../lib/layers/tf_arrays.ts";
import { testLayerCases } from "../support/layer_cases.ts";

testLayerCases("tf_functions", TF_ARRAYS);
testLayerCases("more_functions", TF_ARRAYS);
