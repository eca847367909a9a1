import { tf } from "../../lib/tf.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { ModelFormatError } from "../../lib/errors.ts";
import { loadModel } from "../../lib/extractor/load_model.ts";
import { type ModelJson, saveTo } from "../support/save_model.ts";
import { branched, chain } from "../support/tf_models.ts";

await tf.setBackend("cpu");

/** Runs a test in a folder of its own; no tensor may be left. */
function test(name: string, run: (folder: string) => Promise<void>): void {
  Deno.test(name, async () => {
    const folder = await Deno.makeTempDir();
    const before = tf.memory().numTensors;
    try {
      await run(folder);
      assertEquals(tf.memory().numTensors, before);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** A fault that is made in a model.json, and what is said of it. */
const FAULTS: readonly [string, (json: ModelJson) => unknown, string][] = [
  ["no topology", () => ({ hello: 1 }), "JSON that is not a model"],
  ["an array", () => [1, 2], "JSON that is not a model"],
  [
    "no manifest",
    ({ weightsManifest: _w, ...json }) => json,
    '"weightsManifest"',
  ],
  [
    "a manifest without paths",
    (json) => ({ ...json, weightsManifest: [{}] }),
    '"paths" and "weights"',
  ],
  ["a weight without a dtype", (json) => {
    Object.assign(json.weightsManifest[0]!.weights[0]!, { dtype: "bfloat16" });
    return json;
  }, `"bfloat16"`],
  ["a negative size", (json) => {
    Object.assign(json.weightsManifest[0]!.weights[0]!, { shape: [-3, 4] });
    return json;
  }, "[-3,4]"],
  ["too few bytes", (json) => {
    Object.assign(json.weightsManifest[0]!.weights[0]!, { shape: [300, 4] });
    return json;
  }, "must hold"],
  ["a class that is not there", (json) => {
    const text = JSON.stringify(json).replace(
      /"class_name":"Dense"/,
      `"class_name":"Densest"`,
    );
    return JSON.parse(text);
  }, "Densest"],
];

/** Faults in what a model.json describes, on some of which TF.js would never end. */
const LATE: readonly [string, (json: ModelJson) => unknown, string][] = [
  ["a weight that belongs to no layer", (json) => {
    json.weightsManifest[0]!.weights[0]!.name = "nobody/kernel";
    return json;
  }, "nobody/kernel"],
  ["a weight of another shape", (json) => {
    json.weightsManifest[0]!.weights[0]!.shape = [4, 3];
    return json;
  }, `the shape of its "kernel" must be [3, 4]: current value is [4, 3]`],
  [
    "a call on a layer that is not there",
    (json) => renamed(json, `[["left",0`, `[["lost",0`),
    `"sum" must be called on existing layers: current value is "call 0 of lost"`,
  ],
  [
    "a call that is never made",
    (json) => renamed(json, `["left",0,0`, `["left",4,0`),
    `"sum" must be called on existing layers: current value is "call 4 of left"`,
  ],
  [
    "a cycle",
    (json) =>
      renamed(
        json,
        `"inbound_nodes":[[["x",0,0,{}]]]`,
        `"inbound_nodes":[[["sum",0,0,{}]]]`,
      ),
    "must not depend on itself",
  ],
];

/** The same with one text put for another. */
function renamed(json: ModelJson, from: string, to: string): unknown {
  const text = JSON.stringify(json);
  assert(text.includes(from), `no ${from} in ${text}`);
  return JSON.parse(text.replace(from, to));
}

for (const [fault, change, says] of LATE) {
  test(`loadModel() refuses ${fault}`, async (folder) => {
    const layers = branched();
    const path = await saveTo(layers, folder, change);
    layers.dispose();
    await assertRejects(() => loadModel(path), ModelFormatError, says);
  });
}

for (const [fault, change, says] of FAULTS) {
  test(`loadModel() refuses ${fault}`, async (folder) => {
    const layers = chain();
    const path = await saveTo(layers, folder, change);
    layers.dispose();
    await assertRejects(() => loadModel(path), ModelFormatError, says);
  });
}

for (
  const path of [
    "../weights.bin",
    "a/../../weights.bin",
    "/etc/hostname",
    "http://127.0.0.1:1/weights.bin",
    "file:///etc/hostname",
    "..\\weights.bin",
    "%2e%2e/weights.bin",
    "",
    3,
  ]
) {
  test(`loadModel() reads no weights from ${JSON.stringify(path)}`, async (folder) => {
    const layers = chain();
    const file = await saveTo(layers, folder, (json) => {
      json.weightsManifest[0]!.paths = [path as string];
      return json;
    });
    layers.dispose();
    await assertRejects(
      () => loadModel(file),
      ModelFormatError,
      "in its own folder",
    );
  });
}

test("loadModel() says that a weight file is missing or too long", async (folder) => {
  const layers = chain();
  const path = await saveTo(layers, folder);
  layers.dispose();
  const bytes = await Deno.readFile(`${folder}/weights.bin`);
  await Deno.writeFile(
    `${folder}/weights.bin`,
    new Uint8Array(bytes.length + 4),
  );
  await assertRejects(
    () => loadModel(path),
    ModelFormatError,
    `must hold ${bytes.length} bytes`,
  );
  await Deno.remove(`${folder}/weights.bin`);
  await assertRejects(
    () => loadModel(path),
    Deno.errors.NotFound,
    "weights.bin",
  );
});

test("loadModel() says what it found where there is no JSON", async (folder) => {
  const path = `${folder}/model.json`;
  await Deno.writeTextFile(path, "<!DOCTYPE html><html>");
  await assertRejects(
    () => loadModel(path),
    ModelFormatError,
    "an HTML or XML page; download the file itself",
  );
  await Deno.writeFile(path, Uint8Array.of(0xff, 0xfe, 0x89));
  await assertRejects(
    () => loadModel(path),
    ModelFormatError,
    "it begins with the bytes ff fe 89",
  );
});

test("loadModel() says that a file or a page is not there", async (folder) => {
  await assertRejects(
    () => loadModel(`${folder}/none.json`),
    Deno.errors.NotFound,
    "none.json",
  );
  const server = Deno.serve(
    { port: 0, onListen: () => {} },
    () => new Response("", { status: 404 }),
  );
  const url = `http://127.0.0.1:${server.addr.port}/model.json`;
  await assertRejects(() => loadModel(url), Deno.errors.NotFound, "404");
  await server.shutdown();
});

test("loadModel() stops when it is told", async (folder) => {
  const layers = chain();
  const path = await saveTo(layers, folder);
  layers.dispose();
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => loadModel(path, { signal }), Error, "enough");
});

test("loadModel() refuses sources and options that are none", async () => {
  await assertRejects(
    () => loadModel(3 as never),
    TypeError,
    "a path or a URL",
  );
  await assertRejects(() => loadModel(""), TypeError, "a path or a URL");
  await assertRejects(
    () => loadModel(Promise.resolve("x") as never),
    TypeError,
    "write await",
  );
  await assertRejects(
    () => loadModel("x", { sginal: 1 } as never),
    TypeError,
    `did you mean "signal"`,
  );
  await assertRejects(
    () => loadModel(new ArrayBuffer(8) as never),
    TypeError,
    "current value is an ArrayBuffer; make it bytes, as by new Uint8Array(buffer)",
  );
});
