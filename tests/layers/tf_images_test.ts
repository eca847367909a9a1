import { TF_IMAGES } from "../../lib/layers/tf_images.ts";
import { testLayerCases } from "../support/layer_cases.ts";

testLayerCases("tf_functions", TF_IMAGES);
