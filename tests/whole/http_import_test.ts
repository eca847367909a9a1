import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import {
  assertAsKeras,
  kerasRecord,
  modelPath,
} from "../support/keras_models.ts";
import { slowTest } from "../support/extent.ts";
import {
  type Registry,
  rewritten,
  serveAsRegistry,
} from "../support/registry.ts";

/** What a user's program prints, run from an empty folder without any configuration. */
async function runAlone(
  program: string,
  registry: Registry,
  { flags = [], files = [] }: {
    /** Flags of `deno run`; types are checked with `--check` only. */
    readonly flags?: readonly string[];
    readonly files?: readonly string[];
  } = {},
): Promise<Record<string, unknown>> {
  const folder = await Deno.makeTempDir();
  try {
    for (const path of files) {
      await Deno.copyFile(path, `${folder}/${path.split("/").at(-1)}`);
    }
    const file = `${folder}/main.ts`;
    await Deno.writeTextFile(file, program);
    const { success, stdout, stderr } = await new Deno.Command(
      Deno.execPath(),
      {
        args: [
          "run",
          "--no-config",
          "--no-lock",
          "--quiet",
          "--no-prompt",
          `--allow-import=${registry.host}`,
          // No file of this repository may be read, also not from a cache.
          `--deny-read=${registry.folder}`,
          "--allow-read",
          "--allow-env",
          ...flags,
          file,
        ],
        cwd: folder,
        env: { NO_COLOR: "1" },
      },
    ).output();
    const decoder = new TextDecoder();
    assert(success, decoder.decode(stderr));
    return JSON.parse(decoder.decode(stdout).trim().split("\n").at(-1)!);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Extracts and shows; what comes is checked, and with `--check` its types. */
async function extractsAndShows(flags: readonly string[]): Promise<void> {
  await using registry = await serveAsRegistry();
  const answer = await runAlone(
    `
import { FeatureExtractor, show, tf } from "${registry.entry}";

const ones = { kernelInitializer: "ones" } as const;
const hidden = { units: 2, inputShape: [4], name: "hidden", ...ones };
const head = { units: 3, activation: "softmax", ...ones } as const;
const model = tf.sequential({
  layers: [tf.layers.dense(hidden), tf.layers.dense(head)],
});
const set = await new FeatureExtractor(model).layers("hidden")
  .predict([tf.ones([5, 4]), [0, 1, 2, 0, 1]], { progress: false });
await show(set);
console.log(JSON.stringify({
  hidden: [...set.layer("hidden").data],
  logits: [...set.logits!.data],
  labels: [...set.labels!.data],
}));
`,
    registry,
    { flags },
  );
  assertEquals(answer, {
    hidden: Array(10).fill(4), // 4 inputs of 1
    logits: Array(15).fill(8), // 2 units of 4
    labels: [0, 1, 2, 0, 1],
  });
  assertEquals([...registry.refused], []);
  assert(registry.served.has("deno.json"));
  assertGreater(registry.served.size, 50);
}

Deno.test("mod.ts extracts and shows when it is imported from a server", () =>
  extractsAndShows([]));

slowTest(
  "mod.ts has no type error when it is imported from a server",
  () => extractsAndShows(["--check"]),
);

slowTest("mod.ts draws figures when it is imported from a server", async () => {
  await using registry = await serveAsRegistry();
  const answer = await runAlone(
    `
import { notebook, scoreHistogram, show } from "${registry.entry}";

const sent: { data: Record<string, string> }[] = [];
const kernel = {
  broadcast(_: string, content: { data: Record<string, string> }) {
    sent.push(content);
    return Promise.resolve();
  },
};
Object.assign(Deno, { jupyter: kernel });
const figure = scoreHistogram({ known: [1, 2, 2, 3], unknown: [4, 5] });
for (const renderer of ["png", "html"] as const) {
  await notebook({ renderer });
  await show(figure);
}
const [picture, loader, page] = sent.map(({ data }) => data);
console.log(JSON.stringify({
  count: sent.length,
  png: picture!["image/png"]!.slice(0, 11),
  isDrawn: picture!["image/png"]!.length > 5_000,
  hasPlotly: loader!["text/html"]!.length > 500_000,
  isInteractive: page!["text/html"]!.includes("<script"),
  hasPicture: page!["text/html"]!.includes("data:image/png;base64,"),
  text: page!["text/plain"],
}));
Deno.exit();
`,
    registry,
  );
  assertEquals(answer, {
    count: 3,
    png: "iVBORw0KGgo", // how every PNG begins, in base64
    isDrawn: true,
    hasPlotly: true,
    isInteractive: true,
    hasPicture: true,
    text: `Scores: known, unknown

[Scores: known, unknown: known: 4 scores, 1 to 3, median 2; unknown: 2 scores, 4 to 5, median 4.5]`,
  });
  assertEquals([...registry.refused], []);
});

const PIPELINE = "lib/engines/onnx/runtime/open_pipeline.ts";

for (const isNative of [true, false]) {
  const engine = isNative ? "onnx" : "tfjs";
  const flags = isNative ? ["--allow-ffi"] : [];
  slowTest(
    `mod.ts runs a Keras file on ${engine} ${
      isNative ? "with" : "without"
    } --allow-ffi`,
    async () => {
      await using registry = await serveAsRegistry();
      const record = kerasRecord("k3_mlp");
      const [input] = record.inputs;
      const answer = await runAlone(
        `
import { FeatureExtractor, loadModel } from "${registry.entry}";
import { openWorkerLink } from "${new URL(PIPELINE, registry.entry).href}";

await using model = await loadModel("k3_mlp.keras");
const extractor = new FeatureExtractor(model).layers([-1]);
const { engine, reason } = await extractor.plan();
const { features } = await extractor.predict({
  data: Float32Array.of(${input!.data}),
  shape: [${input!.shape}],
  dtype: "float32",
}, { progress: false });
// Longer runs move to a worker.
const obstacle = engine === "onnx" && await (await openWorkerLink())!.close();
const data = [...features[0]!.data];
console.log(JSON.stringify({ engine, reason, data, obstacle }));
`,
        registry,
        { flags, files: [modelPath("k3_mlp.keras")] },
      );
      assertEquals(answer.engine, engine);
      assertEquals(answer.obstacle, isNative ? undefined : false);
      assert(isNative || String(answer.reason).includes("--allow-ffi"));
      assertAsKeras(
        {
          data: Float32Array.from(answer.data as number[]),
          shape: record.outputs[0]!.shape,
          dtype: "float32",
        },
        record.outputs[0]!,
        engine,
      );
      const worker = "lib/engines/onnx/runtime/worker.ts";
      assertEquals(registry.served.has(worker), isNative);
      assertEquals([...registry.refused], []);
    },
  );
}

Deno.test("rewritten() changes bare specifiers only", () => {
  const imports = {
    "@a/b": "npm:@a/b@1.2.3",
    c: "npm:c@4.5.6",
    d: "jsr:@d/d@1",
  };
  const source = `/** import { x } from "c"; stays: import("./e.ts") */
import { a } from "@a/b";
import type {
  C,
} from "c/types";
import "c";
import d from "./d.ts";
import { Buffer } from "node:buffer";
export * from "@a/b/c/d.js";
const lazy = await import("c/package.json", { with: { type: "json" } });
type T = typeof import("@a/b");
const text = 'from "c"';
`;
  const expected = `/** import { x } from "c"; stays: import("./e.ts") */
import { a } from "npm:@a/b@1.2.3";
import type {
  C,
} from "npm:c@4.5.6/types";
import "npm:c@4.5.6";
import d from "./d.ts";
import { Buffer } from "node:buffer";
export * from "npm:@a/b@1.2.3/c/d.js";
const lazy = await import("npm:c@4.5.6/package.json", { with: { type: "json" } });
type T = typeof import("npm:@a/b@1.2.3");
const text = 'from "c"';
`;
  assertEquals(rewritten(source, { imports }), expected);
  for (const name of ["d", "unknown"]) {
    assertThrows(
      () => rewritten(`import "${name}";`, { imports }),
      TypeError,
      `"${name}" must be of npm`,
    );
  }
});
