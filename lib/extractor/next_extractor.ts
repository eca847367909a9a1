import { cannot } from "../check.ts";
import type { ModelGraph } from "../models/graph/model_graph.ts";

/** A class whose instances are made of a model. */
// deno-lint-ignore ban-types
type Maker<T> = Function & (new (model: ModelGraph) => T);

let isMaking = false;

/**
 * Another object of the class of one that is at hand, by the class's own
 * constructor, so that the private fields of a subclass are there. They begin
 * anew; public fields are copied.
 *
 * @param base The class that the setters belong to.
 * @param from The object at hand.
 * @param graph The model, which the constructor gets.
 * @returns The new one.
 * @throws {TypeError} If the constructor of a subclass needs more than a model.
 */
export function nextExtractor<T extends object>(
  base: Maker<T>,
  from: T,
  graph: ModelGraph,
): T {
  const action = "make the next extractor";
  graph.checkUsable(action);
  const own = from.constructor as Maker<T>;
  // A constructor that calls setters comes here again while it runs.
  const maker = isMaking ? base : own;
  const before = isMaking;
  isMaking = true;
  try {
    return Object.assign(Reflect.construct(maker, [graph], own), { ...from });
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    const rule = `the constructor of "${own.name}" must go with a model alone`;
    throw new TypeError(cannot(action, rule, text), { cause });
  } finally {
    isMaking = before;
  }
}
