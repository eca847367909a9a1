/**
 * The tree checks itself: which folder may import which, that every module has
 * its test, that every public name is there, and a few habits of the house.
 *
 * Each rule is a function from a file to its faults, so that it can be shown
 * here that it finds any.
 */
import { assert, assertEquals } from "@std/assert";
import { type PublicDocs, publicDocs } from "./support/public_docs.ts";

const ROOT = new URL("../", import.meta.url);

const STAGES = ["math", "formats", "display", "datasets", "ops", "layers"];
STAGES.push("shaping", "postprocess", "models", "engines", "features", "store");

/** What a folder of lib may import, beside itself and the modules at its head. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  math: [],
  formats: [],
  display: ["math", "formats"],
  datasets: ["math", "formats", "display"],
  ops: ["math"],
  layers: ["ops", "math"],
  shaping: ["ops"],
  postprocess: ["ops"],
  models: ["math", "ops", "layers", "formats", "display"],
  engines: ["math", "ops", "layers", "models", "formats"],
  features: ["math", "display"],
  store: ["math", "formats", "display", "features"],
  extractor: STAGES,
  detectors: ["math", "formats", "display", "features"],
  metrics: ["math", "display"],
  evaluation: [
    "math",
    "formats",
    "display",
    "features",
    "models",
    "detectors",
    "metrics",
  ],
  cli: [...STAGES, "extractor", "detectors", "metrics", "evaluation"],
};

/** The modules at the head of lib, which all may import. */
const HEAD = ["types.ts", "errors.ts", "check.ts", "tf.ts"];

/** Registries carry no files beside modules: versions come from deno.json as a module. */
const OUTSIDE: Readonly<Record<string, string>> = {
  "lib/display/package_file.ts": "deno.json",
};

/** The names that a user is promised. */
const PUBLIC_NAMES: readonly string[] = [
  ...["FeatureExtractor", "KerasFeatureExtractor", "loadModel"],
  ...["fromLayersModel", "fromGraphModel", "featureSet", "concatFeatures"],
  ...["pool", "flatten", "normalize", "half", "gramStatistics"],
  ...["notebook", "show", "scoreHistogram", "projection", "tf"],
  ...["LayerNotFoundError", "ModelFormatError", "UnsupportedByEngineError"],
  ...["DType", "NdArray", "FeatureArray", "FeatureSpec", "FeatureSet"],
  ...["FeatureSource", "TensorSpec", "LayerRow", "Weights", "Model"],
  ...["TensorLike", "Inputs", "Labels", "Batch", "DataSource", "Dataset"],
  ...["LayerId", "RunOptions", "Progress", "TensorFeatures", "Runs"],
  ...["OpenExtractor", "PercentileOptions", "Plan", "Postprocess"],
  ...["GivenPostprocess", "PoolOptions", "PostprocFns", "Figure"],
];

const MOST_LINES = 500;
const EMPTY_NAMES = /^_?(utils?|helpers?|common|base|manager|handler|misc)\b/;

interface File {
  /** Path from the root, as "lib/math/pca.ts". */
  readonly path: string;
  readonly source: string;
}

const LIB = [...filesIn("lib")];
const TESTS = [...filesIn("tests")];
const NOTEBOOKS = [...filesIn("notebooks")];
const MOD = fileAt("mod.ts");

// ---- the rules, over the tree ----

Deno.test("lib imports only what the table of folders allows", () => {
  assertEquals(LIB.flatMap(importFaults), []);
});

Deno.test("lib has every folder in the table of folders", () => {
  const folders = new Set(LIB.map(({ path }) => folderOf(path)));
  folders.delete("");
  assertEquals([...folders].filter((name) => !(name in MAY_IMPORT)), []);
});

/** A test is declared as such, or by a function that wraps one. */
const DECLARES_TEST = /^\s*(Deno\.test|test\w*|counted|onBackends)\(/m;

Deno.test("lib has a test at the mirrored path for every module that computes", () => {
  const tests = new Map(TESTS.map(({ path, source }) => [path, source]));
  const faults = LIB.filter(({ source }) => computes(source))
    .map(({ path }) => mirrorOf(path))
    .filter((path) => !DECLARES_TEST.test(tests.get(path) ?? ""));
  assertEquals(faults, []);
});

Deno.test("lib writes to the console in lib/display and lib/cli only", () => {
  assertEquals(LIB.flatMap(consoleFaults), []);
});

Deno.test("files are named for what they hold, and stay under 500 lines", () => {
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

// ---- the rules find faults ----

Deno.test("importFaults() finds imports against the table", () => {
  const source = `import { a } from "../engines/session.ts";
import type { B } from "../types.ts";
export * from "../features/_column.ts";
const later = await import("../../mod.ts");
import "./statistics.ts";
import {
  c,
} from "../../tests/support/all_close.ts";
import { show } from "@sonde/sonde";
/** import { show } from "@sonde/sonde"; */`;
  assertEquals(importFaults({ path: "lib/math/pca.ts", source }), [
    "lib/math/pca.ts imports lib/engines/session.ts",
    "lib/math/pca.ts imports lib/features/_column.ts",
    "lib/math/pca.ts imports mod.ts",
    "lib/math/pca.ts imports tests/support/all_close.ts",
    "lib/math/pca.ts imports mod.ts",
  ]);
  const view = `import { a } from "../features/_column.ts";`;
  assertEquals(
    importFaults({ path: "lib/extractor/plan.ts", source: view }),
    ["lib/extractor/plan.ts imports lib/features/_column.ts"],
  );
  const check = `import { a } from "./math/pca.ts";`;
  assertEquals(
    importFaults({ path: "lib/check.ts", source: check }),
    ["lib/check.ts imports lib/math/pca.ts"],
  );
});

Deno.test("computes() tells modules with values from modules with types only", () => {
  assert(computes("export async function run() {}"));
  assert(computes("export abstract class Base {}"));
  assert(computes("export const NAMES: string[] = [];"));
  assert(!computes("export interface Plan {\n  readonly a: number;\n}"));
  assert(!computes("/** function */\nexport type A = string;"));
});

Deno.test("consoleFaults(), sizeAndNameFaults() and laterFaults() find faults", () => {
  const source = "x;\n".repeat(501);
  assertEquals(
    sizeAndNameFaults({ path: "lib/math/utils.ts", source }),
    [
      "lib/math/utils.ts says nothing by its name",
      "lib/math/utils.ts has 501 lines",
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

Deno.test("anyAt finds any in public types", async () => {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(
      file,
      "export function f(a: Record<string, any>): void {}\n",
    );
    const docs: PublicDocs = await publicDocs(file);
    assertEquals(docs.names, ["f"]);
    assertEquals(docs.anyAt.length, 1);
  } finally {
    await Deno.remove(file);
  }
});

// ---- reading ----

/** Imports of a module of lib that the table does not allow. */
function importFaults({ path, source }: File): string[] {
  const folder = folderOf(path);
  const faults: string[] = [];
  const imports = /(?:\bfrom|\bimport|\bimport\()\s*"(\.[^"]+|@sonde\/sonde)"/g;
  for (const [, to] of withoutComments(source).matchAll(imports)) {
    const target = to!.startsWith(".")
      ? new URL(to!, `file:///${path}`).pathname.slice(1)
      : "mod.ts";
    if (!mayImport(path, folder, target)) {
      faults.push(`${path} imports ${target}`);
    }
  }
  return faults;
}

function mayImport(path: string, folder: string, target: string): boolean {
  if (OUTSIDE[path] === target) return true;
  if (!target.startsWith("lib/")) return false;
  if (HEAD.some((name) => target === `lib/${name}`)) return true;
  const to = folderOf(target);
  if (to === folder) return true;
  const isPrivate = target.slice(target.lastIndexOf("/") + 1).startsWith("_");
  return !isPrivate && (MAY_IMPORT[folder]?.includes(to) ?? false);
}

/** Whether a module holds values, not only types. */
function computes(source: string): boolean {
  return /^(export )?(default )?(async |abstract )?(function|class|const|let|enum)\b/m
    .test(source);
}

function consoleFaults({ path, source }: File): string[] {
  if (/^lib\/(display|cli)\//.test(path)) return [];
  return linesWith(withoutComments(source), /\bconsole\s*[.[]/)
    .map((line) => `${path}:${line} uses the console`);
}

function sizeAndNameFaults({ path, source }: File): string[] {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const numLines = source.split("\n").length - 1;
  const faults: string[] = [];
  if (EMPTY_NAMES.test(name)) faults.push(`${path} says nothing by its name`);
  if (!/^[a-z0-9_]+\.ts$/.test(name)) {
    faults.push(`${path} is not in snake_case`);
  }
  if (numLines > MOST_LINES) faults.push(`${path} has ${numLines} lines`);
  return faults;
}

function laterFaults({ path, source }: File): string[] {
  return linesWith(source, /\b(?:T[O]DO|F[I]XME|X[X]X)\b/)
    .map((line) => `${path}:${line} leaves work for later`);
}

/** Numbers of the lines, from 1, in which a pattern is found. */
function linesWith(source: string, pattern: RegExp): number[] {
  return source.split("\n")
    .flatMap((line, i) => pattern.test(line) ? [i + 1] : []);
}

/** The source with its comments blanked, line for line; texts stay. */
function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, (text) => text.replace(/.+/g, ""))
    .replace(
      /^(.*?)\/\/.*$/gm,
      (line, code) => code.includes('"') ? line : code,
    );
}

/** The folder of lib that a module lies in, "" for the head. */
function folderOf(path: string): string {
  const parts = path.split("/");
  return parts.length > 2 ? parts[1]! : "";
}

function mirrorOf(path: string): string {
  return path.replace(/^lib\//, "tests/").replace(/\.ts$/, "_test.ts");
}

function fileAt(path: string): File {
  return { path, source: Deno.readTextFileSync(new URL(path, ROOT)) };
}

function* filesIn(folder: string): Generator<File> {
  const url = new URL(`${folder}/`, ROOT);
  for (const { name, isDirectory } of Deno.readDirSync(url)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* filesIn(path);
    else if (name.endsWith(".ts") && !name.startsWith(".")) yield fileAt(path);
  }
}
