import { shapeText } from "../../../check.ts";

/** What the parts of a message of the runtime mean. */
type Rule = readonly [
  pattern: RegExp,
  reason: (...parts: readonly string[]) => string,
];

/** Where in its source the runtime failed, and on what condition. */
const SOURCE =
  /^(\/\S+:\d+ .*(?: was false\. |\] |\) )(?=[A-Z])|\S+\.(h|cc):\d+ \S+ )/;

/** Suffixes of the names of operations that the runtime rewrites. */
const REWRITTEN = /(_nchwc|_token_\d+|_quant)$/;

/** Prefix of the names of operations in functions. */
const IN_FUNCTION = "_inlfunc_";

/** Why an operation cannot compute its inputs. */
const FAILURES: readonly Rule[] = [
  [
    /broadcast an axis by a dimension other than 1\. (\d+) by (\d+)/,
    (a, b) => `must have inputs of equal sizes, or 1, not ${a} and ${b}`,
  ],
  [
    /Input shape:\{(.*)\}, requested shape:\{(.*)\}/,
    (from, to) => `cannot reshape ${sizes(from!)} to ${sizes(to!)}`,
  ],
  [
    /C: (\d+) kernel channels: (\d+) group: (\d+)/,
    (c, kernel, group) =>
      `must have an input of ${+kernel! * +group!} channels, not ${c}`,
  ],
  [
    /Axis (\d+) has mismatched dimensions of (\d+) and (\d+)/,
    (axis, a, b) =>
      `must have inputs of the same size on axis ${axis}, not ${b} and ${a}`,
  ],
  [
    /MatMul dimension mismatch/,
    () =>
      "must have inputs with the same inner size, [..., M, K] and [..., K, N]",
  ],
  [
    /GEMM: Dimension mismatch, W: \{(.*)\} K: (\d+)/,
    (weights, width) =>
      `must have an input that fits weights of ${
        sizes(weights!)
      }, not one of width ${width}`,
  ],
  [
    /Integer (?:division|modulo) by zero/,
    () => "must not divide integers by 0",
  ],
  [/^(.*)$/, (detail) => `fails: "${detail}"`],
];

/** Messages about a run, or about a model. */
const RULES: readonly Rule[] = [
  [
    // A check that was added before the operation.
    /running Reshape node\. Name:'(.*) input'.*Input shape:\{(.*)\}, requested shape:\{(.*)\}/,
    (name, from, to) =>
      `the input of operation "${name}" must have shape ${sizes(to!)}, not ${
        sizes(from!)
      }`,
  ],
  [
    /^Non-zero status code returned while running (\S+) node\. Name:'(.*?)' Status Message: (.*)$/,
    (kind, name, detail) => {
      const plain = detail!.replace(SOURCE, "");
      const why = reasonIn(FAILURES, plain);
      return `operation ${operation(name!, kind!)} ${why}`;
    },
  ],
  [
    /Node \((.*?)\) Op \((.*?)\) \[(?:Shape|Type)InferenceError\] (.*)$/,
    (name, kind, detail) =>
      `operation ${operation(name!, kind!)} is not valid: "${detail}"`,
  ],
  [
    /In Node, \("(.*?)", (\S+), .*? Error (.*)$/,
    (name, kind, detail) =>
      `operation ${operation(name!, kind!)} is not valid: "${detail}"`,
  ],
  [
    /Type '(?:tensor\()?(.*?)\)?' of input parameter \((.*?)\) of operator \((.*?)\) in node \((.*?)\) is invalid/,
    (type, input, kind, name) =>
      `operation ${
        operation(name!, kind!)
      } must not have an input of type ${type}: "${input}"`,
  ],
  [
    /of Optype \((.*?)\) bound to different types \(tensor\((.*?)\) and tensor\((.*?)\) in node \((.*?)\)/,
    (kind, a, b, name) =>
      `operation ${
        operation(name!, kind!)
      } must have inputs of one type, not ${a} and ${b}`,
  ],
  [
    /Could not find an implementation for (\w+)\((\d+)\) node with name '(.*?)'/,
    (kind, version, name) =>
      `its runtime does not have operation ${
        operation(name!, kind!)
      }, version ${version}, for these types`,
  ],
  [
    /^(?:Fatal error: )?(.*?):(\w+)\(.*?\) is not a registered function\/op/,
    (domain, kind) =>
      `its runtime does not have operator ${kind} of domain "${domain}"`,
  ],
  [/^(.*)$/, (message) => `its runtime says "${message}"`],
];

/**
 * Explains a message of the runtime.
 *
 * @param message Its first line.
 * @returns Why it fails, after "as" in an error; with the message itself if it
 * is not a known one.
 */
export function reasonOf(message: string): string {
  return reasonIn(RULES, message.replaceAll(IN_FUNCTION, ""));
}

function reasonIn(rules: readonly Rule[], text: string): string {
  for (const [pattern, reason] of rules) {
    const match = pattern.exec(text);
    if (match !== null) return reason(...match.slice(1));
  }
  return text;
}

/** An operation by its name, if it has one, and its kind. */
function operation(name: string, kind: string): string {
  const plain = name.replace(REWRITTEN, "");
  return plain === "" ? kind : `"${plain}" (${kind})`;
}

/** A shape as the runtime writes it. */
function sizes(list: string): string {
  return shapeText(list.split(",").map(Number));
}
