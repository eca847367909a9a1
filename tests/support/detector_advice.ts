/**
 * Advice about detectors and their evaluation, and where each is followed.
 *
 * @module
 */

/** File, advice, and the test that does what it says. */
export const DETECTOR_ADVICE: readonly (readonly [string, string, string])[] = [
  [
    "detectors/_feature_profile.ts",
    "use perLayer(detector) for all layers",
    "tests/detectors/advice_test.ts",
  ],
  [
    "detectors/_input_stream.ts",
    "pass a function, as in () => extractor.stream(dataset), which can be called again",
    "tests/detectors/advice_test.ts",
  ],
  [
    "detectors/_sample_block.ts",
    "name the head with .head(…)",
    "tests/detectors/advice_test.ts",
  ],
  [
    "detectors/_sample_block.ts",
    "use a detector that needs ",
    "tests/detectors/bad_input_test.ts",
  ],
  [
    "detectors/_sample_block.ts",
    "use maxLogit(), or a ",
    "tests/detectors/advice_test.ts",
  ],
  [
    "detectors/_sample_reader.ts",
    "pass head to ",
    "tests/detectors/advice_test.ts",
  ],
  [
    "detectors/_scorer_file.ts",
    "save the scorer again",
    "tests/detectors/advice_test.ts",
  ],
  [
    "detectors/class_gaussians.ts",
    "use a detector without a covariance",
    "tests/detectors/advice_test.ts",
  ],
  [
    "detectors/conformal.ts",
    'pass more, or a lower "tpr"',
    "tests/detectors/advice_test.ts",
  ],
  [
    "detectors/fit_temperature.ts",
    "pass more held-out samples",
    "tests/detectors/advice_test.ts",
  ],
  [
    "detectors/load_scorer.ts",
    "pass { detectors: [${name}] }",
    "tests/detectors/advice_test.ts",
  ],
  [
    "detectors/per_layer.ts",
    "use deepKnn(), …",
    "tests/detectors/advice_test.ts",
  ],
  [
    "detectors/subspace.ts",
    "use deepKnn()",
    "tests/detectors/covariance_detectors_test.ts",
  ],
  [
    "detectors/rmds.ts",
    "use mahalanobis()",
    "tests/detectors/covariance_detectors_test.ts",
  ],
  [
    "detectors/subspace.ts",
    'pass a lower "dims"',
    "tests/detectors/advice_test.ts",
  ],
  [
    "detectors/vim.ts",
    'pass a lower "dims", or use maxLogit()',
    "tests/detectors/advice_test.ts",
  ],
  [
    "detectors/vim.ts",
    "use residual() and energy()",
    "tests/detectors/advice_test.ts",
  ],
  [
    "detectors/_class_covariances.ts",
    'use gmm({ covariance: "diag" })',
    "tests/detectors/gmm_test.ts",
  ],
  [
    "detectors/_class_covariances.ts",
    'use gmm({ covariance: "tied" }), or leave the class out',
    "tests/detectors/gmm_test.ts",
  ],
  [
    "detectors/gram_statistics_of.ts",
    'pass them with gram({ channels: "last" })',
    "tests/detectors/gram_test.ts",
  ],
  [
    "detectors/nn_guide.ts",
    "use deepKnn(), or ",
    "tests/detectors/nn_guide_test.ts",
  ],
  [
    "detectors/_class_covariances.ts",
    "use a detector without a covariance, as deepKnn()",
    "tests/detectors/gmm_test.ts",
  ],
  [
    "detectors/_class_covariances.ts",
    'use gmm({ covariance: "tied" }), leave the class out, or ',
    "tests/detectors/gmm_test.ts",
  ],
  [
    "evaluation/recommend.ts",
    "pass ",
    "tests/evaluation/recommend_test.ts",
  ],
  [
    "evaluation/_checked_options.ts",
    'pass it as { name: "…", detector }',
    "tests/evaluation/benchmark_test.ts",
  ],
  [
    "evaluation/_checked_options.ts",
    "pass what made it",
    "tests/evaluation/benchmark_test.ts",
  ],
  [
    "evaluation/_model_facts.ts",
    "pass the result of loadModel(), or extractor.model",
    "tests/evaluation/recommend_test.ts",
  ],
  [
    "detectors/load_scorer.ts",
    "pass the file that scorer.save wrote",
    "tests/detectors/advice_test.ts",
  ],
  [
    "detectors/per_layer.ts",
    "use ${name}() with a set of .penultimate()",
    "tests/detectors/per_layer_test.ts",
  ],
  [
    "detectors/per_layer.ts",
    "use ${name}() on one layer; the cause is the error of that fit",
    "tests/detectors/folds_test.ts",
  ],
  [
    "detectors/subspace.ts",
    "use mahalanobis()",
    "tests/detectors/covariance_detectors_test.ts",
  ],
];
