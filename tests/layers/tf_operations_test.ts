import { OPERATIONS } from "../../lib/layers/operation_table.ts";
import { TF_ARRAYS } from "../../lib/layers/tf_arrays.ts";
import { TF_IMAGES } from "../../lib/layers/tf_images.ts";
import { testLayerCases } from "../support/layer_cases.ts";

testLayerCases("tf_operations");
// Images and arrays have their own tests.
const others = Object.entries(OPERATIONS).filter(([name]) =>
  !Object.hasOwn(TF_IMAGES, name) && !Object.hasOwn(TF_ARRAYS, name)
);
testLayerCases("tf_functions", Object.fromEntries(others));
