import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  imageFolder,
  type ImageFolderOptions,
  loadModel,
  loadScorer,
  npyFile,
  npzFile,
  openFeatures,
  query,
  type SkippedSample,
  table,
} from "../../mod.ts";
import { missingPath } from "../../lib/formats/file_path.ts";

/** What opens a path, its action, and an ending of the path. */
const OPENS: Readonly<
  Record<string, [(path: string) => unknown, string, string]>
> = {
  imageFolder: [(path) => imageFolder(path).prepare?.(), "read images", ""],
  "imageFolder of an archive": [imageFolder, "read images", ".zip"],
  table: [table, "read table", ".csv"],
  "table of a pattern": [table, "read table", "/*.csv"],
  "query of files": [
    (path) => query("SELECT 1", { files: [path] }),
    "read query",
    ".csv",
  ],
  npyFile: [(path) => npyFile(path).prepare?.(), "read npy file", ".npy"],
  npzFile: [(path) => npzFile(path).prepare?.(), "read npz file", ".npz"],
  openFeatures: [openFeatures, "open features", ".npz"],
  loadScorer: [loadScorer, "load scorer", ".safetensors"],
  loadModel: [(path) => loadModel(path), "load model", ".keras"],
};

for (const [name, [open, action, ending]] of Object.entries(OPENS)) {
  Deno.test(`${name} names a path that is not there, and says what to do`, async () => {
    const file = await Deno.makeTempFile();
    // Beside a file, and as if that file were a folder.
    for (const path of [`${file}-none`, `${file}/none`]) {
      let error: unknown;
      try {
        await open(path + ending);
      } catch (caught) {
        error = caught;
      }
      assert(error instanceof Error);
      const { message, cause } = error;
      assert(message.startsWith(`Cannot ${action} as `), message);
      assert(message.includes(path), message);
      assert(message.endsWith("; check the path"), message);
      assert(cause instanceof Error);
    }
    await Deno.remove(file);
  });
}

for (const [name, [open, action, ending]] of Object.entries(OPENS)) {
  Deno.test(`${name} names a path that cannot be used, and says why`, async () => {
    const folder = await Deno.makeTempDir();
    const loop = `${folder}/loop${ending}`;
    const link = loop.replace("/*.csv", "");
    await Deno.symlink(link, link);
    const cases = [
      [loop, "links in a circle"],
      [`${folder}/${"n".repeat(300)}${ending}`, "File name too long"],
      [`${folder}/a\0b${ending}`, "a NUL byte"],
    ] as const;
    for (const [path, found] of cases) {
      const error = await assertRejects(async () => await open(path), Error);
      const { message, cause } = error;
      assert(message.startsWith(`Cannot ${action} as "${folder}/`), message);
      assert(message.includes(`must be a path that can be used`), message);
      assert(message.includes(`current value is "${found}"; `), message);
      assert(cause instanceof Error);
    }
    await Deno.remove(folder, { recursive: true });
  });
}

Deno.test("imageFolder() of a list says why a file cannot be read, or leaves it out", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.symlink(`${folder}/a.jpg`, `${folder}/a.jpg`);
  await Deno.writeTextFile(`${folder}/file`, "");
  const cases = [
    [folder, "a folder"],
    [`${folder}/a.jpg`, "links in a circle"],
    [`${folder}/${"n".repeat(300)}`, "File name too long"],
    [`${folder}/a\0b`, "a NUL byte"],
    [`${folder}/file/b.jpg`, "nothing"],
  ] as const;
  const input = {
    name: "x",
    shape: [null, 8, 8, 3],
    dtype: "float32",
  } as const;
  const wanted = { size: 1, start: 0, inputs: [input] };
  for (const [path, found] of cases) {
    const first = (options: ImageFolderOptions) =>
      imageFolder([path], options).batches(wanted)[Symbol.asyncIterator]()
        .next();
    const rule = "must be a file that can be read: current value is ";
    await assertRejects(() => first({}), TypeError, `${rule}"${found}"; `);
    const { value } = await first({ onBad: "skip" });
    const [skipped] = (value as { skipped: SkippedSample[] }).skipped;
    assertEquals(skipped!.id, path);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("missingPath() says where a path starts, and leaves other errors", () => {
  const cause = new Deno.errors.NotFound("os error 2");
  const error = missingPath(cause, "a/b.npy", "read") as Error;
  assertEquals(
    error.message,
    'Cannot read as the file must be there: current value is "a/b.npy"; check the path, which starts at the current folder',
  );
  assertEquals(error.cause, cause);
  const url = missingPath(cause, "https://a.b/c.npy", "read") as Error;
  assert(url.message.endsWith("; it is a URL: download the file first"));
  const denied = new Deno.errors.PermissionDenied("Permission denied");
  const found = missingPath(denied, "/a", "read");
  assert(found instanceof Deno.errors.PermissionDenied);
  assertEquals(
    found.message,
    'Cannot read as "/a" must be a path that can be used: current value is "a file of another user"; let the user of this process read it',
  );
  const flag = new Deno.errors.NotCapable("run again with --allow-read");
  assertEquals(missingPath(flag, "a", "read"), flag); // it has its own advice
  const other = new TypeError("x");
  assertEquals(missingPath(other, "a", "read"), other);
});

Deno.test("a folder is refused where a file is needed", async () => {
  const folder = await Deno.makeTempDir();
  const rule = `must be a file: current value is "${folder}`;
  await assertRejects(() => loadScorer(folder), Deno.errors.IsADirectory, rule);
  for (const open of [npyFile, npzFile]) {
    const read = async () => await open(folder).prepare?.();
    await assertRejects(read, TypeError, rule);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("missingPath() tells an error of the system by its code, whatever its text", () => {
  const coded = (code: string) => Object.assign(new Error("text"), { code });
  const messageOf = (cause: Error) =>
    (missingPath(cause, "/a", "read") as Error).message;
  const usual =
    'Cannot read as "/a" must be a path that can be used: current ' +
    'value is "';
  assertEquals(
    messageOf(coded("ENAMETOOLONG")),
    `${usual}File name too long"; check the path`,
  );
  assertEquals(messageOf(coded("ESTALE")), `${usual}ESTALE"; check the path`);
  const others = [
    coded("ERR_INVALID_ARG_TYPE"),
    coded("Z_DATA_ERROR"),
    new DOMException("stop", "AbortError"), // its code is a number
    new Error("File name too long (os error 36)"), // not of the system
  ];
  for (const other of others) {
    assertEquals(missingPath(other, "/a", "read"), other);
  }
});
