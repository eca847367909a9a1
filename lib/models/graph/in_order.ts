/**
 * Topological sort: orders items after their dependencies, otherwise in their
 * original order.
 *
 * @param all The items.
 * @param waitsFor Returns the dependencies of an item.
 * @param onCycle Called with an item that depends on itself, and the item that
 * leads back to it; if it returns, the item is placed where it was found.
 * @returns The items, each once.
 */
export function inOrder<T>(
  all: Iterable<T>,
  waitsFor: (one: T) => readonly T[],
  onCycle: (one: T, from: T) => void = () => {},
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
      if (cycle !== undefined) onCycle(cycle, at);
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
