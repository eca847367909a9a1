import { cannot } from "../check.ts";

/** Letters of the axes in an equation of two operands. */
export interface EinsumLetters {
  /** One letter for each axis of the first. */
  readonly a: readonly string[];
  /** One letter for each axis of the second. */
  readonly b: readonly string[];
  /** One letter for each axis of the result. */
  readonly result: readonly string[];
}

/**
 * Parses an einsum equation of two operands, such as `"abc,cd->abd"`. An
 * ellipsis represents the axes without a letter, `"...c,cd->...d"`.
 *
 * @param equation The equation.
 * @param rankA Number of axes of the first operand.
 * @param rankB Number of axes of the second.
 * @returns The letters; axes of an ellipsis have numbers instead.
 * @throws {SyntaxError} If it cannot be parsed.
 * @throws {TypeError} If the number of letters does not match the rank of an
 * operand.
 */
export function einsumLetters(
  equation: string,
  rankA: number,
  rankB: number,
): EinsumLetters {
  const text = equation.replaceAll(" ", "");
  const part = "[A-Za-z]*(?:\\.\\.\\.)?[A-Za-z]*";
  const match = new RegExp(`^(${part}),(${part})->(${part})$`).exec(text);
  if (match === null) {
    throw new SyntaxError(
      cannot(
        "compute einsum",
        `the equation must be of two operands, as "ab,bc->ac"`,
        equation,
      ),
    );
  }
  const a = spelled(match[1]!, rankA, equation);
  const b = spelled(match[2]!, rankB, equation);
  const isNumber = (letter: string) => /\d/.test(letter);
  const numbered = [a, b].map((letters) => letters.filter(isNumber));
  const [p, q] = numbered as [string[], string[]];
  const dots = p.length >= q.length ? p : q;
  const result = match[3]!.replace("...", "*").split("")
    .flatMap((letter) => letter === "*" ? dots : [letter]);
  const isKnown = result.every((letter) =>
    a.includes(letter) || b.includes(letter)
  );
  const isOnce = [a, b, result].every((letters) =>
    new Set(letters).size === letters.length
  );
  if (!isKnown || !isOnce || (dots.length > 0 && !result.some(isNumber))) {
    throw new SyntaxError(
      cannot(
        "compute einsum",
        "each letter must occur once in an operand, and those of the result, and its ellipsis, in one of them",
        equation,
      ),
    );
  }
  return { a, b, result };
}

function spelled(text: string, rank: number, equation: string): string[] {
  const hasDots = text.includes("...");
  const letters = text.replace("...", "*").split("");
  const rest = rank - (letters.length - (hasDots ? 1 : 0));
  if (rest < 0 || (rest > 0 && !hasDots)) {
    throw new TypeError(
      cannot(
        `compute einsum "${equation}"`,
        `the operand of "${text}" must have an axis for each letter`,
        rank,
      ),
    );
  }
  // Counted from the last, as axes broadcast from there.
  const dots = Array.from({ length: rest }, (_, i) => String(rest - 1 - i));
  return letters.flatMap((letter) => letter === "*" ? dots : [letter]);
}
