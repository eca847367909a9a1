import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { sampled, slowTest } from "./extent.ts";
import { checkCells, liftCells } from "./lift_cells.ts";
import type { Notebook, Output } from "./notebook_file.ts";
import {
  NotebookError,
  runNotebook,
  type RunNotebookOptions,
} from "./notebook_runner.ts";

/** A cell's code, or its code and tags. */
type Code = string | readonly [code: string, ...tags: string[]];

function notebookOf(...codes: Code[]): Notebook {
  const cells = codes.map((code) => {
    const [source, ...tags] = typeof code === "string" ? [code] : code;
    return {
      cell_type: "code" as const,
      metadata: { tags },
      source: source!,
      execution_count: null,
      outputs: [],
    };
  });
  return { cells, metadata: {}, nbformat: 4, nbformat_minor: 5 };
}

/** Gives the outputs of each cell, run in an empty folder. */
async function run(
  codes: readonly Code[],
  options?: RunNotebookOptions,
): Promise<(readonly Output[])[]> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/made.ipynb`;
    await Deno.writeTextFile(path, JSON.stringify(notebookOf(...codes)));
    const { notebook } = await runNotebook(path, options);
    return notebook.cells.map((cell) =>
      cell.cell_type === "code" ? cell.outputs : []
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function display(text: string, id: string, type = "display_data"): string {
  const content = {
    data: { "text/plain": text },
    metadata: {},
    transient: { display_id: id },
  };
  return `Deno.jupyter.broadcast("${type}", ${JSON.stringify(content)});`;
}

Deno.test("runNotebook() gives every output in its cell when cells print much", async () => {
  const print = (name: string) =>
    `for (let i = 0; i < 30; i++) console.log("${name}" + i);`;
  const lines = (name: string) =>
    Array.from({ length: 30 }, (_, i) => `${name}${i}\n`).join("");
  const outputs = await run([print("a"), print("b"), "6 * 7"]);
  assertEquals(outputs[0], [
    { output_type: "stream", name: "stdout", text: lines("a") },
  ]);
  assertEquals(outputs[1], [
    { output_type: "stream", name: "stdout", text: lines("b") },
  ]);
  assertEquals(outputs[2], [{
    output_type: "execute_result",
    data: { "text/plain": "42" },
    metadata: {},
    execution_count: 4,
  }]);
});

Deno.test("runNotebook() updates and clears outputs when the cells ask for it", async () => {
  const outputs = await run([
    display("0 of 2", "bar"),
    display("2 of 2", "bar", "update_display_data"),
    `console.log("old");
     Deno.jupyter.broadcast("clear_output", { wait: true });
     console.log("new");`,
  ]);
  assertEquals(outputs[0], [{
    output_type: "display_data",
    data: { "text/plain": "2 of 2" },
    metadata: {},
  }]);
  assertEquals(outputs[1], []);
  assertEquals(outputs[2], [
    { output_type: "stream", name: "stdout", text: "new\n" },
  ]);
});

for (
  const [what, code, message] of sampled<readonly [string, string, string]>([
    ["throws", `throw new RangeError("too far")`, "RangeError: too far"],
    ["does not parse", "const = 1", "Execution failed"],
    ["ends the kernel", "Deno.exit(3)", "ended with code 3"],
    [
      "shows what fails to show itself",
      `({ [Symbol.for("Jupyter.display")]() { throw new Error("shy"); } })`,
      "shy",
    ],
  ], 2)
) {
  Deno.test(`runNotebook() names the cell when it ${what}`, async () => {
    const error = await assertRejects(
      () => run(["1 + 1", code]),
      NotebookError,
    );
    assertEquals(error.cell, 1);
    assertStringIncludes(error.message, message);
  });
}

Deno.test("runNotebook() ends the kernel when a cell never ends", async () => {
  const error = await assertRejects(
    () => run(["while (true);"], { timeoutMs: 500 }),
    NotebookError,
  );
  assertStringIncludes(error.message, "not done after 0.5 s");
});

Deno.test("runNotebook() fails when a tagged cell does not show what it should", async () => {
  const nothing = await assertRejects(
    () => run([["undefined", "expects-output"]]),
    NotebookError,
  );
  assertStringIncludes(nothing.message, "shows nothing");
  const text = await assertRejects(
    () => run([["1 + 1", "expects-figure"]]),
    NotebookError,
  );
  assertStringIncludes(text.message, "no picture and no HTML");
  const outputs = await run([
    ["1 + 1", "expects-output"],
    ["Deno.jupyter.html`<b>x</b>`", "expects-figure"],
  ]);
  assertEquals(outputs.map(({ length }) => length), [1, 1]);
});

Deno.test("runNotebook() changes the renderer of the set-up cell alone", async () => {
  const code = `console.log(JSON.stringify({ renderer: "png" }))`;
  const outputs = await run([[code, "setup"], code], { renderer: "html" });
  const strings = outputs.flat().map((output) =>
    output.output_type === "stream" ? output.text : ""
  );
  assertEquals(strings, [`{"renderer":"html"}\n`, `{"renderer":"png"}\n`]);
  await assertRejects(() => run([code], { renderer: "html" }), Error, "setup");
});

Deno.test("liftCells() keeps the order of the cells and says where each was", () => {
  assertEquals(
    liftCells(notebookOf("const a = 1;", "a")),
    "// cell 0\nconst a = 1;\n;\n// cell 1\na\n;\nexport {};\n",
  );
});

slowTest(
  "checkCells() refuses what the kernel would run when types are wrong",
  async () => {
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(`${folder}/two.ts`, "export const two = 2;\n");
    const good = notebookOf(`import { two } from "./two.ts";`, "two + 1");
    const bad = notebookOf(`import { two } from "./two.ts";`, "two.length");
    try {
      await checkCells([good], folder);
      const error = await assertRejects(
        () => checkCells([bad], folder),
        TypeError,
      );
      assertStringIncludes(error.message, "TS2339");
      const left = [...Deno.readDirSync(folder)].map(({ name }) => name);
      assertEquals(left, ["two.ts"]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
