/**
 * Puts things that wait for each other in an order: each after what it waits
 * for, and otherwise as they come.
 *
 * @param all The things.
 * @param waitsFor What one waits for.
 * @param onCycle Called with one that waits for itself, by whatever way; after
 * it, the one comes where it was found.
 * @returns Each once.
 */
export function inOrder<T>(
  all: Iterable<T>,
  waitsFor: (one: T) => readonly T[],
  onCycle: (one: T) => void = () => {},
): T[] {
  const ordered: T[] = [];
  const done = new Set<T>();
  for (const root of all) {
    const stack = [root];
    const open = new Set<T>();
    while (stack.length > 0) {
      const at = stack.at(-1)!;
      if (done.has(at)) {
        stack.pop();
        continue;
      }
      const waiting = open.has(at)
        ? []
        : waitsFor(at).filter((other) => !done.has(other));
      const cycle = waiting.find((other) => other === at || open.has(other));
      if (cycle !== undefined) onCycle(cycle);
      const rest = waiting.filter((other) => other !== at && !open.has(other));
      if (rest.length === 0) {
        stack.pop();
        ordered.push(at);
        done.add(at);
        continue;
      }
      open.add(at);
      stack.push(...rest.toReversed());
    }
  }
  return ordered;
}
