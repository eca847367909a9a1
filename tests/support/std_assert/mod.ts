/**
 * Stand-in for `jsr:@std/assert`, linked by `deno.json`, so that the tests run
 * where JSR cannot be reached: the functions in use, with the same signatures,
 * over `node:assert/strict`.
 *
 * @module
 */
import strict from "node:assert/strict";

/** An assertion that does not hold. */
export const AssertionError = strict.AssertionError;

/** Class of a constructor, as `assertThrows` takes it. */
export type ErrorClass<E extends Error = Error> = abstract new (
  ...args: never[]
) => E;

/** Holds if the value is truthy. */
export function assert(value: unknown, message = ""): asserts value {
  if (!value) {
    fail(message || `Expected a truthy value: current value is ${value}`);
  }
}

/** Fails at once. */
export function fail(message = "Failed"): never {
  throw new AssertionError({ message });
}

/** Deep and strict equality. */
export function assertEquals<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  strict.deepStrictEqual(actual, expected, message);
}

/** Deep and strict inequality. */
export function assertNotEquals<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  strict.notDeepStrictEqual(actual, expected, message);
}

/** The same value, by `Object.is`. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  message?: string,
): asserts actual is T {
  strict.strictEqual(actual, expected, message);
}

/** Not the same value, by `Object.is`. */
export function assertNotStrictEquals<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  strict.notStrictEqual(actual, expected, message);
}

/** Neither null nor undefined. */
export function assertExists<T>(
  actual: T,
  message?: string,
): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) {
    fail(message ?? `Expected a value: current value is ${actual}`);
  }
}

/** An instance of a class. */
export function assertInstanceOf<E extends ErrorClass>(
  actual: unknown,
  expected: E,
  message?: string,
): void {
  if (!(actual instanceof expected)) {
    fail(
      message ??
        `Expected an instance of ${expected.name}: current value is ${actual}`,
    );
  }
}

/** Text that matches. */
export function assertMatch(
  actual: string,
  expected: RegExp,
  message?: string,
): void {
  strict.match(actual, expected, message);
}

/** Text that holds another. */
export function assertStringIncludes(
  actual: string,
  expected: string,
  message?: string,
): void {
  if (!actual.includes(expected)) {
    fail(
      message ??
        `Expected text to hold "${expected}": current text is "${actual}"`,
    );
  }
}

/** Numbers that differ by at most the tolerance. */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance = 1e-7,
  message?: string,
): void {
  if (Object.is(actual, expected)) return;
  if (!(Math.abs(actual - expected) <= tolerance)) {
    fail(
      message ??
        `Expected ${expected} within ${tolerance}: current value is ${actual}`,
    );
  }
}

/** `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, message?: string): void {
  if (!(actual < expected)) fail(message ?? `Expected ${actual} < ${expected}`);
}

/** `actual <= expected`. */
export function assertLessOrEqual<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  if (!(actual <= expected)) {
    fail(message ?? `Expected ${actual} <= ${expected}`);
  }
}

/** `actual > expected`. */
export function assertGreater<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  if (!(actual > expected)) fail(message ?? `Expected ${actual} > ${expected}`);
}

/** `actual >= expected`. */
export function assertGreaterOrEqual<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  if (!(actual >= expected)) {
    fail(message ?? `Expected ${actual} >= ${expected}`);
  }
}

function checkError<E extends Error>(
  error: unknown,
  errorClass?: ErrorClass<E>,
  includes?: string,
): E {
  if (!(error instanceof Error)) {
    fail(`Expected an Error to be thrown: thrown was ${error}`);
  }
  if (errorClass !== undefined && !(error instanceof errorClass)) {
    fail(`Expected ${errorClass.name} to be thrown: thrown was ${error.stack}`);
  }
  if (includes !== undefined && !error.message.includes(includes)) {
    fail(
      `Expected a message that holds "${includes}": current message is "${error.message}"`,
    );
  }
  return error as E;
}

/** A function that throws; gives the error. */
export function assertThrows<E extends Error = Error>(
  run: () => unknown,
  errorClass?: ErrorClass<E>,
  includes?: string,
): E {
  try {
    run();
  } catch (error) {
    return checkError(error, errorClass, includes);
  }
  fail("Expected function to throw");
}

/** A promise that rejects; gives the error. */
export async function assertRejects<E extends Error = Error>(
  run: () => PromiseLike<unknown>,
  errorClass?: ErrorClass<E>,
  includes?: string,
): Promise<E> {
  let promise: PromiseLike<unknown>;
  try {
    promise = run();
  } catch (error) {
    fail(`Expected a promise that rejects: thrown at once was ${error}`);
  }
  try {
    await promise;
  } catch (error) {
    return checkError(error, errorClass, includes);
  }
  fail("Expected promise to reject");
}
