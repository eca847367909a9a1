import { assertEquals, assertRejects } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import { openExternal } from "../../../lib/models/onnx/onnx_external.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import { onnxBytes } from "../../support/onnx_bytes.ts";
import { openOnnxModel } from "../../support/onnx_models.ts";

/** A folder with a model whose weights are where they are said to be. */
async function folderWith(
  external: Record<string, string>,
  work: (folder: string, model: string) => Promise<void>,
): Promise<void> {
  const outer = await Deno.makeTempDir();
  try {
    const folder = `${outer}/model`;
    await Deno.mkdir(`${folder}/sub`, { recursive: true });
    const weights = new Uint8Array(Float32Array.of(1, 2, 3).buffer);
    for (const path of [`${outer}/w.bin`, `${folder}/w.bin`]) {
      await Deno.writeFile(path, weights);
    }
    await Deno.writeFile(`${folder}/sub/w.bin`, weights);
    const model = `${folder}/model.onnx`;
    const bytes = onnxBytes({
      nodes: [{ op: "Mul", in: ["x", "w"], out: ["y"] }],
      constants: [{ name: "w", shape: [2], external }],
    });
    await Deno.writeFile(model, bytes);
    await work(folder, model);
  } finally {
    await Deno.remove(outer, { recursive: true });
  }
}

Deno.test("openExternal() reads the bytes that are meant, in the folder and below", async () => {
  const cases: [Record<string, string>, number[]][] = [
    [{ location: "w.bin" }, [1, 2]],
    [{ location: "sub/w.bin", offset: "4", length: "8" }, [2, 3]],
  ];
  for (const [external, expected] of cases) {
    await folderWith(external, async (_, path) => {
      await using model = await loadModel(path);
      const { w } = await model.getWeights(0);
      assertEquals([...w!.data], expected);
    });
  }
});

Deno.test("openExternal() refuses what lies, or leads, elsewhere", async () => {
  const locations = [
    "../w.bin",
    "sub/../../w.bin",
    "/etc/passwd",
    "C:\\w.bin",
    "..\\w.bin",
    "file:///etc/passwd",
    "https://example.org/w.bin",
    "%2e%2e/w.bin",
    "",
  ];
  for (const location of locations) {
    await folderWith({ location }, async (_, path) => {
      await assertRejects(
        () => loadModel(path),
        ModelFormatError,
        "must lie in its own folder",
      );
    });
  }
});

Deno.test("openExternal() refuses symbolic and hard links, of files and of folders", async () => {
  const links: [string, (folder: string) => Promise<void>, string][] = [
    ["s.bin", (f) => Deno.symlink(`${f}/../w.bin`, `${f}/s.bin`), "symbolic"],
    ["t/w.bin", (f) => Deno.symlink(`${f}/..`, `${f}/t`), "symbolic"],
    ["h.bin", (f) => Deno.link(`${f}/../w.bin`, `${f}/h.bin`), "hard link"],
  ];
  for (const [location, link, text] of links) {
    await folderWith({ location }, async (folder, path) => {
      await link(folder);
      await assertRejects(() => loadModel(path), ModelFormatError, text);
    });
  }
});

Deno.test("openExternal() refuses bytes that are not there", async () => {
  const wrong = [
    { offset: "8" },
    { offset: "-4" },
    { length: "4" },
    { length: "1e1" },
    { offset: "99999999999999999999" },
  ];
  for (const position of wrong) {
    const external = { location: "w.bin", ...position };
    await folderWith(external, async (_, path) => {
      await assertRejects(
        () => loadModel(path),
        ModelFormatError,
        'constant "w" must have 8 bytes in "w.bin"',
      );
    });
  }
  await folderWith({ location: "none.bin" }, async (_, path) => {
    await assertRejects(
      () => loadModel(path),
      Deno.errors.NotFound,
      "none.bin",
    );
  });
});

Deno.test("openExternal() tells those with bytes alone what to do", async () => {
  await assertRejects(
    () => openExternal(new Map([["w.bin", 8]]), "bytes", undefined),
    ModelFormatError,
    "pass the path of the model",
  );
});

Deno.test("openExternal() fetches files from beside a model on a server, and no others", async () => {
  const requested: string[] = [];
  const folder = new URL("../../data/onnx_models/", import.meta.url);
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      requested.push(pathname);
      return new Response(
        await Deno.readFile(new URL(pathname.slice(3), folder)),
      );
    },
  );
  const { port } = server.addr;
  const url = `http://127.0.0.1:${port}/m/external.onnx`;
  await using model = modelGraphOf(await loadModel(url))!;
  assertEquals(requested, ["/m/external.onnx", "/m/external.bin"]);
  await using whole = await openOnnxModel("torch_cnn");
  assertEquals(await model.fingerprint(), await whole.fingerprint());
});

Deno.test("openExternal() stops a download one byte past what the file's constants use", async () => {
  const model = onnxBytes({
    nodes: [{ op: "Mul", in: ["x", "w"], out: ["y"] }],
    constants: [{ name: "w", shape: [2], external: { location: "w.bin" } }],
  });
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    ({ url }) =>
      new Response(url.endsWith("/w.bin") ? new Uint8Array(9) : model),
  );
  await assertRejects(
    () => loadModel(`http://127.0.0.1:${server.addr.port}/model.onnx`),
    ModelFormatError,
    "it must have at most 8 bytes: current value is more",
  );
});
