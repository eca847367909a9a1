/**
 * The rules of the source tree: which folder may import which, that no files
 * import each other in a circle, that tests reach every module, that every
 * public name is there, and how long a file may be.
 *
 * Each rule is a function from files to their faults, in
 * `support/source_tree.ts`, so that it can be shown here that it finds any.
 */
import { assert, assertEquals } from "@std/assert";
import { type PublicDocs, publicDocs } from "./support/public_docs.ts";
import {
  circles,
  computes,
  consoleFaults,
  evaluatedBy,
  fileAt,
  filesIn,
  folderFaults,
  type FolderTable,
  importFaults,
  laterFaults,
  MAX_CODE_LINES,
  numCodeLines,
  sizeAndNameFaults,
  untested,
} from "./support/source_tree.ts";

const MODELS = ["models/graph", "models/files", "models/keras", "models/tfjs"];
MODELS.push("models/onnx");

const ONNX = ["graph", "rewrites", "runtime"].map((x) => `engines/onnx/${x}`);

const STAGES = ["math", "formats", "display", "datasets", "ops", "layers"];
STAGES.push("shaping", "postprocess", "models", ...MODELS, "engines");
STAGES.push("engines/tfjs", "engines/onnx", ...ONNX, "features");
STAGES.push("linalg", "store");

/**
 * What a folder of `lib` may import, beside itself and the modules at the head
 * of `lib`. Names are paths from `lib`; a row adds to its parent's row.
 */
const MAY_IMPORT: FolderTable = {
  math: [],
  linalg: ["math", "engines/onnx/graph", "engines/onnx/runtime"],
  formats: ["math"],
  display: ["math", "formats"],
  datasets: ["math", "formats", "display"],
  ops: ["math"],
  layers: ["ops", "math"],
  shaping: ["ops", "math"],
  postprocess: ["ops"],
  models: ["layers", "ops", ...MODELS],
  "models/graph": ["math", "formats", "ops", "layers", "display"],
  "models/files": ["formats"],
  "models/keras": ["models/graph", "models/files", "layers", "formats"],
  "models/tfjs": [
    ...["models/graph", "models/files", "models/keras", "layers", "formats"],
  ],
  "models/onnx": ["models/graph", "models/files", "formats"],
  engines: ["math", "formats", "ops", "layers", "models", ...MODELS],
  "engines/tfjs": ["engines"],
  "engines/onnx": ["engines", ...ONNX],
  "engines/onnx/graph": ["ops", "formats"],
  "engines/onnx/rewrites": ["engines/onnx/graph"],
  "engines/onnx/runtime": [],
  features: ["math", "linalg", "display", "features/view"],
  "features/view": [],
  store: ["math", "linalg", "formats", "display", "features"],
  extractor: [...STAGES, "cli"], // of it, the environment alone
  detectors: ["math", "linalg", "formats", "display", "features"],
  metrics: ["math", "display", "features", "features/view"],
  cli: [...STAGES, "extractor"],
  evaluation: [
    ...["math", "display", "features", "features/view", "detectors", "metrics"],
  ],
};

/** The public names. */
const PUBLIC_NAMES: readonly string[] = [
  ...["FeatureExtractor", "KerasFeatureExtractor", "loadModel"],
  ...["fromLayersModel", "fromGraphModel", "featureSet", "concatFeatures"],
  ...["pool", "flatten", "normalize", "half", "gramStatistics"],
  ...["notebook", "show", "scoreHistogram", "projection", "tf"],
  ...["featureMaps", "heatMap", "kernels", "confusionMatrix", "figureGrid"],
  ...["FigureOptions", "ScoreHistogramOptions", "rocFigure", "auroc", "aupr"],
  ...["fprAtTpr", "detectionError", "rocCurve", "prCurve", "oodMetrics"],
  ...["OodMetrics", "Interval", "Scores", "PositiveSide", "accuracy"],
  ...["calibrationError"],
  ...["benchmark", "BenchmarkTable", "recommend", "Recommendation"],
  ...["msp", "maxLogit", "energy", "mahalanobis", "deepKnn", "DETECTORS"],
  ...["defineDetector", "loadScorer", "Detector", "Scorer", "Decisions"],
  ...["DecidingScorer", "FitFreeDetector", "FeatureInput", "StoredFeatures"],
  ...["openFeatures", "saveFeatures", "SaveOptions", "Written"],
  ...["mergeFeatures", "WriteOptions", "clearCache", "CacheOptions"],
  ...["nearest", "NearestOptions", "Neighbors"],
  ...["LayerNotFoundError", "ModelFormatError", "UnsupportedByEngineError"],
  ...["DType", "NdArray", "FeatureArray", "FeatureSpec", "FeatureSet"],
  ...["FeatureSource", "TensorSpec", "LayerRow", "Weights", "Model"],
  ...["TensorLike", "Inputs", "Labels", "Batch", "DataSource", "Dataset"],
  ...["imageFolder", "ImageOptions", "SampleOptions", "SkippedSample"],
  ...["LayerId", "RunOptions", "Progress", "TensorFeatures", "Runs"],
  ...["OpenExtractor", "PercentileOptions", "Plan", "Postprocess"],
  ...["BuiltInPostprocess", "PoolOptions", "PostprocFns", "Figure"],
];

const LIB = filesIn("lib");
const TESTS = filesIn("tests");
const NOTEBOOKS = filesIn("notebooks");
const MOD = fileAt("mod.ts");

// ---- the rules, over the tree ----

Deno.test("lib imports only what the table of folders allows", () => {
  assertEquals(LIB.flatMap((file) => importFaults(MAY_IMPORT, file)), []);
});

Deno.test("lib has the folders of the table, and no other", () => {
  assertEquals(folderFaults(MAY_IMPORT, LIB), []);
});

/** Modules that importing mod.ts must not evaluate: engines, readers of models, algebra beyond plain loops, packages. */
const NOT_AT_IMPORT =
  /^(?!\.|lib\/|mod\.ts|deno\.json)|^lib\/(cli|linalg\/(?!nearest_list|row_products)|engines\/(tfjs|onnx\/(graph|rewrites))|models\/(files|keras|onnx|read_model))\b/;

Deno.test("mod.ts evaluates no engine, reader, package or module of Node when it is imported", () => {
  const evaluated = evaluatedBy([MOD, ...LIB], "mod.ts");
  assertEquals(evaluated.filter((path) => NOT_AT_IMPORT.test(path)), []);
  assert(evaluated.includes("lib/extractor/feature_extractor.ts"));
  // Each adds a third of a millisecond. What is asynchronous can load more.
  assert(evaluated.length <= 290, `${evaluated.length} modules`);
});

Deno.test("evaluatedBy() follows values, not types, nor deferred and later imports", () => {
  const file = (path: string, source: string) => ({ path, source });
  const files = [
    file(
      "mod.ts",
      `import defer * as late from "./late.ts";
import type { A } from "./types.ts";
import { type B } from "./types.ts";
export { type C, value } from "./a.ts";
await import("./later.ts");`,
    ),
    file("a.ts", 'import "node:fs";'),
  ];
  assertEquals(evaluatedBy(files, "mod.ts"), ["mod.ts", "a.ts", "node:fs"]);
});

Deno.test("lib has no circle of files", () => {
  assertEquals(circles(LIB), []);
});

Deno.test("lib has no module with code that no test covers", () => {
  assertEquals(untested(LIB, TESTS), []);
});

Deno.test("lib writes to the console in lib/display and lib/cli only", () => {
  assertEquals(LIB.flatMap(consoleFaults), []);
});

Deno.test("files are named for what they hold, and stay short", () => {
  assertEquals([...LIB, ...TESTS, ...NOTEBOOKS].flatMap(sizeAndNameFaults), []);
});

Deno.test("no file leaves work for later", () => {
  const faults = [...LIB, ...TESTS, ...NOTEBOOKS, MOD].flatMap(laterFaults);
  assertEquals(faults, []);
});

Deno.test("mod.ts exports every public name, and none from private modules", async () => {
  const { names } = await publicDocs();
  assertEquals(PUBLIC_NAMES.filter((name) => !names.includes(name)), []);
  assertEquals(MOD.source.match(/from "\.[^"]*\/_[^"]*"/g), null);
});

Deno.test("mod.ts has no any in its public types", async () => {
  const docs = await publicDocs();
  assertEquals(docs.anyAt, []);
  // What finds the one keyword finds the others too.
  assert(docs.numKeywords > 100, `${docs.numKeywords} keywords in all`);
});

Deno.test("mod.ts documents each name with a category, and shows what can be called", async () => {
  const { withoutCategory, withoutExample } = await publicDocs();
  assertEquals(withoutCategory, []);
  assertEquals(withoutExample, []);
});

Deno.test("mod.ts opens with FeatureExtractor and loadModel, and ends with Ops", async () => {
  const { names } = await publicDocs();
  assertEquals(names.slice(0, 2), ["FeatureExtractor", "loadModel"]);
  assertEquals(names.at(-1), "Ops");
});

// ---- the rules find faults ----

Deno.test("importFaults() finds imports against the table", () => {
  const source = `import { a } from "../engines/session.ts";
import type { B } from "../types.ts";
export * from "../features/_column.ts";
const later = await import("../../mod.ts");
const worker = new Worker(new URL("../engines/worker.ts", import.meta.url));
import "./statistics.ts";
import {
  c,
} from "../../tests/support/all_close.ts";
import { show } from "@sonde/sonde";
/** import { show } from "@sonde/sonde"; */`;
  assertEquals(importFaults(MAY_IMPORT, { path: "lib/math/pca.ts", source }), [
    "lib/math/pca.ts imports lib/engines/session.ts",
    "lib/math/pca.ts imports lib/features/_column.ts",
    "lib/math/pca.ts imports mod.ts",
    "lib/math/pca.ts imports lib/engines/worker.ts",
    "lib/math/pca.ts imports tests/support/all_close.ts",
    "lib/math/pca.ts imports mod.ts",
  ]);
  const faultsOf = (path: string, target: string) =>
    importFaults(MAY_IMPORT, { path, source: `import "${target}";` });
  assertEquals(faultsOf("lib/extractor/plan.ts", "../features/_rows.ts"), [
    "lib/extractor/plan.ts imports lib/features/_rows.ts",
  ]);
  assertEquals(faultsOf("lib/check.ts", "./math/pca.ts"), [
    "lib/check.ts imports lib/math/pca.ts",
  ]);
});

Deno.test("importFaults() knows folders by their whole path", () => {
  const faultsOf = (path: string, target: string) =>
    importFaults(MAY_IMPORT, { path, source: `import "${target}";` });
  // A folder takes what its parent takes, but not its neighbours.
  assertEquals(
    faultsOf("lib/engines/onnx/graph/a.ts", "../../../math/a.ts"),
    [],
  );
  assertEquals(faultsOf("lib/models/onnx/a.ts", "../keras/a.ts"), [
    "lib/models/onnx/a.ts imports lib/models/keras/a.ts",
  ]);
  assertEquals(faultsOf("lib/engines/onnx/a.ts", "../tfjs/a.ts"), [
    "lib/engines/onnx/a.ts imports lib/engines/tfjs/a.ts",
  ]);
});

Deno.test("folderFaults() finds folders on one side only", () => {
  const files = [{ path: "lib/a/b/c.ts", source: "" }];
  assertEquals(folderFaults({ "a": [] }, files), [
    "lib/a/b is not in the table",
    "lib/a is in the table, but not there",
  ]);
});

Deno.test("circles() finds files that import each other, types and later imports among them", () => {
  const files = [
    { path: "lib/a.ts", source: `import type { B } from "./b.ts";` },
    { path: "lib/b.ts", source: `await import("./c.ts");` },
    { path: "lib/c.ts", source: `export * from "./b.ts";` },
  ];
  assertEquals(circles(files), ["lib/b.ts → lib/c.ts → lib/b.ts"]);
  assertEquals(circles(files.slice(0, 2)), []);
});

Deno.test("untested() finds modules that no test covers", () => {
  const lib = [
    { path: "lib/math/a.ts", source: "export function a() {}" },
    { path: "lib/math/b.ts", source: "export function b() {}" },
    { path: "lib/math/c.ts", source: "export interface C {}" },
    { path: "lib/math/d.ts", source: "export function d() {}" },
    { path: "lib/math/_e.ts", source: "export function e() {}" },
  ];
  const tests = [
    { path: "tests/a_test.ts", source: `import "../lib/math/a.ts"` },
    { path: "tests/math/b_test.ts", source: "" },
    { path: "tests/math/d_test.ts", source: `Deno.test("d", () => {});` },
  ];
  assertEquals(untested(lib, tests), ["lib/math/b.ts is covered by no test"]);
});

Deno.test("computes() tells modules with values from modules with types only", () => {
  const of = (source: string) => computes({ path: "", source });
  assert(of("export async function run() {}"));
  assert(of("export abstract class Base {}"));
  assert(of("export const NAMES: string[] = [];"));
  assert(!of("export interface Plan {\n  readonly a: number;\n}"));
  assert(!of("/** function */\nexport type A = string;"));
});

Deno.test("consoleFaults(), sizeAndNameFaults() and laterFaults() find faults", () => {
  const source = "x;\n// a comment\n\n".repeat(MAX_CODE_LINES + 1);
  assertEquals(numCodeLines({ path: "", source }), MAX_CODE_LINES + 1);
  assertEquals(
    sizeAndNameFaults({ path: "lib/math/utils.ts", source }),
    [
      "lib/math/utils.ts says nothing by its name",
      `lib/math/utils.ts has ${MAX_CODE_LINES + 1} lines of code`,
    ],
  );
  assertEquals(
    sizeAndNameFaults({ path: "lib/math/fastPca.ts", source: "" }),
    ["lib/math/fastPca.ts is not in snake_case"],
  );
  const log = `// console.log is not\nconsole.log("here"); // ${"TO"}DO`;
  const file = { path: "lib/math/pca.ts", source: log };
  assertEquals(consoleFaults(file), ["lib/math/pca.ts:2 uses the console"]);
  assertEquals(laterFaults(file), ["lib/math/pca.ts:2 leaves work for later"]);
  assertEquals(consoleFaults({ ...file, path: "lib/display/show.ts" }), []);
});

Deno.test("publicDocs() finds any in public types, and what is not documented", async () => {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(
      file,
      `export function f(a: Record<string, any>): void {}
/**
 * @category C
 * @example E
 */
export class G { h(): void {} }
/** @category C */
export interface I { j(): void }
`,
    );
    const docs: PublicDocs = await publicDocs(file);
    assertEquals(docs.names, ["f", "G", "I"]);
    assertEquals(docs.anyAt.length, 1);
    assertEquals(docs.withoutExample, ["f", "G.h"]);
    assertEquals(docs.withoutCategory, ["f"]);
  } finally {
    await Deno.remove(file);
  }
});
