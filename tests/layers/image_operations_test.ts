import { IMAGE_OPERATIONS } from "../../lib/layers/image_operations.ts";
import { testLayerCases } from "../support/layer_cases.ts";

testLayerCases("keras_operations", IMAGE_OPERATIONS);
testLayerCases("more_operations", IMAGE_OPERATIONS);
