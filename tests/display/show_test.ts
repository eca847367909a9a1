// deno-lint-ignore-file no-control-regex -- escape sequences hold them
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { attachView } from "../../lib/display/attach_view.ts";
import { setRenderer } from "../../lib/display/renderer.ts";
import { show } from "../../lib/display/show.ts";
import { inFakeKernel } from "./_fake_kernel.ts";
import { SPECS } from "./_specs.ts";

const CURVE = {};
attachView(CURVE, (_, { layer = "all" }) => ({
  title: `Layer ${layer}`,
  blocks: [{
    kind: "figure",
    title: "Curve",
    summary: "3 points",
    figure: () => SPECS.lines,
  }],
}), ["layer"]);

/** What is written to stdout meanwhile. */
async function written(run: () => Promise<void>): Promise<string> {
  const { writeSync } = Deno.stdout;
  let text = "";
  Deno.stdout.writeSync = (bytes) => {
    const part = bytes.subarray(0, 7); // as a full pipe would
    text += new TextDecoder().decode(part);
    return part.length;
  };
  try {
    await run();
  } finally {
    Deno.stdout.writeSync = writeSync;
  }
  return text;
}

Deno.test("show() prints aligned text outside a notebook", async () => {
  assertEquals(
    await written(() => show(CURVE, { layer: "conv1" })),
    "Layer conv1\n\n[Curve: 3 points]\n",
  );
  assertEquals(await written(() => show([{ a: 1 }])), "a\n-\n1\n");
});

Deno.test("show() draws images in a terminal that shows them", async () => {
  const { isTerminal } = Deno.stdout;
  const names = ["TERM", "TMUX"] as const;
  const before = names.map((name) => Deno.env.get(name));
  Deno.stdout.isTerminal = () => true;
  Deno.env.set("TERM", "xterm-kitty");
  Deno.env.delete("TMUX");
  try {
    const text = await written(() => show(CURVE));
    assertMatch(text, /^Layer all\n\n\[Curve: 3 points\]\n\x1b_Ga=T,f=100/);
    const table = await written(() => show([{ a: 1 }]));
    assertEquals(table, "a\n-\n1\n");
  } finally {
    Deno.stdout.isTerminal = isTerminal;
    names.forEach((name, i) => {
      const value = before[i];
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    });
  }
});

Deno.test("show() and the console break tables where the terminal ends", async () => {
  const { isTerminal } = Deno.stdout;
  const { consoleSize } = Deno;
  const long = { name: "a name of many words ".repeat(5), value: 1 };
  const widest = (text: string) =>
    Math.max(...text.split("\n").map((line) => line.length));
  assert(widest(await written(() => show([long]))) > 100);
  Deno.stdout.isTerminal = () => true;
  Deno.consoleSize = () => ({ columns: 40, rows: 20 });
  try {
    assert(widest(await written(() => show([long]))) <= 40);
    const shown = {};
    attachView(shown, () => ({
      title: "",
      blocks: [{
        kind: "table",
        columns: [{ name: "a" }, { name: "b" }],
        rows: [[long.name, 1]],
      }],
    }));
    assert(widest(Deno.inspect(shown)) <= 40);
  } finally {
    Deno.stdout.isTerminal = isTerminal;
    Deno.consoleSize = consoleSize;
  }
});

Deno.test("show() sends one page to a notebook, and prints nothing", async () => {
  const text = await written(async () => {
    const sent = await inFakeKernel(() => show(CURVE));
    assertEquals(sent.map(({ type }) => type), ["display_data"]);
    const { data } = sent[0]!.content;
    assertEquals(Object.keys(data), ["text/html", "text/plain"]);
    assertEquals(data["text/plain"], "Layer all\n\n[Curve: 3 points]");
  });
  assertEquals(text, "");
});

Deno.test("show() sends images by themselves for png", async () => {
  setRenderer("png");
  try {
    const sent = await inFakeKernel(() => show(CURVE));
    assertEquals(sent.map(({ content }) => Object.keys(content.data)), [
      ["text/html", "text/plain"],
      ["image/png", "text/plain"],
    ]);
    assertEquals(Object.keys(sent[1]!.content.metadata), ["image/png"]);
  } finally {
    setRenderer("html");
  }
});

Deno.test("show() lets objects of other libraries show themselves", async () => {
  const table = {
    [Symbol.for("Jupyter.display")]: () => ({ "text/html": "<table></table>" }),
  };
  const sent = await inFakeKernel(() => show(table));
  assertEquals(sent[0]!.content.data, { "text/html": "<table></table>" });
});

Deno.test("show() rejects with what goes wrong in a figure", async () => {
  const broken = {};
  attachView(broken, () => ({
    title: "t",
    blocks: [{
      kind: "figure",
      title: "f",
      summary: "s",
      figure: () => Promise.reject(new RangeError("too few samples")),
    }],
  }));
  await inFakeKernel(() =>
    assertRejects(() => show(broken), RangeError, "too few samples")
  );
  assertStringIncludes(await written(() => show(broken)), "[f: s]");
});

Deno.test("show() asks for a forgotten await", async () => {
  await assertRejects(
    () => show(Promise.resolve(1)),
    TypeError,
    "Cannot show this as what is shown must be a value: current value is a Promise; write await before it",
  );
});

Deno.test("show() refuses options that it does not know, and values that do not go", async () => {
  await assertRejects(
    () => show(CURVE, { layers: "x" } as object),
    TypeError,
    'did you mean "layer"',
  );
  await assertRejects(
    () => show(CURVE, { sample: 1 }),
    TypeError,
    'each option must be one of "layer": current value is "sample"',
  );
  await assertRejects(
    () => show(CURVE, { channels: [] }),
    RangeError,
    '"channels" must hold integers >= 0',
  );
  await assertRejects(
    () => show(CURVE, { scale: "all" as "each" }),
    RangeError,
    'must be one of "layer", "each"',
  );
  await assertRejects(
    () => show(CURVE, { sample: -1 }),
    RangeError,
    'Cannot show as "sample" must be an integer >= 0: current value is -1',
  );
  await assertRejects(
    () => show(CURVE, { projection: "tsne" as "pca" }),
    RangeError,
    'must be one of "pca", "umap"',
  );
  await assertRejects(
    () => show(CURVE, { layer: 3 } as object),
    TypeError,
    '"layer" must be a name: current value is 3',
  );
});
