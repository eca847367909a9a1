import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import { bytesSource } from "../../../lib/formats/byte_source.ts";
import {
  hdf5Store,
  modelError,
  npzStore,
  type StoredWeight,
  weightSource,
  type WeightStore,
} from "../../../lib/models/keras/weight_store.ts";
import { buildZip } from "../../support/build_zip.ts";

const HDF5 = new URL("../../data/hdf5/", import.meta.url);

async function opened(name: string): Promise<WeightStore> {
  const bytes = await Deno.readFile(new URL(`${name}.h5`, HDF5));
  return hdf5Store(bytesSource(bytes, `${name}.h5`), "model.keras");
}

/** An .npy file of version 1. */
function npy(descr: string, shape: string, values: Float64Array): Uint8Array {
  const text = new TextEncoder().encode(
    `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }\n`,
  );
  const bytes = new Uint8Array(10 + text.length + values.byteLength);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0]);
  new DataView(bytes.buffer).setUint16(8, text.length, true);
  bytes.set(text, 10);
  bytes.set(new Uint8Array(values.buffer), 10 + text.length);
  return bytes;
}

function archive(names: readonly string[], crc?: number): WeightStore {
  const data = npy("<f8", "(2, 1)", Float64Array.of(0.5, -3));
  const members = names.map((name) => ({
    name: `${name}.npy`,
    data,
    ...(crc === undefined ? {} : { crc }),
  }));
  return npzStore(bytesSource(buildZip(members), "w.npz"), "model.keras");
}

Deno.test("hdf5Store() reads weights of any type as float32", async () => {
  const store = await opened("types");
  for (const path of ["f2", "f4", "f8", "i4", "u1"]) {
    const { shape, read } = store.datasets.get(path)!;
    assertEquals([shape, read()], [[1, 3], Float32Array.of(1, 2, 3)]);
  }
  assertEquals(store.datasets.get("f8")!.dtype, "float64");
  // The upper halves of 1 and -2.
  assertEquals(
    store.datasets.get("bfloat16")!.read(),
    Float32Array.of(1, -2),
  );
  assertEquals(store.strings("", "list"), ["a", "bb"]);
  store.close();
});

Deno.test("hdf5Store() names the model when its bytes are wrong", async () => {
  const store = await opened("types");
  const error = assertThrows(
    () => store.strings("", "number"),
    ModelFormatError,
    "must be text",
  );
  assertEquals(error.message.includes("model.keras"), true);
  store.close();
  const bytes = await Deno.readFile(new URL("filters.h5", HDF5));
  const lost = hdf5Store(bytesSource(bytes, "filters.h5"), "model.keras");
  bytes.fill(1);
  const damaged = assertThrows(
    () => lost.datasets.get("gzip")!.read(),
    ModelFormatError,
    'Cannot load model "model.keras" as it must be whole and safe',
  );
  assertEquals(damaged.message.includes("filters.h5"), true);
  lost.close();
});

Deno.test("npzStore() keys weights by path, with the groups above them", () => {
  const store = archive(["layers/dense/vars/0", "top"]);
  const weight = store.datasets.get("layers/dense/vars/0")!;
  assertEquals(
    [weight.path, weight.shape, weight.dtype, weight.read()],
    ["layers/dense/vars/0", [2, 1], "float64", Float32Array.of(0.5, -3)],
  );
  assertEquals([...store.datasets.keys()].length, 2);
  assertEquals(
    [...store.groups].sort(),
    ["", "layers", "layers/dense", "layers/dense/vars"],
  );
  assertEquals(store.strings("layers", "name"), undefined);
});

Deno.test("npzStore() leaves out what matters in training only", () => {
  const store = archive([
    "optimizer/vars/0",
    "_loss_tracker/0",
    "metrics/0",
    "layers/optimizer/0",
    "metrics_dense/0",
  ]);
  assertEquals(
    [...store.datasets.keys()].sort(),
    ["layers/optimizer/0", "metrics_dense/0"],
  );
  assertEquals(store.groups.has("optimizer"), false);
});

Deno.test("npzStore() refuses damaged weights", () => {
  assertThrows(() => archive(["a"], 1), SyntaxError, "checksum");
});

Deno.test("weightSource() gives values under the layer's own name", async () => {
  const stored: StoredWeight = {
    path: "layers/dense/vars/0",
    shape: [1, 2],
    dtype: "float64",
    read: () => Float32Array.of(3, 4),
  };
  const { name, shape, read } = weightSource("cell/kernel", stored);
  assertEquals([name, shape], ["cell/kernel", [1, 2]]);
  assertEquals(await read(), {
    data: Float32Array.of(3, 4),
    shape: [1, 2],
    dtype: "float32",
  });
});

Deno.test("weightSource() rejects, and does not throw, when bytes are wrong", async () => {
  const source = weightSource("kernel", {
    path: "a",
    shape: [1],
    dtype: "float32",
    read() {
      throw new ModelFormatError("m.h5", "it must be whole");
    },
  });
  const made = source.read();
  await assertRejects(() => made, ModelFormatError, "whole");
});

Deno.test("modelError() words errors about bytes, and hands on others", () => {
  for (const error of [new SyntaxError("cut"), new RangeError("cut")]) {
    const made = modelError("m.h5", error) as ModelFormatError;
    assertEquals(made instanceof ModelFormatError, true);
    assertEquals(
      made.message,
      'Cannot load model "m.h5" as it must be whole and safe: cut',
    );
    assertEquals(made.cause === error, true);
  }
  for (const error of [new TypeError("x"), new ModelFormatError("m", "r"), 3]) {
    assertEquals(modelError("m.h5", error) === error, true);
  }
});
