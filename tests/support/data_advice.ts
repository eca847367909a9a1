/**
 * Advice about data, files of features, devices and commands, and the tests that
 * follow it.
 *
 * @module
 */

/** File, advice, and the test that does what it says. */
export const DATA_ADVICE: readonly (readonly [string, string, string])[] = [
  ["check.ts", "pass its signal", "tests/whole/data_advice_test.ts"],
  [
    "cli/_feature_columns.ts",
    "pass --list-type list",
    "tests/cli/worker_columns_test.ts",
  ],
  [
    "cli/_feature_columns.ts",
    "pass --pool mean or --list-type list, or start no worker ",
    "tests/cli/worker_any_size_test.ts",
  ],
  [
    "cli/_input_columns.ts",
    "name others by ",
    "tests/cli/worker_columns_test.ts",
  ],
  ["cli/_run_worker.ts", "pass --on-bad null", "tests/cli/worker_test.ts"],
  [
    "cli/shard_index.ts",
    "pass { shard: [index, count] }, or --shard 0/8",
    "tests/whole/data_advice_test.ts",
  ],
  [
    "cli/shard_index.ts",
    'pass { shard: { index: "env", count: 8 } }, or --shards 8',
    "tests/whole/data_advice_test.ts",
  ],
  [
    "datasets/_blank_lines.ts",
    "pass query() ",
    "tests/datasets/_table_reader_test.ts",
  ],
  [
    "datasets/_duckdb_store.ts",
    "pass the files to imageFolder() if all rows are paths",
    "tests/datasets/_hugging_face_test.ts",
  ],
  [
    "datasets/_table_reader.ts",
    "pass query() ${sql}, or header = false",
    "tests/datasets/ambiguous_csv_test.ts",
  ],
  [
    "datasets/_table_reader.ts",
    "pass query() ${sql}",
    "tests/datasets/ambiguous_csv_test.ts",
  ],
  [
    "datasets/_table_reader.ts",
    "use the options shuffle: { seed }, limit or split instead",
    "tests/datasets/query_test.ts",
  ],
  [
    "datasets/column_plan.ts",
    "convert it to numbers",
    "tests/whole/data_advice_test.ts",
  ],
  [
    "datasets/column_plan.ts",
    "name others by ${option}",
    "tests/whole/data_advice_test.ts",
  ],
  [
    "datasets/image_input.ts",
    "pass { size: ${shapeText([rows, columns])} } to resize all",
    "tests/whole/data_advice_test.ts",
  ],
  [
    "datasets/list_images.ts",
    "pass single files as an array; decompress other archives",
    "tests/whole/data_advice_test.ts",
  ],
  [
    "datasets/sample_rows.ts",
    "name the labels",
    "tests/whole/data_advice_test.ts",
  ],
  [
    "detectors/load_scorer.ts",
    "pass new Uint8Array(buffer)",
    "tests/detectors/advice_test.ts",
  ],
  [
    "engines/onnx/check_device.ts",
    'use { device: "cpu" }',
    "tests/engines/onnx/check_device_test.ts",
  ],
  [
    "engines/onnx/onnx_file_session.ts",
    'use { device: "cpu" }',
    "tests/support/programs/run_on_device.ts",
  ],
  [
    "engines/onnx/runtime/device.ts",
    'use { device: "cpu" }',
    "tests/whole/devices_test.ts",
  ],
  [
    "engines/onnx/runtime/device.ts",
    'use { device: "cpu" }',
    "tests/whole/devices_test.ts",
  ],
  ["extractor/options.ts", 'use "onnx"', "tests/whole/data_advice_test.ts"],
  [
    "features/nearest.ts",
    "name one of them",
    "tests/whole/data_advice_test.ts",
  ],
  [
    "features/nearest.ts",
    'pass a source, as in imageFolder("photos")',
    "tests/whole/data_advice_test.ts",
  ],
  [
    "features/nearest.ts",
    "pass a set, as predict() returns it",
    "tests/whole/data_advice_test.ts",
  ],
  [
    "features/nearest.ts",
    "pass what predict() or openFeatures() gives",
    "tests/whole/data_advice_test.ts",
  ],
  ["formats/_bmp.ts", "save it as PNG", "tests/formats/image_test.ts"],
  ["formats/duckdb.ts", "save it in UTF-8", "tests/whole/data_advice_test.ts"],
  ["formats/image.ts", "save it as PNG", "tests/whole/data_advice_test.ts"],
  ["formats/image.ts", "save it as PNG", "tests/whole/data_advice_test.ts"],
  [
    "formats/npy.ts",
    "save it again as an array of numbers",
    "tests/whole/data_advice_test.ts",
  ],
  [
    "store/merge_features.ts",
    "use an array or a source with a length",
    "tests/whole/data_advice_test.ts",
  ],
  [
    "store/part_folder.ts",
    "pass another target",
    "tests/extractor/write_refusals_test.ts",
  ],
  [
    "store/part_folder.ts",
    "pass another target",
    "tests/whole/data_advice_test.ts",
  ],
  ["store/target.ts", "pass a folder", "tests/whole/data_advice_test.ts"],
  [
    "store/target.ts",
    'pass { format: "safetensors" } or { format: "parquet" } for a folder',
    "tests/whole/data_advice_test.ts",
  ],
  [
    "store/write_file.ts",
    "pass another target, or allow it (--allow-write)",
    "tests/extractor/write_refusals_test.ts",
  ],
  [
    "store/save_features.ts",
    'pass a folder and { format: "${other}" }',
    "tests/store/save_features_test.ts",
  ],
];
