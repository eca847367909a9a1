import { testLayerCases } from "../support/layer_cases.ts";
testLayerCases("operations");
