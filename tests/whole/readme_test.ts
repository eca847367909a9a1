import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { DuckDBInstance } from "@duckdb/node-api";
import { slowTest } from "../support/extent.ts";
import {
  auroc,
  deepKnn,
  DETECTORS,
  FeatureExtractor,
  fprAtTpr,
  loadModel,
  nearest,
  openFeatures,
} from "../../mod.ts";
import {
  type Digits,
  known,
  training,
  unknown,
} from "../../notebooks/digits.ts";

const ROOT = new URL("../../", import.meta.url);
const FOLDER = decodeURIComponent(ROOT.pathname);
const README = await Deno.readTextFile(new URL("README.md", ROOT));
/** What each block must print, from what its text promises. */
const EXAMPLES: Readonly<Record<string, readonly string[][]>> = {
  "README.md": [
    ["FeatureSet of 502 samples", "pool        [502, 64]"],
    ['photos": 12 images, 2 classes', '[ "circles", "squares" ] ['],
    ["Neighbors: 6 of 1 query", "boat/boat-20.jpg (0), boat/boat-02.jpg (0.03"],
    ["shape: [ 5, 8 ]", 'dtype: "float32"'],
    ['Model "digits"', 'Weights of "conv1" (Conv2D)'],
    ["0.947"],
    ["Written: 1131 samples", "digits.parquet"],
    ["conv1"],
  ],
  "lib/datasets/README.md": [['[ "setosa", "versicolor", "virginica" ]']],
  "lib/engines/README.md": [
    ["FeatureSet of 64 samples", "FeatureSet of 22 samples"], // 2 · 64 + 22
  ],
};
/** All documents for users, by their paths. */
const DOCUMENTS = new Map([
  ["README.md", README],
  ...await Promise.all(
    [
      ...["datasets", "detectors", "engines", "extractor", "layers", "models"],
      "store",
    ].map((name) => `lib/${name}/README.md`)
      .concat("notebooks/cluster/README.md")
      .map(async (path) =>
        [path, await Deno.readTextFile(new URL(path, ROOT))] as const
      ),
  ),
]);
const BLOCKS = [...DOCUMENTS].flatMap(([path, text]) =>
  path in EXAMPLES ? blocksOf(text) : []
);
const PRINTED = [...DOCUMENTS.keys()].flatMap((path) => EXAMPLES[path] ?? []);

function blocksOf(text: string): string[] {
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)]
    .map(([, code]) => code!);
}

/** Blocks that decode images or read tables. */
const NATIVE = /\b(imageFolder|table|query)\(/;
/** Blocks that write files. */
const WRITES = /\.write\(/;
/** What the README's table of permissions names for them. */
const DATA_FLAGS = [
  "--allow-ffi",
  "--allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX",
];

Deno.test("README.md has short examples for the commonest wishes", () => {
  for (const [path, text] of DOCUMENTS) {
    assertEquals(blocksOf(text).length, EXAMPLES[path]?.length ?? 0, path);
  }
  for (const code of BLOCKS) {
    const lines = code.split("\n").filter((line) => line.trim() !== "");
    assertLessOrEqual(lines.length, 10, code);
  }
});

/** The file that the block on files writes, and that the SQL below it reads. */
const STORED = "digits.parquet";

/** The blocks as modules, for the time of a call. */
async function withBlocks(
  use: (files: readonly string[], folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const files = await Promise.all(BLOCKS.map(async (code) => {
    const file = await Deno.makeTempFile({
      dir: FOLDER, // for the relative imports
      prefix: ".readme_",
      suffix: ".ts",
    });
    const text = code.replaceAll(STORED, `${folder}/${STORED}`);
    await Deno.writeTextFile(file, `${text}${claims(code)}export {};\n`);
    return file;
  }));
  try {
    await use(files, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
    for (const file of files) await Deno.remove(file);
  }
}

slowTest("README.md has examples that type-check", async () => {
  await withBlocks(async (files) => {
    await run(["check", "--quiet", ...files]);
  });
});

/** Runs blocks in one process, and checks what each prints. */
async function checkPrinted(
  isMeant: (code: string) => boolean,
  flags: readonly string[],
  after = (_folder: string): Promise<void> => Promise.resolve(),
): Promise<void> {
  const mark = "---- next block ----";
  const at = [...BLOCKS.keys()].filter((i) => isMeant(BLOCKS[i]!));
  assert(at.length > 0);
  const main = await Deno.makeTempFile({ suffix: ".ts" });
  await withBlocks(async (files, folder) => {
    const lines = at.map((i) =>
      `await import(${JSON.stringify(`file://${files[i]}`)});\n` +
      `console.log("${mark}");\n`
    );
    await Deno.writeTextFile(main, lines.join(""));
    const allowed = flags.map((flag) => flag.replace("FOLDER", folder));
    const args = [...allowed, "--no-prompt", "--config", "deno.json", main];
    const parts = (await run(["run", "--allow-read", ...args])).split(mark);
    at.forEach((block, i) => {
      for (const text of PRINTED[block]!) {
        assert(parts[i]!.includes(text), `${text}\nnot in\n${parts[i]}`);
      }
    });
    await after(folder);
  });
  await Deno.remove(main);
}

// The README says that reading is the only permission that is needed, but for
// images and tables, and files that are written.
const isPlain = (code: string) => !NATIVE.test(code) && !WRITES.test(code);
const isDetector = (code: string) => code.includes("auroc(");

Deno.test("README.md has examples that give what they say, and need reading alone", () =>
  checkPrinted((code) => isPlain(code) && !isDetector(code), []));

slowTest(
  "README.md has an example of a detector that gives what it says",
  () => checkPrinted(isDetector, []),
);

Deno.test("README.md has examples of images and tables that give what they say", () =>
  checkPrinted((code) => NATIVE.test(code), DATA_FLAGS));

Deno.test("README.md has an example of files that gives what it says", () =>
  checkPrinted(
    (code) => WRITES.test(code),
    ["--allow-ffi", "--allow-write=FOLDER"],
    (folder) => checkNearest(`${folder}/${STORED}`),
  ));

/** DuckDB runs the SQL of lib/store/README.md, and finds what `nearest` finds. */
async function checkNearest(file: string): Promise<void> {
  const store = DOCUMENTS.get("lib/store/README.md")!;
  const [, sql] = /^```sql\n([\s\S]*?)^```$/m.exec(store)!;
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const answer = await connection.runAndReadAll(
    sql!.replaceAll(STORED, file),
  );
  const rows = answer.getRows() as [bigint, number][];
  connection.closeSync();
  instance.closeSync();
  await using stored = await openFeatures(file);
  const set = await stored.load();
  const { distances } = await nearest(stored, set.select([0]));
  assertEquals(rows.length, 10);
  assertEquals(Number(rows[0]![0]), 0); // the sample itself
  rows.forEach(([, similarity], i) =>
    assertLessOrEqual(Math.abs(1 - similarity - distances.data[i]!), 1e-6)
  );
}

slowTest("README.md states the AUROC and FPR95 of its picture", async () => {
  const [, area, rate] = /AUROC (0\.\d+), FPR95 (0\.\d+)\.\]/.exec(README)!;
  await using model = await loadModel(
    `${FOLDER}notebooks/models/digits/model.json`,
  );
  const extractor = new FeatureExtractor(model).penultimate();
  const features = async (data: Promise<Digits>) =>
    await extractor.predict(await data);
  const scorer = await deepKnn().fit(await features(training()));
  const scores = [
    await scorer.score(await features(known())),
    await scorer.score(await features(unknown())),
  ] as const;
  assertEquals(auroc(...scores).toFixed(3), area);
  assertEquals(fprAtTpr(...scores).toFixed(3), rate);
});

Deno.test("README.md says how many detectors there are", () => {
  const counts = [...DOCUMENTS.values()].join("\n")
    .match(/(?<!\d)\d+ detectors/g);
  const ours = `${Object.keys(DETECTORS).length} detectors`;
  assertEquals(counts, [ours, ours, "15 detectors"]); // the last: oodeel's
});

Deno.test("README.md names one Deno, which .ci/run takes from it", async () => {
  const versions = new Set(README.match(/\bdeno@[\w.]+/g));
  assertEquals(versions.size, 1);
  const [version] = versions;
  assert(README.includes(`npx -y ${version} task demo `));
  assert(README.includes(`npx -y ${version} task test `));
  const ci = await Deno.readTextFile(new URL(".ci/run", ROOT));
  for (const pinned of ci.match(/\bdeno@\d[\w.]*/g) ?? []) {
    assertEquals(pinned, version);
  }
  assert(ci.includes("README.md") || ci.includes(version!));
});

Deno.test("README.md and those of folders link to files and headings that are there", async () => {
  for (const [path, text] of DOCUMENTS) {
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)]
      .map(([, to]) => to!).filter((to) => !/^https?:/.test(to));
    if (path === "README.md") assert(links.length >= 20);
    for (const link of links) {
      const [file, heading] = link.split("#");
      const url = new URL(file!, new URL(path, ROOT));
      await Deno.stat(url);
      if (heading === undefined) continue;
      const anchors = anchorsOf(await Deno.readTextFile(url));
      assert(anchors.includes(heading), `${path}: ${link}`);
    }
  }
  const { size } = await Deno.stat(`${FOLDER}notebooks/pictures/digits.png`);
  assertLessOrEqual(size, 150_000);
});

/** The anchors of headings, as GitHub makes them. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-")
  );
}

Deno.test("README.md tells all on its first screen, and is short", () => {
  assertLessOrEqual(README.split("\n").length, 320);
  const first = README.split("\n").slice(0, 55).join("\n");
  const [intro] = first.slice("# Sonde\n\n".length).split("\n\n");
  assertEquals(intro!.match(/\.(?=\s|$)/g)?.length, 2, "two sentences");
  const [, code] = /```ts\n([\s\S]*?)```/.exec(first)!;
  assertLessOrEqual(code!.match(/;(?= |$)/gm)!.length, 5, "five lines");
  for (
    const part of [
      ...["prints in a terminal", "notebooks/pictures/digits.png"],
      ...["task demo", "task test"],
      ...["**Formats**", "**Speed**", "**Privacy**"],
    ]
  ) assert(first.includes(part), part);
});

Deno.test("README.md lists tasks of deno.json only", async () => {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  const named = [
    ...[...DOCUMENTS.values()].join("\n")
      .matchAll(/\btask (\w+)/g),
  ].map(([, name]) => name!);
  assert(named.length >= 2);
  for (const name of named) assert(name in tasks, name);
});

slowTest("README.md says how to use a clone from another folder", async () => {
  const [, json] = README.match(/^```json\n([\s\S]*?)^```$/m)!;
  const folder = await Deno.makeTempDir();
  const program = `
    import { FeatureExtractor, loadModel, tf } from "@sonde/sonde";
    const model = await loadModel(Deno.args[0]!);
    const set = await new FeatureExtractor(model).layers("pool")
      .predict(tf.zeros([3, 28, 28, 1]));
    console.log(String(set.features[0]!.shape));`;
  try {
    await Deno.writeTextFile(
      `${folder}/deno.json`,
      json!.replace("../sonde", FOLDER),
    );
    await Deno.writeTextFile(`${folder}/main.ts`, program);
    const model = `${FOLDER}notebooks/models/keras/digits.keras`;
    // Types are checked as in a project without strict options.
    const flags = ["--check", "--allow-read", "--no-prompt", "--no-lock"];
    const printed = await run(["run", ...flags, "main.ts", model], folder);
    assertEquals(printed.trim().split("\n").at(-1), "3,64");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Checks for the shapes that a block's comments promise. */
function claims(code: string): string {
  const shape = /^(set\.[^;]+); \/\/ .*?(\[[\d, ]+\])/gm;
  return [...code.matchAll(shape)].map(([, value, sizes]) =>
    `if (String(${value}?.shape) !== String(${sizes})) {
  throw new Error(\`${value} is of shape \${${value}?.shape}\`);
}\n`
  ).join("");
}

/** Runs Deno in a folder, and gives what it printed. */
async function run(args: string[], cwd = FOLDER): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  assert(success, decoder.decode(stderr));
  return decoder.decode(stdout);
}
