import { NEURAL_OPERATIONS } from "../../lib/layers/neural_operations.ts";
import { testLayerCases } from "../support/layer_cases.ts";

testLayerCases("keras_operations", NEURAL_OPERATIONS);
