/**
 * Resources that are not closed do not keep the process alive; an awaited run does.
 *
 * Each case is a separate process, which must end by itself.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { slowTest } from "../support/extent.ts";

const ROOT = new URL("../../", import.meta.url);
const FILES = {
  keras: pathOf("notebooks/models/keras/digits.keras"),
  onnx: pathOf("tests/data/onnx_models/torch_conv_head.onnx"),
};

const BEGIN = `
import { FeatureExtractor, loadModel } from "@sonde/sonde";

const [path, engine] = Deno.args;
const model = await loadModel(path);
const [, ...sizes] = model.inputs[0].shape;
const extractor = new FeatureExtractor(model).engine(engine).batch(8);
const quiet = { progress: false };
function zeros(rows) {
  const data = new Float32Array(sizes.reduce((a, b) => a * b, rows));
  return { data, shape: [rows, ...sizes], dtype: "float32" };
}
`;

function pathOf(path: string): string {
  return decodeURIComponent(new URL(path, ROOT).pathname);
}

/** Runs a command over a program of its own, at the end of which it must end. */
async function output(
  command: readonly string[],
  program: string,
  args: readonly string[] = [],
  suffix = ".js",
): Promise<{ code: number; text: string }> {
  const file = await Deno.makeTempFile({ suffix });
  try {
    await Deno.writeTextFile(file, program);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...command,
        "-A",
        "--quiet",
        `--config=${pathOf("deno.json")}`,
        file,
        ...args,
      ],
      env: { NO_COLOR: "1" },
      signal: AbortSignal.timeout(60_000), // it hangs: the test is lost anyway
    }).output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, text: decode(stdout) + decode(stderr) };
  } finally {
    await Deno.remove(file);
  }
}

/** A session, a stream in its middle, and a stream with a bar, all forgotten. */
const FORGETS = `${BEGIN}
const open = await extractor.open();
await open.predict(zeros(16), quiet);
const stream = extractor.stream(zeros(64), quiet);
await stream.next();
const shown = extractor.stream(zeros(64), { progress: true });
await shown.next();
console.log("end");
`;

for (
  const [file, engine] of [
    ["keras", "onnx"],
    ["onnx", "onnx"],
    ["keras", "tfjs"],
  ] as const
) {
  Deno.test(`a process that closes nothing ends by itself, with ${file} files on ${engine}`, async () => {
    const { code, text } = await output(
      ["run"],
      FORGETS,
      [FILES[file], engine],
    );
    assertMatch(text, /^end$/m);
    assertEquals(code, 0, text);
  });
}

slowTest(
  "a process does not end while a run is awaited, nor before one that is not",
  async () => {
    const program = `${BEGIN}
const open = await extractor.open();
open.predict(zeros(3), quiet).then(() => console.log("not awaited"));
const { logits } = await open.predict(zeros(4000), quiet);
console.log("awaited", logits.shape[0]);
extractor.predict(zeros(4000), quiet).then(({ logits }) =>
  console.log("last", logits.shape[0])
);
`;
    const args = [FILES.keras, "onnx"];
    const { code, text } = await output(["run"], program, args);
    assertMatch(text, /^not awaited\nawaited 4000\nlast 4000$/m);
    assertEquals(code, 0, text);
  },
);

slowTest(
  "a test of a user's that predicts passes with Deno's sanitizers, and what it leaks is found",
  async () => {
    const program = `${
      BEGIN.replace("Deno.args", JSON.stringify([FILES.keras, "onnx"]))
    }
Deno.test("predicts", async () => {
  await extractor.predict(zeros(9), quiet);
});
Deno.test("opens, and forgets to close", async () => {
  const open = await extractor.open();
  await open.predict(zeros(9), quiet);
});
Deno.test("leaks", async () => {
  await extractor.predict(zeros(9), quiet);
  setInterval(() => {}, 1000);
});
`;
    const strict = ["--no-check", "--sanitize-ops", "--sanitize-resources"];
    for (const flags of [["--no-check"], strict]) {
      const { text } = await output(
        ["test", ...flags],
        program,
        [],
        "_test.js",
      );
      assertMatch(text, /^predicts \.\.\. ok/m);
      assertMatch(text, /^opens, and forgets to close \.\.\. ok/m);
      const isFound = text.includes("An interval was started in this test");
      assertEquals(isFound, flags === strict, text);
      assert(!/worker/i.test(text), text);
    }
  },
);
