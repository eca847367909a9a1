import { assertEquals, assertThrows } from "@std/assert";
import { arrayOf, onBackends, valuesOf } from "./_on_backends.ts";

Deno.test(
  "matmul() multiplies the last two axes",
  onBackends((ops) => {
    const a = ops.floats([1, 2, 3, 4], [2, 2]);
    const b = ops.floats([0, 1, 1, 0], [2, 2]);
    assertEquals(arrayOf(ops.matmul(a, b)), {
      data: [2, 1, 4, 3],
      shape: [2, 2],
    });
    const rows = ops.floats([1, 2, 3, 4, 5, 6], [3, 1, 2]);
    const product = arrayOf(ops.matmul(rows, b));
    assertEquals(product, { data: [2, 1, 4, 3, 6, 5], shape: [3, 1, 2] });
  }),
);

Deno.test(
  "matmul() broadcasts the axes before",
  onBackends((ops) => {
    const a = ops.floats([1, 2, 3, 4], [2, 1, 1, 2]);
    const b = ops.floats([1, 0, 0, 1, 1, 1], [3, 2, 1]);
    assertEquals(arrayOf(ops.matmul(a, b)), {
      data: [1, 2, 3, 3, 4, 7],
      shape: [2, 3, 1, 1],
    });
    const single = ops.floats([1, 1], [1, 2]);
    assertEquals(valuesOf(ops.matmul(single, b)), [1, 1, 2]);
  }),
);

Deno.test(
  "matmul() takes the same data in another shape",
  onBackends((ops) => {
    const b = ops.floats([5, 6, 7, 8], [2, 2]);
    const a = ops.floats([1, 2, 3, 4], [2, 2]);
    const times = (rows: number, columns: number) =>
      valuesOf(ops.matmul(
        ops.reshape(a, [columns, rows]),
        ops.reshape(b, [rows, columns]),
      ));
    assertEquals(times(2, 2), [19, 22, 43, 50]);
    assertEquals(times(4, 1), [70]);
    assertEquals(times(2, 2), [19, 22, 43, 50]);
    assertEquals(times(1, 4), [
      ...[5, 6, 7, 8, 10, 12, 14, 16],
      ...[15, 18, 21, 24, 20, 24, 28, 32],
    ]);
  }),
);

Deno.test(
  "matmul() keeps integers exact",
  onBackends((ops) => {
    const a = ops.ints([16777217, 1], [1, 2]); // 2²⁴ + 1, which is no float32
    const product = ops.matmul(a, ops.ints([1, 2], [2, 1]));
    assertEquals(product.dtype, "int32");
    assertEquals(valuesOf(product), [16777219]);
  }),
);

Deno.test(
  "matmul() throws when the sizes do not go together",
  onBackends((ops) => {
    const a = ops.floats([1, 2], [1, 2]);
    assertThrows(() => ops.matmul(a, a), TypeError, "columns of [1, 2]");
    assertThrows(
      () => ops.matmul(a, ops.floats([1, 2])),
      TypeError,
      "two axes",
    );
  }),
);

Deno.test(
  "einsum() is a matrix product where it is one",
  onBackends((ops) => {
    const a = ops.floats([1, 2, 3, 4], [2, 2]);
    const b = ops.floats([5, 6, 7, 8], [2, 2]);
    assertEquals(valuesOf(ops.einsum("ab,bc->ac", a, b)), [19, 22, 43, 50]);
    assertEquals(valuesOf(ops.einsum("ab,bc->ca", a, b)), [19, 43, 22, 50]);
    assertEquals(valuesOf(ops.einsum("ab,ab->a", a, b)), [17, 53]);
    assertEquals(valuesOf(ops.einsum("ab,ab->", a, b)), [70]);
    assertEquals(valuesOf(ops.einsum("ab,ab->ba", a, b)), [5, 21, 12, 32]);
    assertEquals(valuesOf(ops.einsum("ab,cd->ac", a, b)), [33, 45, 77, 105]);
  }),
);

Deno.test(
  "einsum() goes over several axes and an ellipsis",
  onBackends((ops) => {
    const x = ops.floats([1, 2, 3, 4], [1, 2, 2]);
    const w = ops.floats([1, 0, 2, 1, 1, 1, 0, 3], [2, 2, 2]);
    // y[t, h, d] = sum over c of x[t, c] w[c, h, d]
    const y = [3, 2, 2, 7, 7, 4, 6, 15];
    const full = ops.einsum("btc,chd->bthd", x, w);
    assertEquals(arrayOf(full), { data: y, shape: [1, 2, 2, 2] });
    const dots = ops.einsum("...c,chd->...hd", x, w);
    assertEquals(arrayOf(dots), { data: y, shape: [1, 2, 2, 2] });
    // z[t, d] = sum over c, h of the same
    const sum = ops.einsum("btc,chd->btd", x, w);
    assertEquals(arrayOf(sum), { data: [5, 9, 13, 19], shape: [1, 2, 2] });
  }),
);

Deno.test(
  "einsum() is the score of attention",
  onBackends((ops) => {
    // One row, two time steps each, two heads of one unit.
    const q = ops.floats([1, 2, 3, 4], [1, 2, 2, 1]);
    const k = ops.floats([5, 6, 7, 8], [1, 2, 2, 1]);
    const scores = ops.einsum("bqhd,bkhd->bhqk", q, k);
    assertEquals(arrayOf(scores), {
      data: [5, 7, 15, 21, 12, 16, 24, 32],
      shape: [1, 2, 2, 2],
    });
  }),
);

Deno.test(
  "einsum() throws when equation and operands do not go together",
  onBackends((ops) => {
    const a = ops.floats([1, 2], [1, 2]);
    assertThrows(() => ops.einsum("ab,b", a, a), SyntaxError, "two operands");
    assertThrows(() => ops.einsum("aa,ab->b", a, a), SyntaxError, "once");
    assertThrows(
      () => ops.einsum("ab,bc->d", a, a),
      SyntaxError,
      "of the result",
    );
    assertThrows(() => ops.einsum("abc,bc->a", a, a), TypeError, "each letter");
    assertThrows(() => ops.einsum("ab,bc->ac", a, a), TypeError, '"b"');
  }),
);
