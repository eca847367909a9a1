import { assert, assertEquals } from "@std/assert";
import { LAYERS } from "../../lib/layers/layer_table.ts";

const TABLE = await Deno.readTextFile(
  new URL("../../lib/layers/README.md", import.meta.url),
);
const ROWS = [
  ...TABLE.matchAll(/^\| `(\w+)`\s*\|([^|]*)\|\s*(\w+)\s*\|([^|]*)\|$/gm),
]
  .map(([, name, also, state, note]) => ({
    names: [
      name!,
      ...also!.split(",").map((text) => text.trim()).filter(Boolean),
    ],
    state: state!,
    note: note!.trim(),
  }));

Deno.test("lib/layers/README.md lists every class that is there, and none that is not", () => {
  const done = ROWS.filter(({ state }) => state === "done").flatMap((
    { names },
  ) => names);
  const known = new Set([...Object.keys(LAYERS), "InputLayer"]);
  assertEquals([...known].filter((name) => !done.includes(name)), []);
  for (const { names, state } of ROWS) {
    assertEquals(
      names.some((name) => known.has(name)),
      state === "done",
      names[0],
    );
  }
});

Deno.test("lib/layers/README.md gives a reason for each class that is refused", () => {
  assert(ROWS.length > 140);
  for (const { names, state, note } of ROWS) {
    assert(state === "done" || note !== "", names[0]);
  }
});
