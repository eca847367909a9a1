import {
  assert,
  assertEquals,
  assertExists,
  assertLess,
  assertStringIncludes,
} from "@std/assert";
import { imageFolder, type NdArray } from "@sonde/sonde";
import { assertAllClose } from "../support/all_close.ts";
import { Kernel } from "../support/kernel.ts";
import { RUNS_ALL, sampled, slowTest } from "../support/extent.ts";
import { checkCells } from "../support/lift_cells.ts";
import { joined, readNotebook, tagsOf } from "../support/notebook_file.ts";
import { runNotebook } from "../support/notebook_runner.ts";

const FOLDER = decodeURIComponent(
  new URL("../../notebooks/", import.meta.url).pathname,
);
const NOTEBOOKS = [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
  .filter((name) => name.endsWith(".ipynb")).sort();

Deno.test("notebooks/ holds the notebooks that the README names", () => {
  assertEquals(NOTEBOOKS, [
    "01_extract.ipynb",
    "02_models.ipynb",
    "03_keras.ipynb",
    "04_detect.ipynb",
    "05_images.ipynb",
  ]);
});

for (const name of NOTEBOOKS) {
  const path = FOLDER + name;

  // The demo runs the first one, too.
  slowTest(
    `${name} runs on the Deno kernel and shows what its tags promise`,
    async () => {
      const { notebook } = await runNotebook(path);
      assertEquals(
        notebook.cells.length,
        (await readNotebook(path)).cells.length,
      );
    },
  );

  Deno.test(`${name} is committed with its outputs, as pictures and small`, async () => {
    const { size } = await Deno.stat(path);
    assertLess(size, 1.5e6);
    for (const cell of (await readNotebook(path)).cells) {
      if (cell.cell_type !== "code") continue;
      assertExists(cell.execution_count, `not run: ${joined(cell.source)}`);
      const text = JSON.stringify(cell.outputs);
      assert(!text.includes("<script"), "an output holds a script");
      const needsOutput = tagsOf(cell).some((tag) =>
        tag.startsWith("expects-")
      );
      assert(!needsOutput || cell.outputs.length > 0, joined(cell.source));
    }
  });
}

slowTest("the notebooks have no type error in their cells", async () => {
  const notebooks = NOTEBOOKS.map((name) => readNotebook(FOLDER + name));
  await checkCells(await Promise.all(notebooks), FOLDER);
});

Deno.test("the digits model is small and its stated accuracy above 0.98", async () => {
  const folder = `${FOLDER}models/digits/`;
  const { userDefinedMetadata } = JSON.parse(
    await Deno.readTextFile(`${folder}model.json`),
  );
  const { size } = await Deno.stat(`${folder}weights.bin`);
  assertLess(size, 500_000);
  assertLess(0.98, userDefinedMetadata.heldOutAccuracy);
});

slowTest(
  "train_digits.ts gives the committed weights when it runs again",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const { success, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", `${FOLDER}train_digits.ts`, folder],
        stdout: "null",
      }).output();
      assert(success, new TextDecoder().decode(stderr));
      const [made, committed] = await Promise.all(
        [folder, `${FOLDER}models/digits`].map(async (position) =>
          new Float32Array(
            (await Deno.readFile(`${position}/weights.bin`)).buffer,
          )
        ),
      );
      // Equal to the bit on one machine; engines may differ in their exp and pow.
      assertAllClose(made!, committed!, { rtol: 1e-3, atol: 1e-4 });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

slowTest("draw_images.ts draws the committed images again", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", `${FOLDER}draw_images.ts`, folder],
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    const [made, committed] = [folder, `${FOLDER}images`]
      .map((position) => imageFolder(position));
    assertEquals(made!.ids.length, 160);
    assertEquals(made!.ids, committed!.ids);
    const [pixels, before] = await Promise.all(
      [made!, committed!].map(async (source) =>
        (await source.samples!(made!.ids) as { xs: NdArray }).xs.data
      ),
    );
    // Equal to the bit on one machine; encoders of JPEG differ by little.
    assertAllClose(pixels!, before!, { rtol: 0, atol: 8 });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

for (const engine of sampled(["tfjs", "onnx"], 2)) {
  Deno.test(`predict() on ${engine} ends with an AbortError when a notebook is stopped, and the kernel lives on`, async () => {
    await using kernel = await Kernel.start(FOLDER);
    const setUp = await kernel.execute(`
    import { FeatureExtractor, notebook, tf } from "@sonde/sonde";
    await notebook({ renderer: "png" });
    const kept = 41;
    const dense = tf.layers.dense({ units: 3, inputShape: [4] });
    const extractor = new FeatureExtractor(tf.sequential({ layers: [dense] }))
      .engine("${engine}");
    function* endless() {
      for (let batch = 0;; batch++) {
        if (batch === 3) console.log("under way");
        yield tf.zeros([8, 4]);
      }
    }`);
    const setUpError = setUp.find(({ type }) => type === "error");
    assertEquals(setUpError, undefined);

    const stopped = await kernel.execute(
      "await extractor.predict(endless(), { progress: false });",
      {
        timeoutMs: 60_000,
        onMessage: ({ type, content }) => {
          const isUnderWay = type === "stream" &&
            String(content["text"]).includes("under way");
          if (isUnderWay) kernel.interrupt();
        },
      },
    );
    const error = stopped.find(({ type }) => type === "error");
    assertExists(error, "the cell was not stopped");
    assertStringIncludes(JSON.stringify(error.content), "AbortError");

    const after = await kernel.execute(
      "(await extractor.predict(tf.zeros([2, 4]))).logits.shape[0] + kept - 1",
    );
    const result = after.find(({ type }) => type === "execute_result");
    assertEquals(result?.content["data"], { "text/plain": "42" });
  });
}

/** What a cell's last value is, in a new kernel. */
async function lastValue(cell: string): Promise<unknown> {
  await using kernel = await Kernel.start(FOLDER);
  const messages = await kernel.execute(cell, { timeoutMs: 60_000 });
  const error = messages.find(({ type }) => type === "error");
  assertEquals(error?.content, undefined);
  const result = messages.find(({ type }) => type === "execute_result");
  const data = result?.content["data"] as Record<string, unknown>;
  return data["text/plain"];
}

Deno.test("notebook() makes wasm the backend of the user's own computations, if none computed before", async () => {
  const imports = `import { notebook, tf } from "@sonde/sonde";`;
  const set = `await notebook({ renderer: "png" });`;
  const product = "const [x] = tf.matMul([[3]], [[7]]).dataSync();";
  const answer = "`${tf.getBackend()} ${x}`";
  const after = [imports, set, product, answer].join("\n");
  assertStringIncludes(String(await lastValue(after)), "wasm 21");
  if (!RUNS_ALL) return;
  const before = [imports, product, set, answer].join("\n");
  assertStringIncludes(String(await lastValue(before)), "cpu 21");
});
