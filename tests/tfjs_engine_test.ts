// deno-lint-ignore-file no-console -- what the console is told is what is tested
import { assert, assertEquals } from "@std/assert";
import * as tfjs from "@tensorflow/tfjs";
import { tf } from "../lib/tf.ts";
import { sampled } from "./support/extent.ts";

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
  const imports of sampled([
    ["@sonde/sonde", "@tensorflow/tfjs"],
    ["@tensorflow/tfjs", "@sonde/sonde"],
  ], 2)
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
