/**
 * Cases of the operations element by element.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  type Case,
  I,
  J,
  MAP,
  mapped,
  P,
  Q,
  truth,
  WITH_NAN,
  X,
  Y,
} from "./_cases.ts";
import { type Build, integers, type Values } from "./_recorded.ts";

const floorMod = (a: number, b: number) => a - b * Math.floor(a / b);
const toEven = (v: number) =>
  Math.abs(v % 1) === 0.5 ? 2 * Math.round(v / 2) : Math.round(v);
/** Abramowitz and Stegun's series 7.1.5. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let [sum, term] = [0, x];
  for (let n = 0; n < 300; n++) {
    sum += term / (2 * n + 1);
    term *= -x * x / (n + 1);
  }
  return 2 / Math.sqrt(Math.PI) * sum;
}

const unary = (
  shows: string,
  build: Build,
  f: (v: number) => number,
  x: Values = X,
): Case => ({ shows, inputs: [x], build, expected: mapped(x, f), atol: 3e-7 });

/** The cases. */
export const ELEMENT_CASES: readonly Case[] = [
  unary("shape constant add", (ops, x) => {
    assertEquals(ops.shape(x!).length, 2);
    return ops.add(x!, ops.constant(1));
  }, (v) => v + 1),
  {
    shows: "constant subtract",
    inputs: [X],
    build: (ops, x) => {
      const data = Float32Array.of(1, 2, 3);
      return ops.subtract(
        x!,
        ops.constant({ data, shape: [3], dtype: "float32" }),
      );
    },
    expected: mapped(X, (v, i) => v - (i % 3 + 1)),
  },
  {
    shows: "multiply",
    inputs: [X, Y],
    build: (ops, x, y) => ops.multiply(x!, y!),
    expected: mapped(X, (v, i) => v * Y.data[i]!),
  },
  {
    shows: "divide",
    inputs: [X, Y],
    build: (ops, x, y) => ops.divide(x!, y!),
    expected: mapped(X, (v, i) => v / Y.data[i]!),
  },
  {
    shows: "add dtype",
    inputs: [I, J],
    build: (ops, i, j) => {
      const sum = ops.add(i!, j!);
      assertEquals(ops.dtype(sum), "int32");
      return sum;
    },
    expected: integers([7, 3], I.data.map((v, i) => v + J.data[i]!)),
  },
  {
    shows: "multiply cast",
    inputs: [X, P],
    build: (ops, x, p) => ops.multiply(x!, ops.cast(p!, "float32")),
    expected: mapped(X, (v, i) => v * P.data[i]!),
  },
  {
    shows: "floorDivide",
    inputs: [X, Y],
    build: (ops, x, y) => ops.floorDivide(x!, y!),
    expected: mapped(X, (v, i) => Math.floor(v / Y.data[i]!)),
  },
  {
    shows: "floorDivide",
    inputs: [I, J],
    build: (ops, x, y) => ops.floorDivide(x!, y!),
    expected: integers(
      [7, 3],
      I.data.map((v, i) => Math.floor(v / J.data[i]!)),
    ),
  },
  {
    shows: "mod",
    inputs: [X, Y],
    build: (ops, x, y) => ops.mod(x!, y!),
    expected: mapped(X, (v, i) => floorMod(v, Y.data[i]!)),
    atol: 2e-6,
  },
  {
    shows: "mod",
    inputs: [I, J],
    build: (ops, x, y) => ops.mod(x!, y!),
    expected: integers([7, 3], I.data.map((v, i) => floorMod(v, J.data[i]!))),
  },
  {
    shows: "power",
    inputs: [X, Y],
    build: (ops, x, y) => ops.power(ops.abs(x!), y!),
    expected: mapped(X, (v, i) => Math.abs(v) ** Y.data[i]!),
  },
  {
    shows: "maximum",
    inputs: [WITH_NAN, Y],
    build: (ops, x, y) => [ops.maximum(x!, y!), ops.maximum(y!, x!)],
    expected: mapped(WITH_NAN, (v, i) => Math.max(v, Y.data[i]!)),
  },
  unary(
    "maximum",
    (ops, x) => ops.maximum(x!, ops.constant(0)),
    (v) => Math.max(v, 0),
    WITH_NAN,
  ),
  unary(
    "maximum minimum",
    (ops, x) =>
      ops.minimum(ops.maximum(x!, ops.constant(-1)), ops.constant(1.5)),
    (v) => Math.min(Math.max(v, -1), 1.5),
    WITH_NAN,
  ),
  unary(
    "maximum",
    (ops, x) => ops.maximum(ops.constant(0.25), x!),
    (v) => Math.max(v, 0.25),
    WITH_NAN,
  ),
  {
    shows: "minimum",
    inputs: [WITH_NAN, Y],
    build: (ops, x, y) => [ops.minimum(x!, y!), ops.minimum(y!, x!)],
    expected: mapped(WITH_NAN, (v, i) => Math.min(v, Y.data[i]!)),
  },
  {
    shows: "greater",
    inputs: [WITH_NAN],
    build: (ops, x) => ops.greater(x!, ops.constant(0)),
    expected: truth(WITH_NAN, (v) => v > 0),
  },
  {
    shows: "greaterEqual",
    inputs: [I],
    build: (ops, x) => ops.greaterEqual(x!, ops.constant(1)),
    expected: truth(I, (v) => v >= 1),
  },
  {
    shows: "equal",
    inputs: [WITH_NAN],
    build: (ops, x) => ops.equal(x!, x!),
    expected: truth(WITH_NAN, (v) => v === v),
  },
  {
    shows: "equal",
    inputs: [P, Q],
    build: (ops, p, q) => ops.equal(p!, q!),
    expected: truth(P, (v, i) => v === Q.data[i]),
  },
  {
    shows: "logicalAnd logicalOr logicalNot",
    inputs: [P, Q],
    build: (ops, p, q) =>
      ops.logicalOr(
        ops.logicalAnd(p!, q!),
        ops.logicalNot(ops.logicalOr(p!, q!)),
      ),
    expected: truth(P, (v, i) => v === Q.data[i]),
  },
  {
    shows: "where",
    inputs: [P, X, Y],
    build: (ops, p, x, y) => ops.where(p!, x!, y!),
    expected: mapped(X, (v, i) => P.data[i] ? v : Y.data[i]!),
  },
  {
    shows: "where",
    inputs: [P, Q],
    build: (ops, p, q) => ops.where(p!, ops.logicalNot(q!), q!),
    expected: truth(P, (v, i) => v ? !Q.data[i] : Q.data[i] === 1),
  },
  unary("exp", (ops, x) => ops.exp(x!), Math.exp),
  unary(
    "log abs",
    (ops, x) => ops.log(ops.abs(x!)),
    (v) => Math.log(Math.abs(v)),
  ),
  unary(
    "sqrt",
    (ops, x) => ops.sqrt(ops.abs(x!)),
    (v) => Math.sqrt(Math.abs(v)),
  ),
  unary("sign", (ops, x) => ops.sign(x!), Math.sign, WITH_NAN),
  unary("negative", (ops, x) => ops.negative(x!), (v) => -v),
  unary("floor", (ops, x) => ops.floor(x!), Math.floor),
  unary("ceil", (ops, x) => ops.ceil(x!), Math.ceil),
  unary("round", (ops, x) => ops.round(x!), toEven),
  unary("sin", (ops, x) => ops.sin(x!), Math.sin),
  unary("atan", (ops, x) => ops.atan(x!), Math.atan),
  unary("cos", (ops, x) => ops.cos(x!), Math.cos),
  unary("tanh", (ops, x) => ops.tanh(x!), Math.tanh),
  unary("sigmoid", (ops, x) => ops.sigmoid(x!), (v) => 1 / (1 + Math.exp(-v))),
  unary("silu", (ops, x) => ops.silu(x!), (v) => v / (1 + Math.exp(-v))),
  unary("erf", (ops, x) => ops.erf(x!), erf),
  {
    shows: "negative abs sign",
    inputs: [I],
    build: (ops, x) => ops.negative(ops.multiply(ops.abs(x!), ops.sign(x!))),
    expected: integers([7, 3], I.data.map((v) => -v || 0)),
  },
  {
    shows: "isNaN",
    inputs: [WITH_NAN],
    build: (ops, x) => ops.isNaN(x!),
    expected: truth(WITH_NAN, Number.isNaN),
  },
  {
    shows: "float",
    inputs: [I],
    build: (ops, x) => ops.float(x!),
    expected: mapped(I, (v) => v),
  },
  {
    shows: "cast",
    inputs: [X],
    build: (ops, x) => ops.cast(x!, "int32"),
    expected: integers([7, 3], X.data.map((v) => Math.trunc(v) || 0)),
  },
  {
    shows: "cast",
    inputs: [X],
    build: (ops, x) => ops.cast(x!, "bool"),
    expected: truth(X, (v) => v !== 0),
  },
  {
    shows: "softmax",
    inputs: [MAP],
    build: (ops, x) => ops.softmax(x!, 1),
    expected: mapped(MAP, (v, i) => {
      const [row, rest] = [Math.floor(i / 24), i % 6];
      const column = [0, 1, 2, 3].map((h) =>
        MAP.data[row * 24 + h * 6 + rest]!
      );
      return Math.exp(v) / column.reduce((sum, u) => sum + Math.exp(u), 0);
    }),
  },
];
