/**
 * JSON as written by Python, with bare `NaN`, `Infinity` and `-Infinity`.
 *
 * Otherwise stricter than JSON: keys must be unique, and must not be inherited
 * object properties, which prevents prototype pollution.
 *
 * @module
 */
import { cannot } from "../check.ts";

/** Limits of a text. */
export interface LooseJsonLimits {
  /** Bytes. @default {16 MiB} */
  readonly bytes?: number;
  /** Values, each of which takes up to 200 bytes of memory. @default {2^20} */
  readonly values?: number;
  /** Levels of objects and arrays. @default {512} */
  readonly levels?: number;
  /** What to do about more bytes or values. @default {nothing} */
  readonly advice?: string;
}

/** Default limit for the number of bytes. */
export const MOST_JSON: number = 16 * 2 ** 20;
/** The limit for a model.json; graphs of 40,000 operations have 28 MB. */
export const MOST_MODEL_JSON: number = 4 * MOST_JSON;

/**
 * Limits for the description of a model.
 *
 * @param configBytes Number of bytes that the caller allows; with more than 16
 * MiB also more values.
 * @param most Number of bytes by default.
 * @returns The limits.
 */
export function descriptionLimits(
  configBytes: number | undefined,
  most = MOST_JSON,
): LooseJsonLimits & { readonly bytes: number } {
  return {
    bytes: configBytes ?? most,
    // a float has 16 bytes or more
    values: Math.max(2 ** 20, (configBytes ?? 0) / 16),
    advice: "if you trust it, pass limits: { configBytes: … }",
  };
}

const FORBIDDEN = new Set(["__proto__", "constructor", "prototype"]);
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORDS: readonly (readonly [string, unknown])[] = [
  ["true", true],
  ["false", false],
  ["null", null],
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
];

/**
 * Parses JSON in which numbers may be `NaN` or infinite.
 *
 * @param bytes The text, or its bytes in UTF-8.
 * @param name Its name, for messages.
 * @param limits The limits.
 * @returns The value.
 * @throws {SyntaxError} If it is invalid; the message contains the position.
 */
export function parseLooseJson(
  bytes: string | Uint8Array,
  name: string,
  limits: LooseJsonLimits = {},
): unknown {
  const { bytes: most = MOST_JSON, values = 2 ** 20, levels = 512 } = limits;
  const { advice } = limits;
  const action = `read JSON "${name}"`;
  if (bytes.length > most) {
    throw new SyntaxError(
      cannot(
        action,
        `it must have at most ${most} bytes`,
        bytes.length,
        advice,
      ),
    );
  }
  let text = bytes;
  if (typeof text !== "string") {
    try {
      text = new TextDecoder("utf-8", { fatal: true }).decode(text);
    } catch {
      throw new SyntaxError(cannot(action, "it must be UTF-8", bytes));
    }
  }
  return new Parser(text, action, { values, levels, advice }).parse();
}

interface ParserLimits {
  readonly values: number;
  readonly levels: number;
  readonly advice: string | undefined;
}

class Parser {
  readonly #text: string;
  readonly #action: string;
  readonly #limits: ParserLimits;
  #at = 0;
  #numValues = 0;

  constructor(
    text: string,
    action: string,
    limits: ParserLimits,
  ) {
    this.#text = text;
    this.#action = action;
    this.#limits = limits;
  }

  parse(): unknown {
    const value = this.#value(0);
    this.#space();
    if (this.#at < this.#text.length) this.#fail("nothing must follow");
    return value;
  }

  #value(level: number): unknown {
    const { levels, values, advice } = this.#limits;
    if (level > levels) {
      this.#fail(`it must nest at most ${levels} levels deep`);
    }
    if (++this.#numValues > values) {
      this.#fail(`it must hold at most ${values} values`, advice);
    }
    this.#space();
    const first = this.#text[this.#at];
    if (first === "{") return this.#object(level);
    if (first === "[") return this.#array(level);
    if (first === '"') return this.#string();
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    NUMBER.lastIndex = this.#at;
    const [digits] = NUMBER.exec(this.#text) ?? [];
    if (digits === undefined) this.#fail("there must be a value");
    this.#at += digits.length;
    return Number(digits);
  }

  #object(level: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    this.#at++;
    if (this.#next("}")) return object;
    do {
      this.#space();
      if (this.#text[this.#at] !== '"') this.#fail("there must be a key");
      const start = this.#at;
      const key = this.#string();
      if (FORBIDDEN.has(key)) {
        this.#at = start;
        this.#fail(`no key must be "${key}"`);
      }
      if (Object.hasOwn(object, key)) {
        this.#at = start;
        this.#fail(`key "${key}" must be unique`);
      }
      if (!this.#next(":")) this.#fail('there must be ":"');
      object[key] = this.#value(level + 1);
    } while (this.#next(","));
    if (!this.#next("}")) this.#fail('there must be "," or "}"');
    return object;
  }

  #array(level: number): unknown[] {
    const array: unknown[] = [];
    this.#at++;
    if (this.#next("]")) return array;
    do array.push(this.#value(level + 1)); while (this.#next(","));
    if (!this.#next("]")) this.#fail('there must be "," or "]"');
    return array;
  }

  #string(): string {
    const start = this.#at;
    let end = start + 1;
    while (this.#text[end] !== '"') {
      if (end >= this.#text.length) this.#fail("a string must end");
      end += this.#text[end] === "\\" ? 2 : 1;
    }
    this.#at = end + 1;
    try {
      return JSON.parse(this.#text.slice(start, end + 1));
    } catch {
      this.#at = start;
      this.#fail("a string must have no control characters, and known escapes");
    }
  }

  #next(mark: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== mark) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    while (/[ \t\n\r]/.test(this.#text[this.#at] ?? "")) this.#at++;
  }

  #fail(rule: string, advice?: string): never {
    let line = 1;
    let start = 0; // of the line
    for (;; line++) {
      const end = this.#text.indexOf("\n", start);
      if (end < 0 || end >= this.#at) break;
      start = end + 1;
    }
    const position = `line ${line}, column ${this.#at - start + 1}`;
    const found = this.#text.slice(this.#at, this.#at + 20);
    const value = this.#at < this.#text.length ? found : "the end";
    throw new SyntaxError(
      cannot(this.#action, `at ${position}, ${rule}`, value, advice),
    );
  }
}
