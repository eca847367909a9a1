/**
 * Arrays of NumPy; `tests/data/make_tables.py` made the files.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { npyFile, npzFile, type NpzOptions } from "@sonde/sonde";
import { fileSource } from "../../lib/formats/byte_source.ts";
import { readNpy } from "../../lib/formats/npy.ts";
import { npyHead } from "../../lib/formats/npy_writer.ts";
import { viewOf } from "../../lib/display/attach_view.ts";
import { viewText } from "../../lib/display/text.ts";
import { buildZip } from "../support/build_zip.ts";
import { readSource, spec, TABLES } from "./_read_source.ts";

const INPUTS = [spec([2, 3])];
const ROWS = readNpy(fileSource(`${TABLES}rows.npy`));
const VALUES = [...ROWS.data as Float32Array];
const npz = (options?: NpzOptions, file = "arrays") =>
  npzFile(`${TABLES}${file}.npz`, options);

Deno.test("npyFile() reads rows in blocks, whatever order the file has", async () => {
  for (const name of ["rows", "fortran", "big_endian"]) {
    const file = `${TABLES}${name}.npy`;
    const read = await readSource(npyFile(file), INPUTS);
    assertEquals(read.values, VALUES, name);
    assertEquals([read.length, read.rows], [6, [4, 2]]);
    assertEquals(read.ids, [0, 1, 2, 3, 4, 5]);
    const part = await readSource(npyFile(file), INPUTS, { start: 3, size: 2 });
    assertEquals(part.values, VALUES.slice(18), name);
    assertEquals(part.ids, [3, 4, 5]);
    const mixed = await readSource(
      npyFile(file, { shuffle: { seed: 2 } }),
      INPUTS,
    );
    assertEquals(mixed.ids.toSorted(), [0, 1, 2, 3, 4, 5]);
    assertEquals(
      mixed.values,
      mixed.ids.flatMap((row) => VALUES.slice(6 * +row, 6 * +row + 6)),
    );
  }
  const url = new URL("../data/tables/rows.npy", import.meta.url);
  assertEquals((await readSource(npyFile(url), [spec([6])])).shapes[0], [6]);
});

Deno.test("npzFile() reads inputs, labels and ids by their names", async () => {
  const options = {
    inputs: "x",
    labels: "y",
    ids: "id",
    classes: ["a", "b", "c"],
  };
  for (const file of ["arrays", "packed"]) {
    const read = await readSource(npz(options, file), INPUTS);
    assertEquals(read.values, VALUES);
    assertEquals(read.labels, [0, 1, 0, 2, 1, 0]);
    assertEquals(read.ids, [0, 1, 2, 3, 4, 5].map((i) => 2 ** 40 + i));
    assertEquals(read.classNames, ["a", "b", "c"]);
    const fortran = await readSource(npz({ inputs: "fortran" }, file), INPUTS);
    assertEquals([fortran.values, fortran.dtype], [VALUES, "float64"]);
  }
  const half = {
    ...options,
    split: { share: 0.5, seed: 1, part: "rest" },
  } as const;
  const rest = await readSource(npz(half), INPUTS);
  const rows = rest.ids.map((id) => Number(id) - 2 ** 40);
  assertEquals(
    rest.values,
    rows.flatMap((row) => VALUES.slice(6 * row, 6 * row + 6)),
  );
});

Deno.test("npzFile() takes arrays named as the inputs of the model", async () => {
  const source = npz();
  const inputs = [spec([2, 3], "x"), spec([], "id")];
  const batches = [];
  for await (const batch of source.batches({ size: 6, start: 0, inputs })) {
    batches.push(batch as { xs: Record<string, { shape: number[] }> });
  }
  assertEquals(Object.keys(batches[0]!.xs), ["x", "id"]);
  assertEquals(batches[0]!.xs.x!.shape, [6, 2, 3]);
});

Deno.test("npzFile() keeps whole numbers exact, or refuses them", async () => {
  const odd = await readSource(npz({ inputs: "x", ids: "odd" }), INPUTS);
  assertEquals(odd.ids[1], 2 ** 24 + 2);
  const read = await readSource(npz({ inputs: "far" }), [spec([1])]);
  assertEquals(read.values[5], 2n ** 31n + 5n);
  await assertRejects(
    () => readSource(npz({ inputs: "x", labels: "far" }), INPUTS),
    RangeError,
    "labels must be whole numbers in the range of int32: current value is 2147483648n; it is in row 0",
  );
});

Deno.test("numpy files are refused that are no arrays of numbers", async () => {
  const refuse = async (source: ReturnType<typeof npyFile>, text: string) => {
    const error = await assertRejects(() => readSource(source, INPUTS), Error);
    assert(error.message.includes(text), error.message);
  };
  await refuse(
    npyFile(`${TABLES}objects.npy`),
    "objects are programs, and are never run",
  );
  await refuse(
    npyFile(`${TABLES}flowers.csv`),
    "must begin as NumPy's arrays do",
  );
  await refuse(npyFile(`${TABLES}none.npy`), 'none.npy"; check the path');
  await refuse(npzFile(`${TABLES}rows.npy`), "must have an end record");
  await refuse(npz({ inputs: "z" }), 'current value is "z"');
  await refuse(
    npz({ inputs: "x", labels: "few" }),
    'array "few" must have the 6 rows of array "x"',
  );
  await refuse(
    npz({ inputs: "x", labels: "x" }),
    'column "x" must hold labels',
  );
  assertThrows(
    () => npyFile(3 as unknown as string),
    TypeError,
    "a path or a file: URL",
  );
  assertThrows(
    () => npzFile(new URL("http://a/")),
    TypeError,
    "a path or a file: URL",
  );
  assertThrows(
    () => npz({ size: [2, 2] } as NpzOptions),
    TypeError,
    "every option must be one of",
  );
});

Deno.test("npzFile() reads strings as labels and ids, and leaves alone what it cannot read", async () => {
  const read = (options: NpzOptions) =>
    readSource(npz(options, "named"), INPUTS);
  const classNames = ["", "dog", "ä", "😀"];
  for (const labels of ["kind", "swapped"]) {
    const found = await read({ inputs: "x", labels, ids: "id" });
    assertEquals(found.classNames, classNames);
    assertEquals(found.labels, [1, 2, 0, 3, 1, 2]);
    assertEquals(found.ids, ["a", "bb", "ccc", "d", "e", "é"]);
    assertEquals(found.values, VALUES);
  }
  const mixed = await read({ ids: "kind", shuffle: { seed: 1 }, limit: 4 });
  assertEquals(mixed.ids.length, 4);
  const rows = [0, 1, 2, 3, 4, 5].map((i) => VALUES.slice(6 * i, 6 * i + 6));
  const all = ["dog", "ä", "", "😀", "dog", "ä"];
  mixed.ids.forEach((id, i) => {
    const values = String(mixed.values.slice(6 * i, 6 * i + 6));
    assertEquals(all[rows.findIndex((row) => String(row) === values)], id);
  });
  const refuse = (options: NpzOptions, text: string) =>
    assertRejects(() => read(options), Error, text);
  await refuse({ inputs: "x", ids: "latin" }, "bytes must be UTF-8");
  await refuse({ inputs: "x", ids: "object" }, "objects are programs");
  await refuse({ inputs: "complex" }, "save it again as an array of numbers");
  await refuse({ inputs: "kind" }, "must hold numbers, lists of numbers");
  await refuse({ inputs: "kin" }, 'nearest names are "kind"');
  const text = viewText(viewOf(await prepared(npz({}, "named")), {})!);
  assert(text.includes("float32 [2, 3]"), text);
});

async function prepared<S extends ReturnType<typeof npyFile>>(source: S) {
  await source.prepare!();
  return source;
}

Deno.test("npzFile() verifies checksums before it reads", async () => {
  const bytes = await Deno.readFile(`${TABLES}arrays.npz`);
  const file = await Deno.makeTempFile({ suffix: ".npz" });
  try {
    bytes[200]! ^= 1;
    await Deno.writeFile(file, bytes);
    await assertRejects(
      () => readSource(npzFile(file, { inputs: "x" }), INPUTS),
      SyntaxError,
      "the file is damaged",
    );
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("npzFile() shows its arrays, and reads samples by their ids", async () => {
  const source = npz({ inputs: "x", labels: "y", ids: "id" });
  await source.prepare!();
  const text = viewText(viewOf(source, {})!);
  assert(/^npzFile ".*arrays.npz": 6 rows, 3 columns\n/.test(text), text);
  const picked = await source.samples!([2 ** 40 + 4, 2 ** 40], INPUTS);
  const { xs, ys } = picked as unknown as {
    xs: { data: Float32Array };
    ys: Int32Array;
  };
  assertEquals([...xs.data], [...VALUES.slice(24, 30), ...VALUES.slice(0, 6)]);
  assertEquals([...ys], [1, 0]);
  const looks = await source.samples!([2 ** 40 + 1]) as unknown as
    & typeof picked
    & {
      xs: { shape: number[] };
    };
  assertEquals(looks.xs.shape, [1, 2, 3]);
  const other = npz({ inputs: "x", labels: "y" }).fingerprint!();
  assert(await source.fingerprint!() !== await other);
});

Deno.test("npzFile() ignores scalars beside arrays, unless they are named", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/x.npz`;
    const member = (name: string, shape: number[], values: number[]) => ({
      name: `${name}.npy`,
      data: new Uint8Array([
        ...npyHead("float32", shape),
        ...new Uint8Array(Float32Array.from(values).buffer),
      ]),
    });
    const zip = buildZip([
      ...[member("epoch", [], [7]), member("loss", [], [0.5])],
      ...[member("seed", [], [1]), member("x", [2, 1], [3, 4])],
    ]);
    await Deno.writeFile(path, zip);
    assertEquals((await readSource(npzFile(path), [spec([1])])).values, [3, 4]);
    await assertRejects(
      () => readSource(npzFile(path, { inputs: "epoch" }), [spec([])]),
      TypeError,
      'array "epoch" must have rows',
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
