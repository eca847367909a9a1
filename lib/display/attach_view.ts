/**
 * Makes objects of this package show themselves.
 *
 * @module
 */
import { cannot, quote } from "../check.ts";
import { errorText } from "../errors.ts";
import { tableWidth } from "./terminal.ts";
import { viewText } from "./text.ts";
import type { ShowOptions, View } from "./view.ts";

/** The key of an object's function that returns its view. */
export const VIEW: symbol = Symbol.for("sonde.view");

/** Names of the options for showing an object. */
export type ViewOptionNames = readonly (keyof ShowOptions)[];

/**
 * Makes an object, or all objects of a class through its prototype, show
 * itself: in a notebook as a cell's last value, in the console, and through
 * `show`.
 *
 * An error in a view is written instead of it, because an exception would be
 * lost there; `show` throws it.
 *
 * @param target The object, or the prototype of its class.
 * @param view Returns the view of one object.
 * @param known The options that it accepts; `show` refuses others.
 */
export function attachView<T extends object>(
  target: T,
  view: (self: T, options: ShowOptions) => View,
  known: ViewOptionNames = [],
): void {
  const method = (value: (this: T) => unknown) => ({
    value,
    enumerable: false,
    configurable: true,
    writable: true,
  });
  const failure = (error: unknown) => `[cannot be shown: ${errorText(error)}]`;
  const text = function (this: T): string {
    try {
      return viewText(view(this, {}), tableWidth());
    } catch (error) {
      return failure(error);
    }
  };
  Object.defineProperties(target, {
    [VIEW]: method(function () {
      return (options: ShowOptions) => {
        refuseOthers(this, options, known);
        return view(this, options);
      };
    }),
    [Symbol.for("Jupyter.display")]: method(async function () {
      try {
        await prepareView(this);
        const { bundleOf } = await import("./bundle.ts");
        return await bundleOf(view(this, {}));
      } catch (error) {
        return { "text/plain": failure(error) };
      }
    }),
    [Symbol.for("Deno.customInspect")]: method(text),
    [Symbol.for("nodejs.util.inspect.custom")]: method(text),
  });
}

/**
 * Prepares the view of an object by its method `prepare`, if it has one. Not
 * called in the console, which is synchronous.
 *
 * @param x An object of this package.
 */
export async function prepareView(x: unknown): Promise<void> {
  const hasView = typeof x === "object" && x !== null && VIEW in x;
  if (!hasView || !("prepare" in x)) return;
  if (typeof x.prepare === "function") await x.prepare();
}

/**
 * The view of an object of this package.
 *
 * @param x Anything.
 * @param options Options for showing it.
 * @returns Its view; undefined for objects without {@linkcode attachView}.
 * @throws {TypeError} If an option does not apply to the object.
 */
export function viewOf(x: unknown, options: ShowOptions): View | undefined {
  if (typeof x !== "object" || x === null || !(VIEW in x)) return undefined;
  const method: unknown = Reflect.get(x, VIEW);
  if (typeof method !== "function") return undefined;
  const view: unknown = method.call(x);
  return (view as (options: ShowOptions) => View)(options);
}

/**
 * Refuses options that the shown value does not have.
 *
 * @param x The shown value.
 * @param options The options.
 * @param known Names of the options that it accepts.
 * @throws {TypeError} If another is set.
 */
export function refuseOthers(
  x: unknown,
  options: ShowOptions,
  known: ViewOptionNames,
): void {
  const shown = quote(x) === "an Object" ? "this" : quote(x);
  for (const name of Object.keys(options) as (keyof ShowOptions)[]) {
    if (options[name] === undefined || known.includes(name)) continue;
    const names = known.map((name) => `"${name}"`).join(", ");
    throw new TypeError(
      cannot(
        `show ${shown}`,
        known.length === 0
          ? "there must be no options"
          : `each option must be one of ${names}`,
        name,
      ),
    );
  }
}
