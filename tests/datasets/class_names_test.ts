import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  checkClassNames,
  checkNamed,
  classesOf,
  indicesOfNames,
} from "../../lib/datasets/class_names.ts";
import { prepareDataset } from "../../lib/datasets/batches.ts";
import { tf } from "../../lib/tf.ts";
import type { Batch } from "../../lib/types.ts";
import { all, counted, plan, rows, X } from "./_batch_cases.ts";

const labelsOf = async (dataset: unknown) => {
  const planned = plan(dataset);
  const list = await all(planned);
  return [
    list.flatMap(({ labels }) => [...labels!]),
    planned.classNames,
    planned.skipped ?? [],
  ];
};

Deno.test("classesOf() gives every name once, in Python's order", () => {
  const labels = ["dog", "😀", "cat", "～", "dog", "Cat"];
  // sorted(set(labels))
  assertEquals(classesOf(labels, "x"), ["Cat", "cat", "dog", "～", "😀"]);
});

Deno.test("class names are refused where they are none", () => {
  const refuse = (names: unknown, text: string) =>
    assertThrows(() => checkClassNames(names, "read"), Error, text);
  refuse("cat", '"classNames" must be an array of strings');
  refuse(["a", 1], "classNames[1] must be a string: current value is 1");
  refuse(["a", "b", "a"], 'hold each class once: current value is "a"');
  refuse([], "hold each class once: current value is []");
  refuse(Promise.resolve([]), "write await");
});

Deno.test("indicesOfNames() names a label that is no class, and its row", () => {
  const names = ["cat", "dog"];
  assertEquals(
    [...indicesOfNames(["dog", "cat", "dog"], names, "x")],
    [1, 0, 1],
  );
  assertThrows(
    () => indicesOfNames(["dog", "cta"], names, "read", 10),
    RangeError,
    'one of its 2 classes: current value is "cta"; it is in row 11; nearest name is "cat"',
  );
  assertThrows(
    () => indicesOfNames(["dog", 3] as string[], names, "read"),
    TypeError,
    "labels must be all names or all numbers: current value is 3; it is in row 1",
  );
  assertThrows(
    () => checkNamed(Int32Array.of(0, 2), names, "read"),
    RangeError,
    "every label must be from 0 to 1, as there are 2 class names: current value is 2; it is in row 1",
  );
  assertThrows(() => checkNamed(Int32Array.of(-1), names, "read"), RangeError);
});

counted("data at hand carry names as labels, or beside them", async () => {
  const ys = ["dog", "cat", "dog"];
  const cats = ["cat", "dog"];
  assertEquals(await labelsOf({ xs: rows(3), ys }), [[1, 0, 1], cats, []]);
  assertEquals(await labelsOf([rows(3), ys]), [[1, 0, 1], cats, []]);
  const classNames = ["dog", "emu", "cat"];
  const named = { xs: rows(3), ys, classNames };
  assertEquals(await labelsOf(named), [[0, 2, 0], classNames, []]);
  const numbers = { xs: rows(3), ys: [2, 0, 1], classNames };
  assertEquals(await labelsOf(numbers), [[2, 0, 1], classNames, []]);
  const oneHot = tf.oneHot([2, 0, 1], 3);
  assertEquals(
    await labelsOf({ xs: rows(3), ys: oneHot, classNames }),
    [[2, 0, 1], classNames, []],
  );
  const refuse = async (ys: unknown, text: string) => {
    const read = async () => await labelsOf({ xs: rows(3), ys, classNames });
    await assertRejects(read, Error, text);
  };
  await refuse(["dog", "cat"], "as many labels as inputs, 3");
  await refuse([0, 1, 3], "every label must be from 0 to 2");
  const negative = tf.tensor1d([0, 1, -1]);
  await refuse(negative, "every label must be from 0 to 2");
  await refuse(["dog", 2, "cat"], "all names or all numbers");
  tf.dispose([oneHot, negative]);
});

Deno.test("batches of an iterable carry names with their classes only", async () => {
  const classNames = ["cat", "dog"];
  const batches = [["dog", "dog"], ["cat"]].map((ys) => ({
    xs: rows(ys.length),
    ys,
    classNames,
  }));
  assertEquals(await labelsOf(new Set(batches)), [[1, 1, 0], classNames, []]);
  const bare = new Set([{ xs: rows(1), ys: ["dog"] }]);
  await assertRejects(
    () => labelsOf(bare),
    TypeError,
    "let every batch carry classNames",
  );
  const other = new Set([
    batches[0]!,
    { xs: rows(1), ys: [0], classNames: ["cat", "emu"] },
  ]);
  await assertRejects(
    () => labelsOf(other),
    TypeError,
    "every batch must carry the same classNames",
  );
});

const skipped = [{ id: "bad.png", reason: "it is cut" }];

async function* partly(batches: Batch[]) {
  yield* batches;
}

Deno.test("a source may name its classes, and list what it left out", async () => {
  const source = {
    length: 6,
    classNames: ["cat", "dog"],
    batches: () =>
      partly([
        { skipped },
        { xs: rows(2), ys: ["dog", "cat"], skipped },
        { xs: rows(2), ys: [1, 1] },
      ]),
  };
  const all = [...skipped, ...skipped];
  const names = source.classNames;
  assertEquals(await labelsOf(source), [[1, 0, 1, 1], names, all]);
  await assertRejects(
    () => labelsOf({ ...source, length: 5 }),
    RangeError,
    "as many samples as its length, 5: current value is 6",
  );
  await assertRejects(
    () => labelsOf({ ...source, length: 7 }),
    RangeError,
    "as many samples as its length, 7: current value is 6",
  );
  await assertRejects(
    () => labelsOf({ batches: () => partly([{ skipped }]) }),
    RangeError,
    'at least one batch: current value is "1 sample, all left out"',
  );
  const wrong = [{ id: 3 }] as unknown as typeof skipped;
  await assertRejects(
    () => labelsOf({ batches: () => partly([{ skipped: wrong }]) }),
    TypeError,
    '"skipped" must be an array of { id, reason }',
  );
});

Deno.test("prepareDataset() lets a source find out its length", async () => {
  const source = {
    length: undefined as number | undefined,
    prepare() {
      source.length = 2;
      return Promise.resolve();
    },
    batches: () => partly([rows(2)]),
  };
  await prepareDataset(source as { batches(): AsyncIterable<Batch> });
  assertEquals(plan(source, { inputs: [X] }).length, 2);
  assertEquals(prepareDataset(rows(2)), undefined);
});
