import { ELIMINATION_OPERATIONS } from "../../lib/layers/elimination_operations.ts";
import { testLayerCases } from "../support/layer_cases.ts";

testLayerCases("keras_operations", ELIMINATION_OPERATIONS);
