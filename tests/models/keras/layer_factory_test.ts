import { assertEquals, assertThrows } from "@std/assert";
import { LAYERS } from "../../../lib/layers/layer_table.ts";
import type { LayerConfig, LayerFactory } from "../../../lib/layers/layer.ts";
import { layerFactory } from "../../../lib/models/keras/layer_factory.ts";

const custom: LayerFactory = () => ({
  weights: ["mine"],
  call: (_, inputs) => [...inputs],
});
/** Custom factories are wrapped, so that what they give is checked. */
function assertIsCustom(factory: LayerFactory): void {
  assertEquals(factory({ name: "a" } as LayerConfig).weights, ["mine"]);
}
const factoryOf = (
  table: Parameters<typeof layerFactory>[0],
  className: string,
  registeredName?: string,
) => layerFactory(table, { className, path: "a/b", registeredName });

Deno.test("layerFactory() takes the caller's layer before a built-in one", () => {
  assertEquals(factoryOf({}, "Dense"), LAYERS.Dense);
  assertIsCustom(factoryOf({ Dense: custom }, "Dense"));
});

Deno.test("layerFactory() finds a class with or without its package, and by an alias", () => {
  assertIsCustom(factoryOf({ Twice: custom }, "Twice", "my>Twice"));
  assertIsCustom(factoryOf({ "my>Twice": custom }, "Twice", "my>Twice"));
  assertEquals(factoryOf({ Old: "Dense" }, "Old"), LAYERS.Dense);
  assertEquals(factoryOf({ Dense: "Dense" }, "Dense"), LAYERS.Dense);
});

Deno.test("layerFactory() names a class that nobody knows, and the way to pass it", () => {
  assertThrows(
    () => factoryOf({}, "Odd"),
    TypeError,
    'Cannot read layer "a/b" as its class must be known: current value is "Odd"; pass it as customObjects: { Odd: … }',
  );
  assertIsCustom(factoryOf({ Odd: custom }, "Odd"));
  assertThrows(
    () => factoryOf({}, "Sequential"),
    TypeError,
    "only a TimeDistributed layer may hold a model",
  );
});
