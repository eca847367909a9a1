/**
 * How an object of ours comes to show itself.
 *
 * @module
 */
import { viewText } from "./text.ts";
import type { View, ViewOptions } from "./view.ts";

/** Under which `show` finds the view of an object. */
export const VIEW: symbol = Symbol.for("sonde.view");

/**
 * Teaches an object, or a class through its prototype, to show itself: in a
 * notebook as a cell's last value, in the console, and through `show`.
 *
 * @param target The object, or the prototype of its class.
 * @param view Gives the view of one object.
 */
export function attachView<T extends object>(
  target: T,
  view: (self: T, options: ViewOptions) => View,
): void {
  const method = (value: (this: T) => unknown) => ({
    value,
    enumerable: false,
    configurable: true,
    writable: true,
  });
  Object.defineProperties(target, {
    [VIEW]: method(function () {
      return (options: ViewOptions) => view(this, options);
    }),
    [Symbol.for("Jupyter.display")]: method(async function () {
      const { bundleOf } = await import("./bundle.ts");
      return await bundleOf(view(this, {}));
    }),
    [Symbol.for("Deno.customInspect")]: method(function () {
      return viewText(view(this, {}));
    }),
    [Symbol.for("nodejs.util.inspect.custom")]: method(function () {
      return viewText(view(this, {}));
    }),
  });
}
