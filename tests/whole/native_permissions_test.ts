import { assert, assertEquals } from "@std/assert";
import {
  assertAsKeras,
  kerasRecord,
  modelPath,
} from "../support/keras_models.ts";

const MODEL = modelPath("k3_mlp.keras");
const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);
const LIB = `${ROOT}lib`;
const RECORD = kerasRecord("k3_mlp");
const PROGRAM = `
import { FeatureExtractor, loadModel } from "@sonde/sonde";

const [path, data, shape] = Deno.args;
await using model = await loadModel(path!);
const extractor = new FeatureExtractor(model).layers([-1]);
const { engine, reason } = await extractor.plan();
const { features } = await extractor.predict({
  data: Float32Array.from(JSON.parse(data!)),
  shape: JSON.parse(shape!),
  dtype: "float32",
}, { progress: false });
console.log(JSON.stringify({ engine, reason, data: [...features[0]!.data] }));
`;

interface Answer {
  readonly engine: string;
  readonly reason: string;
  readonly data: readonly number[];
}

/** What a program prints that may do no more than it is allowed to. */
async function runWith(...allowed: readonly string[]): Promise<Answer> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, PROGRAM);
    const [input] = RECORD.inputs;
    const { success, stdout, stderr } = await new Deno.Command(
      Deno.execPath(),
      {
        args: [
          "run",
          "--no-prompt",
          "--quiet",
          `--config=${ROOT}deno.json`,
          ...allowed,
          file,
          MODEL,
          JSON.stringify([...input!.data]),
          JSON.stringify(input!.shape),
        ],
        env: { NO_COLOR: "1" },
      },
    ).output();
    const decoder = new TextDecoder();
    assert(success, decoder.decode(stderr));
    return JSON.parse(decoder.decode(stdout).trim().split("\n").at(-1)!);
  } finally {
    await Deno.remove(file);
  }
}

function assertRight({ engine, data }: Answer): void {
  const { shape } = RECORD.outputs[0]!;
  const found = { data: Float32Array.from(data), shape, dtype: "float32" };
  assertAsKeras(found as never, RECORD.outputs[0]!, engine);
}

Deno.test("a model on the disk runs natively with permissions for it, for lib and for the runtime", async () => {
  const runtime = decodeURIComponent(
    new URL("../../", import.meta.resolve("onnxruntime-node")).pathname,
  );
  for (const ffi of ["--allow-ffi", `--allow-ffi=${runtime}`]) {
    const answer = await runWith(`--allow-read=${MODEL},${LIB}`, ffi);
    assertEquals(answer.engine, "onnx");
    assertRight(answer);
  }
});

Deno.test("a model runs on TF.js where a permission is missing, and the plan names it", async () => {
  const cases = [
    [["--allow-read", "--allow-env"], "--allow-ffi"],
    [
      ["--allow-read", `--deny-read=${LIB}`, "--allow-env", "--allow-ffi"],
      `--allow-read=${LIB}`,
    ],
  ] as const;
  for (const [allowed, missing] of cases) {
    const answer = await runWith(...allowed);
    assertEquals(answer.engine, "tfjs");
    assert(answer.reason.includes(missing), answer.reason);
    assertRight(answer);
  }
});
