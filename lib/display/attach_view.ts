/**
 * How an object of ours comes to show itself.
 *
 * @module
 */
import { viewText } from "./text.ts";
import type { View, ViewOptions } from "./view.ts";

/** Under which an object keeps the function that gives its view. */
export const VIEW: symbol = Symbol.for("sonde.view");

/**
 * Teaches an object, or a class through its prototype, to show itself: in a
 * notebook as a cell's last value, in the console, and through `show`.
 *
 * What goes wrong while an object shows itself is written in place of it, as
 * an error there would pass unseen in a notebook; `show` throws it.
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
  const text = function (this: T): string {
    try {
      return viewText(view(this, {}));
    } catch (error) {
      return `[cannot be shown: ${
        error instanceof Error ? error.message : String(error)
      }]`;
    }
  };
  Object.defineProperties(target, {
    [VIEW]: method(function () {
      return (options: ViewOptions) => view(this, options);
    }),
    [Symbol.for("Jupyter.display")]: method(async function () {
      try {
        const { bundleOf } = await import("./bundle.ts");
        return await bundleOf(view(this, {}));
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return { "text/plain": `[cannot be shown: ${reason}]` };
      }
    }),
    [Symbol.for("Deno.customInspect")]: method(text),
    [Symbol.for("nodejs.util.inspect.custom")]: method(text),
  });
}

/**
 * The view of an object of ours.
 *
 * @param x Anything.
 * @param options What to show of it.
 * @returns Its view; undefined for what {@linkcode attachView} has not taught.
 */
export function viewOf(x: unknown, options: ViewOptions): View | undefined {
  if (typeof x !== "object" || x === null || !(VIEW in x)) return undefined;
  const method: unknown = Reflect.get(x, VIEW);
  if (typeof method !== "function") return undefined;
  const view: unknown = method.call(x);
  return (view as (options: ViewOptions) => View)(options);
}
