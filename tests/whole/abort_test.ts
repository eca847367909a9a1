/**
 * An abort takes effect everywhere: while a file is read, while a graph is built,
 * while a session is opened, and during a native call that cannot be stopped.
 */
import { assertEquals, assertRejects } from "@std/assert";
import {
  FeatureExtractor,
  loadModel,
  type LoadModelOptions,
  type NdArray,
  tf,
} from "@sonde/sonde";
import { takeTurn } from "../../lib/engines/tfjs/backend.ts";
import { logRequests } from "../support/logged_requests.ts";
import { manualClock } from "../support/manual_clock.ts";
import { functional, input, layer } from "../support/keras_spec.ts";
import { kerasOf, on } from "../support/model_files.ts";
import { onnxBytes } from "../support/onnx_bytes.ts";

const ROOT = new URL("../../", import.meta.url);
const DIGITS = new URL("notebooks/models/keras/digits.keras", ROOT);
const ONNX = new URL("tests/data/onnx_models/torch_conv_head.onnx", ROOT);
const QUIET = { progress: false };

type Source = Parameters<typeof loadModel>[0];

async function assertStopped(
  run: () => Promise<unknown>,
  where: string,
): Promise<void> {
  const error = await assertRejects(
    run,
    DOMException,
    `Run was stopped while ${where}`,
  );
  assertEquals(error.name, "AbortError");
}

Deno.test("loadModel() opens nothing when it was stopped before", async () => {
  const data = (path: string) => new URL(`tests/data/${path}`, ROOT);
  const sources: Source[] = [
    DIGITS,
    ONNX,
    data("keras_models/k3_mlp.h5"),
    data("graph_models/mlp/model.json"),
    data("no/such/file"),
    Deno.readFileSync(DIGITS),
    new Blob([Deno.readFileSync(ONNX)]),
    "http://127.0.0.1:1/model.json",
  ];
  const signal = AbortSignal.abort();
  for (const source of sources) {
    await assertStopped(() => loadModel(source, { signal }), "loading");
  }
});

Deno.test("loadModel() stops while it waits for bytes, and keeps the reason", async () => {
  const reason = new RangeError("out of patience");
  const stop = new AbortController();
  // The first bytes of an HDF5 file, and no more.
  const head = Uint8Array.of(
    0x89,
    ...new TextEncoder().encode("HDF\r\n\x1a\n"),
  );
  let numPulls = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (numPulls++ === 0) return controller.enqueue(head);
      setTimeout(() => stop.abort(reason));
      return new Promise(() => {});
    },
  }, { highWaterMark: 0 });
  const server = Deno.serve(
    { port: 0, onListen: () => {} },
    () => new Response(body),
  );
  const { signal } = stop;
  const url = `http://127.0.0.1:${server.addr.port}/model.h5`;
  const error = await assertRejects(() => loadModel(url, { signal }));
  assertEquals(error, reason);
  await server.shutdown();
});

/** A chain of layers of a class that this library does not have. */
function chain(length: number): Uint8Array<ArrayBuffer> {
  const names = Array.from({ length }, (_, i) => `twice${i}`);
  const layers = names.map((name, i) =>
    layer(name, "Twice", {}, on(names[i - 1] ?? "x"))
  );
  return kerasOf(
    functional("m", [input("x", [4]), ...layers], ["x", 0, 0], [
      names.at(-1),
      0,
      0,
    ]),
  );
}

Deno.test("loadModel() stops between two layers of a graph that it builds", async () => {
  const stop = new AbortController();
  let numMade = 0;
  const customLayers: LoadModelOptions["customLayers"] = {
    Twice: () => {
      if (++numMade === 3) stop.abort();
      return {
        weights: [],
        call: (ops, [x]) => [ops.add(x!, x!)],
      };
    },
  };
  const bytes = chain(9);
  await assertStopped(
    () => loadModel(bytes, { customLayers, signal: stop.signal }),
    "loading the model",
  );
  assertEquals(numMade, 3);
});

Deno.test("loadModel() lets a timer stop it while it builds a large graph", async () => {
  const nodes = Array.from({ length: 20_000 }, (_, i) => ({
    op: "Relu",
    in: [i === 0 ? "x" : `t${i}`],
    out: [i === 19_999 ? "y" : `t${i + 1}`],
  }));
  const layers: LoadModelOptions["customLayers"] = {
    Twice: () => ({ weights: [], call: (ops, [x]) => [ops.add(x!, x!)] }),
  };
  for (
    const [bytes, customLayers] of [
      [onnxBytes({ nodes }), {}],
      [chain(10_000), layers],
    ] as const
  ) {
    const stop = new AbortController();
    using _clock = manualClock(60); // a pause is due at each reading
    // Called only if the pause yields the thread.
    setTimeout(() => stop.abort());
    await assertStopped(
      () => loadModel(bytes, { customLayers, signal: stop.signal }),
      "loading the model",
    );
  }
});

function zeros(shape: readonly number[]): NdArray {
  const size = shape.reduce((a, b) => a * b, 1);
  return { data: new Float32Array(size), shape, dtype: "float32" };
}

/** A dataset that must not be asked. */
const NEVER = {
  batches(): never {
    throw new Error("the dataset was asked");
  },
};

Deno.test("a run stops while its session is opened on onnx, which is closed when it is there", async () => {
  let stop = new AbortController();
  let closed = Promise.withResolvers<void>();
  using log = logRequests((event) => {
    if (event === "open") stop.abort();
    if (event === "closed") closed.resolve();
  });
  for (const [source, sizes] of [[DIGITS, [28, 28, 1]], [ONNX, undefined]]) {
    await using model = await loadModel(source as URL);
    const extractor = new FeatureExtractor(model).engine("onnx");
    const runs = [
      (signal: AbortSignal) => extractor.predict(NEVER, { ...QUIET, signal }),
      (signal: AbortSignal) =>
        extractor.stream(NEVER, { ...QUIET, signal }).next(),
      (signal: AbortSignal) => extractor.fitReact(NEVER, { ...QUIET, signal }),
    ];
    for (const run of runs) {
      stop = new AbortController();
      closed = Promise.withResolvers();
      const begin = log.events.length;
      const { signal } = stop;
      await assertStopped(() => run(signal), "its session was opened");
      assertEquals(log.events.slice(begin), ["open"]); // nobody waited for more
      await closed.promise;
      assertEquals(log.events.slice(begin), [
        "open",
        "opened",
        "close",
        "closed",
      ]);
    }
    stop = new AbortController();
    const shape = sizes ?? model.inputs[0]!.shape.slice(1);
    const x = zeros([2, ...shape as number[]]);
    const { logits } = await extractor.predict(x, QUIET);
    assertEquals(logits!.shape[0], 2);
  }
});

Deno.test("a run stops while its session waits for its turn on tfjs", async () => {
  await using model = await loadModel(DIGITS);
  const extractor = new FeatureExtractor(model).engine("tfjs");
  const held = Promise.withResolvers<void>();
  const holding = takeTurn("wasm", () => held.promise);
  const before = tf.memory().numTensors;
  for (const run of ["predict", "fitReact"] as const) {
    const stop = new AbortController();
    const { signal } = stop;
    const running = extractor[run](NEVER, { ...QUIET, signal });
    setTimeout(() => stop.abort());
    await assertStopped(() => running, "its session was opened");
  }
  held.resolve();
  await holding;
  const { logits } = await extractor.predict(zeros([2, 28, 28, 1]), QUIET);
  assertEquals(logits!.shape, [2, 10]);
  assertEquals(tf.memory().numTensors, before);
});

const ENDLESS = `
import { FeatureExtractor, loadModel } from "@sonde/sonde";

const [endless, other] = Deno.args;
const quiet = { progress: false };
const model = await loadModel(endless);
const data = new Float32Array(2);
const stop = new AbortController();
const run = new FeatureExtractor(model).layers(-1).predict(
  { data, shape: [1, 2], dtype: "float32" },
  { ...quiet, signal: stop.signal },
);
setTimeout(() => stop.abort(), 300); // the session is open, and it runs
await run.catch(({ name }) => console.log(name));
const next = await loadModel(other);
const [, ...sizes] = next.inputs[0].shape;
const size = sizes.reduce((a, b) => a * b, 1);
const { logits } = await new FeatureExtractor(next).predict(
  { data: new Float32Array(size), shape: [1, ...sizes], dtype: "float32" },
  quiet,
);
console.log(logits.shape[0]);
`;

/** A file that counts to 2^62, a second a few hundred million times. */
function endless(): Uint8Array<ArrayBuffer> {
  const body = {
    nodes: [
      { op: "Relu", in: ["v"], out: ["w"] },
      { op: "Identity", in: ["c"], out: ["d"] },
    ],
    inputs: [
      { name: "i", type: 7, shape: [] },
      { name: "c", type: 9, shape: [] },
      { name: "v", shape: ["N", 2] },
    ],
    outputs: [{ name: "d", type: 9, shape: [] }, {
      name: "w",
      shape: ["N", 2],
    }],
  };
  return onnxBytes({
    nodes: [{
      op: "Loop",
      name: "loop",
      in: ["trips", "", "x"],
      out: ["y"],
      attributes: { body: { graph: body } },
    }],
    constants: [{ name: "trips", type: 7, shape: [], ints: [2n ** 62n] }],
  });
}

/** The permission for the path of the runtime alone: it runs in a worker. */
const WORKER = `--allow-ffi=${
  decodeURIComponent(
    new URL("../", import.meta.resolve("onnxruntime-node")).pathname,
  )
}`;

for (
  const [where, permission, last, status] of [
    ["in this process", "--allow-ffi", "", 0], // it is stopped
    ["in a worker", WORKER, "Deno.exit(7);", 7],
  ] as const
) {
  Deno.test(`a run that never ends rejects at once, others run on, and the process ends, ${where}`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeFile(`${folder}/endless.onnx`, endless());
      await Deno.writeTextFile(`${folder}/main.js`, `${ENDLESS}${last}`);
      const path = (url: URL) => decodeURIComponent(url.pathname);
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--quiet", "--allow-read", permission],
          `--config=${path(new URL("deno.json", ROOT))}`,
          `${folder}/main.js`,
          `${folder}/endless.onnx`,
          path(ONNX),
        ],
        env: { NO_COLOR: "1" },
        signal: AbortSignal.timeout(60_000), // it hangs: the test is lost anyway
      }).output();
      const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      assertEquals(decode(stdout), "AbortError\n1\n", decode(stderr));
      assertEquals(code, status);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
