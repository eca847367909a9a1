import type * as tf from "@tensorflow/tfjs";
import { assertEquals, assertRejects } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import type { WeightsGroup } from "../../../lib/models/tfjs/model_json.ts";
import { fileUrl } from "../../../lib/models/files/read_file.ts";
import {
  openWeightFiles,
  readWeightFiles,
} from "../../../lib/models/tfjs/weight_files.ts";

/** A folder with the files given, for as long as the test runs. */
async function inFolder(
  files: Readonly<Record<string, readonly number[]>>,
  run: (url: URL) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, bytes] of Object.entries(files)) {
      const home = `${folder}/${name}`.replace(/\/[^/]*$/, "");
      await Deno.mkdir(home, { recursive: true });
      await Deno.writeFile(`${folder}/${name}`, Uint8Array.from(bytes));
    }
    await run(fileUrl(`${folder}/model.json`));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A weight of any dtype. */
function weight(
  name: string,
  shape: number[],
  more: Partial<tf.io.WeightsManifestEntry> = {},
): tf.io.WeightsManifestEntry {
  return { name, shape, dtype: "uint8" as never, ...more };
}

Deno.test("readWeightFiles() puts groups and files one after another", async () => {
  const files = { "b.bin": [3], "a.bin": [1, 2], "part/c d.bin": [4, 5] };
  await inFolder(files, async (url) => {
    const manifest: WeightsGroup[] = [
      { paths: ["a.bin", "b.bin"], weights: [bytes("x", [3])] },
      { paths: ["part/c d.bin"], weights: [bytes("y", [1, 2])] },
    ];
    const { weightSpecs, weightData } = await readWeightFiles(manifest, url);
    assertEquals([...new Uint8Array(weightData)], [1, 2, 3, 4, 5]);
    assertEquals(weightSpecs.map(({ name }) => name), ["x", "y"]);
  });
});

/** A weight of one byte an element. */
function bytes(name: string, shape: number[]): tf.io.WeightsManifestEntry {
  return { name, shape, dtype: "bool" };
}

Deno.test("readWeightFiles() asks a server with the query of the model.json", async () => {
  const requested: string[] = [];
  const server = Deno.serve({ port: 0, onListen: () => {} }, (request) => {
    requested.push(request.url.slice(request.url.indexOf("/", 8)));
    return new Response(Uint8Array.of(7));
  });
  const url = new URL(`http://127.0.0.1:${server.addr.port}/m/model.json?v=1`);
  await readWeightFiles(
    [{ paths: ["a b.bin"], weights: [bytes("x", [1])] }],
    url,
  );
  assertEquals(requested, ["/m/a%20b.bin?v=1"]);
  await server.shutdown();
});

const REFUSED: readonly [string, WeightsGroup, string][] = [
  [
    "two weights of one name",
    { paths: [], weights: [bytes("x", [0]), bytes("x", [0])] },
    `each weight must have a unique name: current name is "x"`,
  ],
  [
    "a weight without a name",
    { paths: [], weights: [bytes(undefined as never, [0])] },
    "current name is undefined",
  ],
  [
    "a dtype that is a name of JavaScript's own",
    { paths: [], weights: [weight("x", [0], { dtype: "toString" as never })] },
    `weight "x" must have a shape and a dtype of float32`,
  ],
  [
    "quantised weights without a scale",
    {
      paths: [],
      weights: [weight("x", [2], {
        dtype: "float32",
        quantization: { dtype: "uint8", min: 0 } as never,
      })],
    },
    "must have a scale and a minimum: current values are undefined and 0",
  ],
  [
    "a shape with a fraction",
    { paths: [], weights: [bytes("x", [1.5])] },
    `[1.5] and "bool"`,
  ],
];

for (const [fault, group, says] of REFUSED) {
  Deno.test(`readWeightFiles() refuses ${fault}`, async () => {
    const url = new URL("file:///no/model.json");
    await assertRejects(
      () => readWeightFiles([group], url),
      ModelFormatError,
      says,
    );
  });
}

Deno.test("readWeightFiles() looks at all paths before it reads one", async () => {
  await assertRejects(
    () =>
      readWeightFiles([
        { paths: ["none.bin"], weights: [bytes("x", [1])] },
        { paths: ["../out.bin"], weights: [bytes("y", [1])] },
      ], new URL("file:///no/model.json")),
    ModelFormatError,
    `must lie in its own folder: current path is "../out.bin"`,
  );
});

Deno.test("openWeightFiles() reads weights that begin in one file and end in another", async () => {
  const files = { "a.bin": [1, 2], "b.bin": [], "c.bin": [3], "d.bin": [4, 5] };
  await inFolder(files, async (url) => {
    const manifest: WeightsGroup[] = [{
      paths: Object.keys(files),
      weights: [bytes("x", [1]), bytes("y", [3]), bytes("z", [1])],
    }];
    const { weights, close } = await openWeightFiles(manifest, url);
    const read = weights.map(({ bytes }) => {
      const into = new Uint8Array(bytes.size);
      bytes.read(0, into);
      return [...into];
    });
    assertEquals(read, [[1], [2, 3, 4], [5]]);
    close();
  });
});

Deno.test("openWeightFiles() follows links within the folder, and none out of it", async () => {
  const outside = await Deno.makeTempFile();
  await Deno.writeFile(outside, Uint8Array.of(9));
  await inFolder({ "a.bin": [1], "part/b.bin": [2] }, async (url) => {
    const folder = decodeURIComponent(new URL(".", url).pathname);
    await Deno.symlink("a.bin", `${folder}inner.bin`);
    await Deno.symlink(outside, `${folder}outer.bin`);
    await Deno.symlink(outside.replace(/\/[^/]*$/, ""), `${folder}up`);
    const open = (path: string) =>
      openWeightFiles([{ paths: [path], weights: [bytes("x", [1])] }], url);
    (await open("inner.bin")).close();
    (await open("part/b.bin")).close();
    for (const path of ["outer.bin", `up/${outside.split("/").pop()}`]) {
      await assertRejects(
        () => open(path),
        ModelFormatError,
        `is a symbolic link to "${outside}"`,
      );
    }
  });
  await Deno.remove(outside);
});

Deno.test("openWeightFiles() leaves no file open if one is missing, or a folder", async () => {
  await inFolder({ "a.bin": [1], "b.bin/c": [] }, async (url) => {
    for (const last of ["none.bin", "b.bin"]) {
      const manifest: WeightsGroup[] = [{
        paths: ["a.bin", last],
        weights: [bytes("x", [1])],
      }];
      // Deno finds what stays open.
      await assertRejects(() => openWeightFiles(manifest, url), Error, last);
    }
  });
});
