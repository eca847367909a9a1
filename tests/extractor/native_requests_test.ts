import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  concatFeatures,
  FeatureExtractor,
  loadModel,
  type NdArray,
} from "@sonde/sonde";
import { counted } from "../support/backends.ts";
import { RUNS_ALL } from "../support/extent.ts";
import { RequestHandler } from "../../lib/engines/onnx/runtime/request_handler.ts";
import { logRequests } from "../support/logged_requests.ts";

const DIGITS = decodeURIComponent(
  new URL("../../notebooks/models/keras/digits.keras", import.meta.url)
    .pathname,
);
const QUIET = { progress: false };
const SIZE = 28 * 28;

function samples(count: number): NdArray {
  const data = new Float32Array(count * SIZE).map((_, i) => Math.sin(i * 0.7));
  return { data, shape: [count, 28, 28, 1], dtype: "float32" };
}

/** The first run has no result until the second one is requested. */
function holdFirstRun(): Disposable {
  const { answer } = RequestHandler.prototype;
  const second = Promise.withResolvers<void>();
  let numRuns = 0;
  RequestHandler.prototype.answer = function (request) {
    if (request.kind === "run" && ++numRuns === 2) second.resolve();
    const answered = answer.call(this, request);
    return request.kind === "run" && numRuns === 1
      ? second.promise.then(() => answered)
      : answered;
  };
  return {
    [Symbol.dispose]() {
      RequestHandler.prototype.answer = answer;
    },
  };
}

counted(
  "a run on onnx sends a batch while the one before it computes",
  async () => {
    using _held = holdFirstRun();
    using log = logRequests();
    await using model = await loadModel(DIGITS);
    const native = new FeatureExtractor(model).layers("stem").engine("onnx");
    for await (const set of native.batch(8).stream(samples(40), QUIET)) {
      assertEquals(set.logits!.shape, [8, 10]);
    }
    // Two are sent before there is any result, and never more.
    assertEquals(log.events.slice(0, 4), ["open", "opened", "run", "run"]);
    assertEquals(log.events.slice(-2), ["close", "closed"]);
    let inFlight = 0;
    for (const event of log.events) {
      if (event === "run") inFlight++;
      if (event === "results") inFlight--;
      assert(inFlight <= 2);
    }
    assertEquals(log.events.filter((event) => event === "results").length, 5);
  },
);

counted(
  "predict() on onnx passes small batches over several at once, and computes them one by one",
  async () => {
    using log = logRequests();
    await using model = await loadModel(DIGITS);
    const native = new FeatureExtractor(model).layers("stem").engine("onnx");
    const x = samples(403);
    const whole = await native.batch(4).predict(x, QUIET);
    const numRuns = log.events.filter((event) => event === "results").length;
    assert(numRuns > 2 && numRuns < 50, `${numRuns} of 101 batches`);
    const parts = await Array.fromAsync(native.batch(4).stream(x, QUIET));
    assertEquals(parts.length, 101);
    const joined = concatFeatures(...parts);
    assertEquals(whole.features[0]!.data, joined.features[0]!.data);
    assertEquals(whole.logits!.data, joined.logits!.data);
  },
);

counted(
  "an abort on onnx comes before the batch that computes is done",
  async () => {
    using log = logRequests();
    await using model = await loadModel(DIGITS);
    const native = new FeatureExtractor(model).layers("stem").engine("onnx");
    const stop = new AbortController();
    const running = native.batch(4000).predict(samples(4000), {
      ...QUIET,
      signal: stop.signal,
    });
    const timer = setInterval(() => {
      if (log.events.includes("run")) stop.abort();
    }, 1);
    await assertRejects(() => running, DOMException, "after 0 of 4000 samples");
    clearInterval(timer);
    assertEquals(log.events, ["open", "opened", "run", "close"]);
    // Nobody waits for the native call, which ends at its next operator.
    const { logits } = await native.predict(samples(1), QUIET);
    assertEquals(logits!.shape, [1, 10]);
    await log.settled();
    const count = (kind: string) =>
      log.events.filter((event) => event === kind).length;
    assertEquals(["opened", "failed", "results", "closed"].map(count), [
      ...[2, 1, 1, 2],
    ]);
  },
);

counted("a run that fails on onnx closes its session", async () => {
  using log = logRequests();
  await using model = await loadModel(DIGITS);
  function* torn() {
    yield samples(2);
    throw new RangeError("torn");
  }
  const native = new FeatureExtractor(model).layers("stem").engine("onnx");
  await assertRejects(() => native.predict(torn(), QUIET), RangeError, "torn");
  for await (const _ of native.batch(2).stream(samples(40), QUIET)) break;
  await log.settled();
  assertEquals(log.events.filter((event) => event === "closed").length, 2);
  assertEquals(log.handlers.size, 2);
});

const CYCLES = `
import { FeatureExtractor, loadModel } from "@sonde/sonde";

const data = new Float32Array(8 * 784);
const batch = { data, shape: [8, 28, 28, 1], dtype: "float32" } as const;
const resident: number[] = [];
for (let i = 0; i < Number(Deno.args[1]); i++) {
  await using model = await loadModel(Deno.args[0]!);
  const extractor = new FeatureExtractor(model).layers("stem").engine("onnx");
  const open = await extractor.open();
  await open.predict(batch, { progress: false });
  await open.close();
  resident.push(Deno.memoryUsage().rss / 2 ** 20);
}
console.log(JSON.stringify(resident));
`;

Deno.test("opening and closing on onnx many times leaves memory as it was", async () => {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, CYCLES);
  const count = RUNS_ALL ? 25 : 15;
  const config = decodeURIComponent(
    new URL("../../deno.json", import.meta.url).pathname,
  );
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      `--config=${config}`,
      file,
      DIGITS,
      String(count),
    ],
  }).output();
  await Deno.remove(file);
  const decoder = new TextDecoder();
  assert(success, decoder.decode(stderr));
  const last = decoder.decode(stdout).trim().split("\n").at(-1)!;
  const resident = JSON.parse(last) as number[];
  // A thread that stays takes 10 MB or more, and so its 20 cycles 200, and its
  // 10 of the sample 100.
  const growth = resident.at(-1)! - resident[4]!;
  assert(growth < 80, `${growth} MB in ${resident.map(Math.round)}`);
});
