import { assert, assertEquals, assertThrows } from "@std/assert";
import { VIEW, viewOf } from "../../lib/display/attach_view.ts";
import { makeFigure } from "../../lib/display/figure.ts";
import type { FigureBlock, FigureSpec, View } from "../../lib/display/view.ts";
import { SPECS } from "./_specs.ts";

Deno.test("makeFigure() gives a frozen figure that computes when drawn only", () => {
  let computed = 0;
  const made = makeFigure({
    title: "Loss",
    summary: "falls from 2 to 1",
    figure: () => {
      computed++;
      return {
        kind: "lines",
        title: "Loss",
        xLabel: "epoch",
        yLabel: "loss",
        lines: [],
      };
    },
  });
  assert(Object.isFrozen(made));
  assertEquals(Object.keys(made), ["title", "save"]);
  const text = Deno.inspect(made);
  assert(text.includes("Loss") && text.includes("falls from 2 to 1"), text);
  const view = (made as unknown as Record<symbol, () => (o: object) => View>)[
    VIEW
  ]!.call(made)({});
  assertEquals([view.title, view.blocks.length, computed], ["Loss", 1, 0]);
});

Deno.test("makeFigure() applies the caller's settings", async () => {
  const spec: FigureSpec = {
    kind: "lines",
    title: "Loss",
    xLabel: "epoch",
    yLabel: "loss",
    lines: [],
  };
  const parts = { title: "Loss", summary: "falls", figure: () => spec };
  const options = {
    title: "Loss of two runs",
    caption: "Seeds 1 and 2",
    yLabel: "cross-entropy",
    width: 320,
    theme: "dark",
  } as const;
  const made = makeFigure({ ...parts, options }, { runs: 2 });
  assertEquals([made.title, made.runs], ["Loss of two runs", 2]);
  const block = viewOf(made, {})!.blocks[0] as FigureBlock;
  assertEquals(await block.figure(), {
    ...spec,
    title: "Loss of two runs",
    caption: "Seeds 1 and 2",
    yLabel: "cross-entropy",
    figureWidth: 320,
    theme: "dark",
  });
});

Deno.test("makeFigure() refuses settings that are wrong", () => {
  const make = (options: object) =>
    makeFigure({
      title: "t",
      summary: "s",
      figure: () => SPECS.lines,
      options,
    });
  assertThrows(
    () => make({ title: 3 }),
    TypeError,
    'Cannot draw figure as "title" must be a string: current value is 3',
  );
  assertThrows(() => make({ width: 100 }), RangeError, `"width" must be`);
  assertThrows(
    () => make({ width: 1e9 }),
    RangeError,
    `"width" must be finite and >= 200 and <= 4000: current value is`,
  );
  assertThrows(() => make({ width: NaN }), RangeError);
  assertThrows(
    () => make({ theme: "grey" }),
    RangeError,
    `"theme" must be one`,
  );
});

Deno.test("makeFigure() takes no options of show()", () => {
  const figure = makeFigure({
    title: "t",
    summary: "s",
    figure: () => SPECS.lines,
  });
  assertThrows(
    () => viewOf(figure, { sample: 1 }),
    TypeError,
    'Cannot show this as there must be no options: current value is "sample"',
  );
});
