import type { File } from "./source_tree.ts";

/** A block of code in documentation. */
export interface Example {
  /** Number of the first line of its code in the file, from 1. */
  readonly line: number;
  readonly code: string;
}

/**
 * Finds the examples in the documentation of a file that `deno test --doc` runs.
 *
 * @param file The file.
 * @returns Its blocks of TypeScript, without those marked "ignore".
 */
export function examplesIn({ source }: File): Example[] {
  return [...source.matchAll(/^[ \t]*\/\*\*[\s\S]*?\*\//gm)].flatMap(
    (comment) => {
      const text = comment[0].replace(/^[ \t]*\* ?/gm, "");
      return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((block) => {
        const before = source.slice(0, comment.index) +
          text.slice(0, block.index);
        return { line: before.split("\n").length + 1, code: block[1]! };
      });
    },
  );
}
