import { TF_SCORES } from "../../lib/layers/tf_scores.ts";
import { testLayerCases } from "../support/layer_cases.ts";

testLayerCases("more_functions", TF_SCORES);
