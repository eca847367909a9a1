import { assert, assertEquals } from "@std/assert";
import { LAYERS } from "../../lib/layers/layer_table.ts";
import { OPERATIONS } from "../../lib/layers/operation_table.ts";
import KERAS from "../data/keras_lists.json" with { type: "json" };

const README = await Deno.readTextFile(
  new URL("../../lib/layers/README.md", import.meta.url),
);
const [LAYER_PART, OPERATION_PART, FUNCTION_PART] = README.split("\n## ") as [
  string,
  string,
  string,
];

/** The rows of a table, cell by cell. */
function rowsOf(part: string): string[][] {
  return [...part.matchAll(/^\| `.*\|$/gm)].map(([row]) =>
    row.split("|").slice(1, -1).map((cell) => cell.trim())
  );
}

const LAYER_ROWS = rowsOf(LAYER_PART).map(([name, also, state, note]) => ({
  names: [
    name!.replaceAll("`", ""),
    ...also!.split(",").map((text) => text.trim()).filter(Boolean),
  ],
  state: state!,
  note: note!,
}));

const OPERATION_ROWS = rowsOf(OPERATION_PART).map(([name, state, note]) => ({
  name: name!.replaceAll("`", ""),
  state: state!,
  note: note!,
}));

Deno.test("lib/layers/README.md lists every layer class that is there, and none that is not", () => {
  const done = LAYER_ROWS.filter(({ state }) => state === "done")
    .flatMap(({ names }) => names);
  const known = new Set([...Object.keys(LAYERS), "InputLayer"]);
  assertEquals([...known].filter((name) => !done.includes(name)), []);
  for (const { names, state } of LAYER_ROWS) {
    assertEquals(
      names.some((name) => known.has(name)),
      state === "done",
      names[0],
    );
  }
});

Deno.test("lib/layers/README.md lists every layer class of Keras 3", () => {
  const listed = LAYER_ROWS.flatMap(({ names }) => names);
  assertEquals(KERAS.layers.filter((name) => !listed.includes(name)), []);
});

Deno.test("lib/layers/README.md lists every operation of Keras 3, and whether it is known", () => {
  const names = OPERATION_ROWS.map(({ name }) => name);
  assertEquals(KERAS.operations.filter((name) => !names.includes(name)), []);
  for (const { name, state } of OPERATION_ROWS) {
    assertEquals(Object.hasOwn(OPERATIONS, name), state === "done", name);
  }
  const others = Object.keys(OPERATIONS)
    .filter((name) => !name.startsWith("tf.") && !names.includes(name));
  assertEquals(others, ["SlicingOpLambda"]);
});

Deno.test("lib/layers/README.md lists the functions of TensorFlow that are known", () => {
  const listed = [...FUNCTION_PART.matchAll(/^- `(tf\..+)`$/gm)]
    .map(([, name]) => name!);
  const known = Object.keys(OPERATIONS).filter((name) =>
    name.startsWith("tf.")
  );
  assertEquals(listed, known.sort());
});

Deno.test("lib/layers/README.md gives a reason for all that is refused", () => {
  assert(LAYER_ROWS.length > 140 && OPERATION_ROWS.length > 280);
  for (const { state, note } of [...LAYER_ROWS, ...OPERATION_ROWS]) {
    assert(state === "done" || note !== "", note);
  }
});
