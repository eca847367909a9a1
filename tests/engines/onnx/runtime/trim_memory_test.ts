import { assertEquals } from "@std/assert";
import { encodeModel } from "../../../../lib/engines/onnx/graph/encode_model.ts";
import { openPipeline } from "../../../../lib/engines/onnx/runtime/open_pipeline.ts";
import { feed, product, SIZE, slow, unit } from "./_graphs.ts";

const MODULE = new URL(
  "../../../../lib/engines/onnx/runtime/trim_memory.ts",
  import.meta.url,
);

/** Allocates and frees memory of the C library, and prints the remaining size in MB. */
const SCRIPT = `
  import { trimMemory } from "${MODULE}";
  const anonymous = () =>
    Number(/RssAnon:\\s+(\\d+)/.exec(Deno.readTextFileSync("/proc/self/status"))[1]) / 1024;
  const library = Deno.dlopen("libc.so.6", {
    malloc: { parameters: ["usize"], result: "pointer" },
    free: { parameters: ["pointer"], result: "void" },
    memset: { parameters: ["pointer", "i32", "usize"], result: "pointer" },
  });
  const { malloc, free, memset } = library.symbols;
  const size = 65536n; // small ones come from a heap that grows
  const blocks = Array.from({ length: 1600 }, () => malloc(size));
  for (const block of blocks) memset(block, 1, size);
  const last = malloc(size); // so that the heap cannot just shrink
  for (const block of blocks) free(block);
  const before = anonymous();
  trimMemory();
  console.log(before - anonymous() > 50, last !== null);
`;

async function printed(script: string, ...flags: string[]): Promise<string> {
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(path, script);
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--no-prompt", ...flags, path],
      stderr: "inherit",
    }).output();
    return new TextDecoder().decode(stdout).trim();
  } finally {
    await Deno.remove(path);
  }
}

Deno.test({
  name: "trimMemory() gives freed memory back to the system",
  ignore: Deno.build.os !== "linux",
  async fn() {
    assertEquals(await printed(SCRIPT, "-A"), "true true");
  },
});

Deno.test("trimMemory() requests no permission, and does nothing without it", async () => {
  const script = `import { trimMemory } from "${MODULE}";
    trimMemory();
    console.log("done");`;
  assertEquals(await printed(script), "done");
  assertEquals(await printed(script, "--allow-ffi=/somewhere/else"), "done");
});

/** How often memory is returned while a model opens, runs and closes. */
async function numTrims(
  { graph, x }: ReturnType<typeof slow>,
  data: Float32Array,
): Promise<number> {
  const { dlopen } = Deno;
  let count = 0;
  Deno.dlopen = (path, symbols) => {
    if (path === "libc.so.6" && "malloc_trim" in symbols) count++;
    return dlopen(path, symbols);
  };
  try {
    const pipeline = await openPipeline(encodeModel(graph), { threads: 1 });
    await pipeline.run(feed(x, data));
    await pipeline.close();
  } finally {
    Deno.dlopen = dlopen;
  }
  return count;
}

Deno.test({
  name: "openPipeline() returns memory if the model or a batch is large",
  ignore: Deno.build.os !== "linux",
  async fn() {
    assertEquals(await numTrims(product(), unit(3)), 0);
    assertEquals(await numTrims(product(), new Float32Array(200 * SIZE)), 1);
    assertEquals(await numTrims(slow(), unit(3)), 2); // weights of 1.4 MB
  },
});
