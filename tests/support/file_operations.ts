/**
 * Counts operations on files, so that a program can be stopped at each.
 *
 * @module
 */

const OBJECTS = [
  [Deno, ["openSync", "mkdirSync", "renameSync", "removeSync"]],
  [Deno.FsFile.prototype, ["writeSync", "syncSync"]],
] as const;

/**
 * Stops some work before one of its operations on files: that operation and all
 * following ones do not happen, as if the process had ended.
 *
 * @param operation The number of the operation, from 1; 0 for none.
 * @param stop Called before it; if it returns, the operations throw.
 * @param work The work.
 * @returns The number of operations.
 */
export async function atOperation(
  operation: number,
  stop: () => void,
  work: () => Promise<unknown>,
): Promise<number> {
  let count = 0;
  const before: (() => void)[] = [];
  for (const [object, names] of OBJECTS) {
    for (const name of names) {
      const methods = object as unknown as Record<string, unknown>;
      const method = methods[name] as (...args: unknown[]) => unknown;
      methods[name] = function (...args: unknown[]) {
        if (++count >= operation && operation > 0) {
          stop();
          throw new Error("the process is dead");
        }
        return method.apply(this, args);
      };
      before.push(() => methods[name] = method);
    }
  }
  try {
    await work();
  } finally {
    for (const restore of before) restore();
  }
  return count;
}
