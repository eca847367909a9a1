import { assert, assertEquals } from "@std/assert";
import { VIEW } from "../../lib/display/attach_view.ts";
import { makeFigure } from "../../lib/display/figure.ts";
import type { View } from "../../lib/display/view.ts";

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
  assertEquals(Object.keys(made), ["title"]);
  const text = Deno.inspect(made);
  assert(text.includes("Loss") && text.includes("falls from 2 to 1"), text);
  const view = (made as unknown as Record<symbol, () => (o: object) => View>)[
    VIEW
  ]!.call(made)({});
  assertEquals([view.title, view.blocks.length, computed], ["Loss", 1, 0]);
});
