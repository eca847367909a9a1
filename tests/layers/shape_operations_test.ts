import { SHAPE_OPERATIONS } from "../../lib/layers/shape_operations.ts";
import { testLayerCases } from "../support/layer_cases.ts";

testLayerCases("keras_operations", SHAPE_OPERATIONS);
