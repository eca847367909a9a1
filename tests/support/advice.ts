/**
 * Advice in the messages of a source file: strings that tell the user what to
 * pass, use, save, give or name.
 *
 * @module
 */
import { DATA_ADVICE } from "./data_advice.ts";
import { DETECTOR_ADVICE } from "./detector_advice.ts";
import type { File } from "./source_tree.ts";

/** Advice for Python, and what shows that it can be followed there. */
const PYTHON = "tests/data/make_digits_keras.py";
const KERAS = "tests/data/make_keras_models.py";
const ONNX = "tests/data/make_onnx_models.py";

/** What lib advises, by file, and where that is followed: `""` is `advice_test.ts`. */
export const FOLLOWED: readonly (readonly [string, string, string])[] = [
  ...DATA_ADVICE,
  ...DETECTOR_ADVICE,
  [
    "features/check_arrays.ts",
    "pass Array.from(labels, Number)",
    "tests/detectors/advice_test.ts",
  ],
  [
    "features/check_arrays.ts",
    'pass class indices, and the names in "classNames"',
    "tests/detectors/advice_test.ts",
  ],
  ["features/check_arrays.ts", "pass class indices, one a sample", ""],
  ["datasets/labels.ts", "pass class indices, or no ", ""],
  ["datasets/labels.ts", "pass one class index a sample, as by ", ""],
  [
    "engines/onnx/corrected_operators.ts",
    "convert the file in Python: onnx.version_converter.convert_version(model, 21)",
    ONNX,
  ],
  [
    "engines/onnx/_write_operations.ts",
    "convert the file in Python: onnx.inliner.inline_local_functions(model, True)",
    ONNX,
  ],
  [
    "engines/onnx/exact_products.ts",
    "use a processor with VNNI, or open the ",
    "tests/engines/onnx/exact_products_test.ts",
  ],
  [
    "engines/onnx/graph/lower_opset.ts",
    "convert the file in Python: onnx.version_converter.convert_version(model, 21)",
    ONNX,
  ],
  [
    "engines/tfjs/backend.ts",
    'use .engine("tfjs", { backend: "wasm" })',
    "tests/engines/tfjs/backend_test.ts",
  ],
  [
    "engines/tfjs/backend.ts",
    "give --allow-read for its files, or ",
    "tests/engines/tfjs/backend_test.ts",
  ],
  [
    "engines/tfjs/backend.ts",
    'use .engine("tfjs", { backend: "wasm" })',
    "tests/engines/tfjs/backend_test.ts",
  ],
  [
    "engines/tfjs/run_nodes.ts",
    "save the Keras model itself, as .keras or .h5",
    KERAS,
  ],
  [
    "engines/tfjs/perturb.ts",
    'use .engine("tfjs", { backend: "cpu" })',
    "tests/extractor/perturb_test.ts",
  ],
  [
    "engines/tfjs/run_nodes.ts",
    'use .engine("tfjs", { backend: "cpu" })',
    "tests/engines/tfjs/run_nodes_test.ts",
  ],
  [
    "extractor/plan.ts",
    "use .batch(1), or save the layer with output_sequence_length",
    "tests/extractor/plan_warnings_test.ts",
  ],
  [
    "extractor/run_batches.ts",
    "use .batch(1), for a model that computes one sample at a time",
    "tests/models/onnx/batch_axes_test.ts",
  ],
  [
    "extractor/plan.ts",
    "use .batch(1) for results that do not",
    "tests/extractor/plan_warnings_test.ts",
  ],
  [
    "extractor/check_postprocess.ts",
    "pass the steps one after another, not as an array",
    "",
  ],
  [
    "extractor/choose_engine.ts",
    'use .engine("tfjs") or leave the engine out',
    "",
  ],
  [
    "extractor/choose_backend.ts",
    'use .engine("tfjs", { backend: "${other}" })',
    "tests/extractor/choose_engine_test.ts",
  ],
  ["extractor/compile.ts", "use .layers([…]) or .head(id)", ""],
  ["extractor/compile.ts", "use .layers([…]) or .logits(true)", ""],
  ["extractor/compile.ts", "use .layers([…])", ""],
  [
    "extractor/feature_extractor.ts",
    "give its other parameters default values",
    "",
  ],
  [
    "extractor/feeds.ts",
    "name one that is called on others",
    "tests/extractor/feeds_test.ts",
  ],
  ["extractor/logits.ts", "name it by .head(id) before", ""],
  ["extractor/logits.ts", "name its head by .head(id) before", ""],
  ["extractor/options.ts", 'use "onnx"', ""],
  ["extractor/options.ts", 'use "tfjs"', ""],
  ["features/check_arrays.ts", "pass class indices, one a sample", ""],
  ["features/feature_set.ts", 'pass { channels: "last" } or "first"', ""],
  [
    "features/view/_input_images.ts",
    "pass the dataset that the set was made from",
    "tests/features/view/_input_images_test.ts",
  ],
  [
    "formats/file_path.ts",
    "pass the path itself",
    "tests/models/files/read_file_test.ts",
  ],
  [
    "formats/npy.ts",
    "save it again as arrays of numbers: objects are programs, and are never run",
    "tests/whole/data_advice_test.ts",
  ],
  [
    "layers/_quantization.ts",
    "save it in Python before model.quantize() is called",
    PYTHON,
  ],
  [
    "layers/_vocabulary.ts",
    "save the model as .keras in Python",
    "tests/data/make_text_layers.py",
  ],
  [
    "layers/config_reader.ts",
    "pass customObjects: { ${ asKey(storedClass) }: (config) => … }, which reads it by ${reads}, instead of the alias",
    "tests/layers/config_reader_test.ts",
  ],
  [
    "layers/config_reader.ts",
    "pass it as customObjects: { ${JSON.stringify(name)}: (ops, x) => … }",
    "tests/layers/config_reader_test.ts",
  ],
  [
    "layers/config_reader.ts",
    "pass customObjects: { ${ asKey(this.name) }: (ops, x, { ${names} }) => … }",
    "tests/layers/custom_lambda_test.ts",
  ],
  [
    "layers/custom_lambda.ts",
    "pass customObjects: { ${asKey(key!)}: (ops, x) => … }",
    "tests/layers/custom_lambda_test.ts",
  ],
  [
    "layers/custom_ops.ts",
    "pass one tensor of the list",
    "tests/layers/custom_ops_test.ts",
  ],
  [
    "check.ts",
    "save the model",
    "tests/whole/stateful_test.ts",
  ],
  [
    "engines/fixed_batches.ts",
    "pass each batch to a separate predict(), which starts from zero states, or ${STATELESS}",
    "tests/whole/stateful_test.ts",
  ],
  ["layers/text.ts", "use .batch(1)", "tests/whole/ragged_test.ts"],
  [
    "extractor/plan.ts",
    "pass batches of equally long samples",
    "tests/whole/ragged_test.ts",
  ],
  [
    "layers/recurrent.ts",
    "save the model with unroll=False, or feed it without a mask",
    KERAS,
  ],
  [
    "models/keras/lora_weights.ts",
    "save the model as .keras in Python, which merges them",
    "tests/whole/old_layers_test.ts",
  ],
  ["math/umap.ts", "use PCA", "tests/math/umap_test.ts"],
  [
    "models/files/identify.ts",
    "convert it: python -c 'import tf_keras; ",
    "tests/models/files/identify_test.ts",
  ],
  [
    "models/keras/call_arguments.ts",
    "save a copy without it in Python: ",
    "tests/data/make_subclassed.py",
  ],
  [
    "models/keras/keras_topology.ts",
    "save it as a functional model in Python: ",
    "tests/data/make_subclassed.py",
  ],
  ["models/files/identify.ts", "give the path of its file", PYTHON],
  ["models/files/identify.ts", "give the path of the model", PYTHON],
  [
    "models/files/identify.ts",
    'save it in Python with model.save("model.keras")',
    PYTHON,
  ],
  [
    "models/files/identify.ts",
    'save both in Python with model.save("model.keras")',
    PYTHON,
  ],
  ["models/files/identify.ts", "save it whole: ", PYTHON],
  [
    "models/files/open_model_file.ts",
    "pass its path or URL, as its weights lie beside it",
    "",
  ],
  ["models/keras/keras_file.ts", 'save model.save("model.keras")', PYTHON],
  ["models/keras/keras_file.ts", 'save model.save("model.keras")', PYTHON],
  [
    "models/keras/known_layers.ts",
    "pass customObjects: { ${entries} }",
    "",
  ],
  [
    "models/keras/layer_factory.ts",
    "pass it as customObjects: { ${asKey(className)}: … }",
    "tests/models/keras/layer_factory_test.ts",
  ],
  [
    "models/keras/name_weights.ts",
    'save it in the other format: model.save("model.keras")',
    PYTHON,
  ],
  [
    "models/onnx/batch_axes.ts",
    'name the batch axis of the inputs in Python: model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"',
    "tests/models/onnx/batch_axes_test.ts",
  ],
  [
    "models/onnx/onnx_checks.ts",
    "convert it in Python: onnx.version_converter.convert_version(model, 21)",
    ONNX,
  ],
  [
    "models/onnx/onnx_checks.ts",
    'export it with version ${versions[1]} of "${domain}"',
    ONNX,
  ],
  [
    "models/onnx/onnx_checks.ts",
    "export it with its functions, and without custom operators",
    ONNX,
  ],
  ["models/onnx/onnx_checks.ts", "export the model for inference", ONNX],
  [
    "formats/parquet.ts",
    "save the features with a smaller rowGroupSize, in a new process",
    "tests/formats/parquet_test.ts",
  ],
  [
    "engines/tfjs/wasm_memory.ts",
    'use a smaller batch by .batch(size), dispose of tensors, or run Keras layers with .engine("onnx")',
    "tests/engines/tfjs/wasm_memory_test.ts",
  ],
  [
    "models/onnx/onnx_external.ts",
    "pass the path of the model, or save it as one file: onnx.save(model, path)",
    "tests/models/onnx/load_onnx_test.ts",
  ],
  [
    "models/tfjs/from_layers_model.ts",
    "give its first layer an inputShape",
    "",
  ],
  [
    "postprocess/pool.ts",
    'pass it, as in pool("${kind}", { channels: "last" })',
    "tests/postprocess/pool_test.ts",
  ],
];

const STRING = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g;
const ADVICE =
  /(?:^.|; |, or |, and |: )((?:pass|use|save|give|name|convert|export) (?!layer |layers |operation |figure).*)/s;

/** One advice. */
export interface Advice {
  /** The file that has it. */
  readonly path: string;
  /** Its text, as it stands in the source, on one line. */
  readonly text: string;
}

/**
 * Finds advice in a file.
 *
 * @param file The file.
 * @returns What its strings advise.
 */
export function adviceIn({ path, source }: File): Advice[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "");
  return [...code.matchAll(STRING)].flatMap(([text]) => {
    const found = ADVICE.exec(text)?.[1];
    return found === undefined
      ? []
      : [{ path, text: found.slice(0, -1).replace(/\s+/g, " ") }];
  });
}
