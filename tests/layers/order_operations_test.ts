import { ORDER_OPERATIONS } from "../../lib/layers/order_operations.ts";
import { testLayerCases } from "../support/layer_cases.ts";

testLayerCases("keras_operations", ORDER_OPERATIONS);
testLayerCases("more_operations", ORDER_OPERATIONS);
