import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { attachView, VIEW, viewOf } from "../../lib/display/attach_view.ts";
import type { View } from "../../lib/display/view.ts";

class Counted {
  #count = 3;
  get count(): number {
    return this.#count;
  }
}
attachView(Counted.prototype, ({ count }, { sample = 0 }): View => {
  const text = `${count} things, sample ${sample}`;
  return { title: "Counted", blocks: [{ kind: "text", text }] };
}, ["sample"]);

const BUNDLE = Symbol.for("Jupyter.display");

Deno.test("attachView() teaches a class to show itself in the console", () => {
  const text = "Counted\n\n3 things, sample 0";
  assertEquals(Deno.inspect(new Counted()), text);
  assertEquals(
    Reflect.get(new Counted(), Symbol.for("nodejs.util.inspect.custom")).call(
      new Counted(),
    ),
    text,
  );
});

Deno.test("attachView() teaches a class to show itself as a cell's last value", async () => {
  const counted = new Counted();
  const bundle = await Reflect.get(counted, BUNDLE).call(counted);
  assertEquals(bundle["text/plain"], "Counted\n\n3 things, sample 0");
  assertStringIncludes(bundle["text/html"], "<b>Counted</b>");
});

Deno.test("attachView() adds nothing that can be listed", () => {
  const target = { a: 1 };
  attachView(target, () => ({ title: "t", blocks: [] }));
  assertEquals(Object.keys(target), ["a"]);
  assertEquals({ ...target }, { a: 1 });
  assertEquals(VIEW in { ...target }, false);
});

Deno.test("attachView() writes what went wrong instead of the object", async () => {
  const target = {};
  attachView(target, () => {
    throw new RangeError("it is closed");
  });
  assertEquals(Deno.inspect(target), "[cannot be shown: it is closed]");
  assertEquals(await Reflect.get(target, BUNDLE).call(target), {
    "text/plain": "[cannot be shown: it is closed]",
  });
  // Private fields are missing on the prototype itself.
  assertStringIncludes(Deno.inspect(Counted.prototype), "cannot be shown");
});

Deno.test("viewOf() passes the options on", () => {
  assertEquals(viewOf(new Counted(), { sample: 2 })?.blocks, [
    { kind: "text", text: "3 things, sample 2" },
  ]);
});

Deno.test("viewOf() refuses options that the object does not take", () => {
  const counted = new Counted();
  assertEquals(viewOf(counted, { sample: 1 })?.title, "Counted");
  assertThrows(
    () => viewOf(counted, { sample: 1, layer: "conv" }),
    TypeError,
    'Cannot show a Counted as each option must be one of "sample": current value is "layer"',
  );
});

Deno.test("viewOf() gives undefined for what was not taught", () => {
  for (const value of [undefined, null, 3, "x", {}, [], { [VIEW]: 1 }]) {
    assertEquals(viewOf(value, {}), undefined);
  }
});
