/**
 * A process that runs for long, such as a notebook's kernel or a server: leaks of
 * each run and each model add up.
 */
import { assert } from "@std/assert";
import { RUNS_ALL } from "../support/extent.ts";

const ROOT = new URL("../../", import.meta.url);
const DIGITS = pathOf("notebooks/models/keras/digits.keras");
const ONNX = pathOf("tests/data/onnx_models/torch_conv_head.onnx");

const PROGRAM = `
import { FeatureExtractor, loadModel } from "@sonde/sonde";

const [digits, onnx, predicts, models] = Deno.args;
const quiet = { progress: false };
const zeros = (rows, sizes) => ({
  data: new Float32Array(rows * sizes.reduce((a, b) => a * b)),
  shape: [rows, ...sizes],
  dtype: "float32",
});
const x = zeros(8, [28, 28, 1]);
const found = [];
function look() {
  const fds = [...Deno.readDirSync("/proc/self/fd")].length;
  found.push({ fds, megabytes: Math.round(Deno.memoryUsage().rss / 2 ** 20) });
}

async function predictAll(count) {
  await using model = await loadModel(digits);
  const extractor = new FeatureExtractor(model).layers("stem").engine("onnx");
  for (let i = 0; i < count; i++) {
    await extractor.predict(x, quiet);
    if (i % 10 !== 0) continue;
    const stop = new AbortController(); // one batch is in flight
    const onProgress = () => stop.abort();
    const options = { ...quiet, onProgress, signal: stop.signal };
    await extractor.batch(1).predict([x, x].values(), options).catch(() => {});
  }
}

async function openAll(count) {
  for (let i = 0; i < count; i++) {
    await using model = await loadModel(i % 2 ? digits : onnx);
    const sizes = model.inputs[0].shape.slice(1);
    const extractor = new FeatureExtractor(model).engine("onnx");
    const open = await extractor.open();
    await open.predict(zeros(2, sizes), quiet);
    await open.close();
  }
}

await predictAll(4);
await openAll(2);
look();
for (let i = 0; i < 4; i++) {
  await predictAll(predicts / 4);
  await openAll(models / 4);
  look();
}
console.log(JSON.stringify(found));
`;

interface Look {
  readonly fds: number;
  readonly megabytes: number;
}

/** What a process has after some runs and models, and after four times more. */
async function used(predicts: number, models: number): Promise<Look[]> {
  const file = await Deno.makeTempFile({ suffix: ".js" });
  try {
    await Deno.writeTextFile(file, PROGRAM);
    const { success, stdout, stderr } = await new Deno.Command(
      Deno.execPath(),
      {
        args: [
          "run",
          "-A",
          "--quiet",
          `--config=${pathOf("deno.json")}`,
          ...[file, DIGITS, ONNX, String(predicts), String(models)],
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

function pathOf(path: string): string {
  return decodeURIComponent(new URL(path, ROOT).pathname);
}

Deno.test({
  name:
    "predicting, and opening and closing models, leaves no descriptors behind",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const found = await used(
      ...(RUNS_ALL ? [60, 12] : [32, 8]) as [number, number],
    );
    const [first, last] = [found[0]!, found.at(-1)!];
    // Sessions that leak two each would leak 140 or more (80 of the sample); an
    // aborted run may have started one more worker.
    assert(last.fds - first.fds < 60, JSON.stringify(found));
    // A leaked thread takes 10 MB or more, 70 of them 700 MB.
    assert(last.megabytes - first.megabytes < 150, JSON.stringify(found));
  },
});
