/**
 * `keras.ops.einsum` over any number of operands, from left to right.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import type { Arguments, Compute } from "./operation.ts";
import { constantOf, rank } from "./operation_forms.ts";

/** An operand and one letter for each of its axes. */
interface Operand<T> {
  readonly x: T;
  readonly letters: readonly string[];
}

/** Letters for the axes of ellipses, counted from the last one. */
const DOTS = [..."αβγδεζηθ"];

/** A sum of products of any number of operands, from left to right. */
export const einsum: Compute = (ops, args) => {
  const xs = args.tensors("operands");
  const equation = args.string("subscripts").replaceAll(" ", "");
  const [inputs, output] = equation.split("->") as [string, string?];
  const terms = inputs.split(",");
  if (terms.length !== xs.length) {
    args.refuse("subscripts", `have ${xs.length} terms, one for each operand`);
  }
  if (xs.length === 2 && output !== undefined && terms.every(isPlain)) {
    return ops.einsum(equation, xs[0]!, xs[1]!);
  }
  const spelledOut = terms.map((term, i) => ({
    x: xs[i]!,
    letters: spelled(term, rank(ops, xs[i]!), args),
  }));
  const all = spelledOut.flatMap(({ letters }) => letters);
  const wanted = resultOf(inputs, output, all);
  if (
    wanted.some((letter, i) =>
      !all.includes(letter) || wanted.indexOf(letter) !== i
    )
  ) {
    args.refuse("subscripts", "have axes of operands in the result, each once");
  }
  const operands = withoutSingles(ops, spelledOut)
    .map((operand) => withoutRepeats(ops, operand, args));
  return joined(ops, operands, wanted);
};

function isPlain(term: string): boolean {
  const plain = term.replace("...", "");
  return new Set(plain).size === plain.length;
}

function spelled<T>(
  term: string,
  axes: number,
  args: Arguments<T>,
): string[] {
  const [before, after] = term.split("...") as [string, string?];
  const rest = axes - before.length - (after?.length ?? 0);
  const isRight = after === undefined ? rest === 0 : rest >= 0;
  if (
    !isRight || rest > DOTS.length || /[^A-Za-z]/.test(before + (after ?? ""))
  ) {
    args.refuse("subscripts", `have a letter for each of ${axes} axes`);
  }
  return [...before, ...DOTS.slice(0, rest).reverse(), ...after ?? ""];
}

/** Letters of the result; without an arrow those that occur once, sorted. */
function resultOf(
  inputs: string,
  output: string | undefined,
  all: readonly string[],
): string[] {
  const dots = [...new Set(all.filter((letter) => DOTS.includes(letter)))]
    .sort().reverse();
  if (output !== undefined) {
    const [before, after] = output.split("...") as [string, string?];
    return after === undefined ? [...before] : [...before, ...dots, ...after];
  }
  // TensorFlow does not sort those of a single operand.
  if (!inputs.includes(",") && dots.length === 0) return [...all];
  const letters = inputs.replace(/[^A-Za-z]/g, "");
  const once = [...letters].filter((letter) =>
    letters.indexOf(letter) === letters.lastIndexOf(letter)
  );
  return [...dots, ...once.sort()];
}

/** Axes of size 1 broadcast with those of an ellipsis: they are removed. */
function withoutSingles<T>(
  ops: Ops<T>,
  operands: readonly Operand<T>[],
): Operand<T>[] {
  const isWide = (letter: string) =>
    operands.some(({ x, letters }) => {
      const axis = letters.indexOf(letter);
      return axis >= 0 && ops.shape(x)[axis] !== 1;
    });
  return operands.map(({ x, letters }) => {
    const shape = ops.shape(x);
    const gone = letters.flatMap((letter, axis) =>
      DOTS.includes(letter) && shape[axis] === 1 && isWide(letter) ? [axis] : []
    );
    return {
      x: gone.reduceRight((y, axis) => ops.squeeze(y, axis), x),
      letters: letters.filter((_, axis) => !gone.includes(axis)),
    };
  });
}

/** The diagonal of axes that have the same letter. */
function withoutRepeats<T>(
  ops: Ops<T>,
  { x, letters }: Operand<T>,
  args: Arguments<T>,
): Operand<T> {
  const first = letters.findIndex((letter, i) =>
    letters.lastIndexOf(letter) > i
  );
  if (first < 0) return { x, letters };
  const second = letters.lastIndexOf(letters[first]!);
  const [size, other] = [first, second].map((axis) => ops.shape(x)[axis]);
  if (typeof size !== "number" || size !== other) {
    args.refuse("subscripts", "repeat letters of axes of one known size");
  }
  const others = letters.flatMap((_, axis) =>
    axis === first || axis === second ? [] : [axis]
  );
  const moved = ops.transpose(x, [...others, first, second]);
  const flat = ops.merge(moved, others.length, others.length + 1);
  const indices = Array.from(
    { length: size as number },
    (_, i) => i * (size as number + 1),
  );
  const diagonal = ops.take(
    flat,
    constantOf(ops, indices, "int32"),
    others.length,
  );
  const rest = [...others.map((axis) => letters[axis]!), letters[first]!];
  return withoutRepeats(ops, { x: diagonal, letters: rest }, args);
}

/** Multiplies operands from left to right; an axis is summed after its last use. */
function joined<T>(
  ops: Ops<T>,
  operands: readonly Operand<T>[],
  wanted: readonly string[],
): T {
  const [first, ...rest] = operands;
  let { x, letters } = first!;
  rest.forEach((next, i) => {
    const later = [
      ...wanted,
      ...rest.slice(i + 1).flatMap((operand) => operand.letters),
    ];
    const kept = [...new Set([...letters, ...next.letters])]
      .filter((letter) => later.includes(letter));
    const names = new Map(
      [...new Set([...letters, ...next.letters])].map((letter, at) =>
        [letter, String.fromCharCode((at < 26 ? 97 : 39) + at)] as const
      ),
    );
    const text = (some: readonly string[]) =>
      some.map((letter) => names.get(letter)!).join("");
    x = ops.einsum(
      `${text(letters)},${text(next.letters)}->${text(kept)}`,
      x,
      next.x,
    );
    letters = kept;
  });
  const gone = letters.flatMap((letter, axis) =>
    wanted.includes(letter) ? [] : [axis]
  );
  const left = letters.filter((letter) => wanted.includes(letter));
  const sum = gone.length === 0 ? x : ops.sum(x, { axis: gone });
  return ops.transpose(sum, wanted.map((letter) => left.indexOf(letter)));
}
