import { INDEXING_OPERATIONS } from "../../lib/layers/indexing_operations.ts";
import { testLayerCases } from "../support/layer_cases.ts";

testLayerCases("keras_operations", INDEXING_OPERATIONS);
testLayerCases("more_operations", INDEXING_OPERATIONS);
