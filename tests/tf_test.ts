// deno-lint-ignore-file no-console -- what the console is told is what is tested
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import * as tfjs from "@tensorflow/tfjs";
import { tf as exported } from "@sonde/sonde";
import { tf } from "../lib/tf.ts";
import { filesIn } from "./support/source_tree.ts";

/** What the console is warned of while something is done. */
async function warnings(work: () => Promise<void>): Promise<unknown[]> {
  const { warn } = console;
  const heard: unknown[] = [];
  console.warn = (...strings) => heard.push(...strings);
  try {
    await work();
  } finally {
    console.warn = warn;
  }
  return heard;
}

/** The first tensor of a backend is when TF.js gives its advice; and a warning of the user's own. */
async function firstUse(): Promise<void> {
  await tf.setBackend("cpu");
  tf.dispose(tf.tensor([1, 2]));
  console.warn("own");
}

// These two come first: advice is given once a process.
Deno.test("tf gives no advice to install a backend for Node, and leaves the console alone", async () => {
  assertEquals(await warnings(firstUse), ["own"]);
});

Deno.test("tf gives no advice where TF.js was in use before, and without it would", async () => {
  const inUse = async () => {
    await tfjs.setBackend("cpu");
    Object.assign(tfjs.engine().registry.cpu!, { firstUse: true });
  };
  await inUse();
  const [advice, ...others] = await warnings(firstUse);
  assert(String(advice).includes("install our node backend"), String(advice));
  assertEquals(others, ["own"]);
  await inUse();
  const again = import.meta.resolve("../lib/tfjs_engine.ts?again");
  await import(again);
  assertEquals(await warnings(firstUse), ["own"]);
});

Deno.test("TF.js is imported through lib/tf.ts alone, on its first use", () => {
  const around = [...filesIn("lib"), ...filesIn("tests")].filter((
    { source },
  ) => /^import (?!type\b).* from "@tensorflow\/tfjs";/m.test(source));
  assertEquals(around.map(({ path }) => path).sort(), [
    "lib/tf.ts",
    // These compare it with the copy that users may import.
    "tests/extractor/_models.ts",
    "tests/tf_test.ts",
  ]);
});

Deno.test("tf is the one copy of TF.js, also as mod.ts exports it", () => {
  assertStrictEquals(tf.tensor, tfjs.tensor);
  assertStrictEquals(tf.Tensor, tfjs.Tensor);
  assertStrictEquals(exported, tf);
});

Deno.test("tf names types that fit the values of TF.js", () => {
  const tensor: tf.Tensor = tf.tensor([1, 2]);
  const matrix: tf.Tensor2D = tf.tensor2d([[1]]);
  const model: tf.LayersModel = tf.sequential({
    layers: [tf.layers.dense({ units: 1, inputShape: [2] })],
  });
  const dataset: tf.data.Dataset<tf.TensorContainer> = tf.data.array([1, 2, 3]);
  assertEquals([tensor.shape, matrix.shape], [[2], [1, 1]]);
  assertEquals(dataset.size, 3);
  tf.dispose([tensor, matrix]);
  model.dispose();
});

/** What a process prints that begins anew. */
async function printed(program: string): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", program],
    cwd: new URL("..", import.meta.url),
    env: { NO_COLOR: "1" },
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return decode(stdout) + decode(stderr);
}

Deno.test("tf.setBackend() takes wasm, which nobody gets who chooses none", async () => {
  const program = `import { tf } from "./lib/tf.ts";
tf.square(3).dispose();
console.log(tf.getBackend(), await tf.setBackend("wasm"), tf.getBackend());
console.log((await tf.matMul([[1, 2]], [[3], [4]]).data())[0]);`;
  assertEquals(await printed(program), "cpu true wasm\n11\n");
});

Deno.test("tf leaves wasm to the package that the user imports, without a warning", async () => {
  const program = `import { tf } from "./lib/tf.ts";
import "@tensorflow/tfjs-backend-wasm";
console.log(await tf.setBackend("wasm"), tf.getBackend());`;
  assertEquals(await printed(program), "true wasm\n");
});

for (
  const imports of [
    ["@sonde/sonde", "@tensorflow/tfjs"],
    ["@tensorflow/tfjs", "@sonde/sonde"],
  ]
) {
  Deno.test(`a copy of TF.js that the user imports has wasm and no advice: ${imports}`, async () => {
    const lines = imports.map((name) =>
      name === "@sonde/sonde"
        ? `import "${name}";`
        : `import * as tf from "${name}";`
    );
    const program = `${lines.join("\n")}
tf.square(3).dispose();
console.log(tf.getBackend(), await tf.setBackend("wasm"), tf.getBackend());`;
    assertEquals(await printed(program), "cpu true wasm\n");
  });
}
