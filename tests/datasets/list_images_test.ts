/**
 * Order and labels of image files; expected lists are what `index_directory` of
 * Keras 3.15.1 gives for the same tree.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  listImages,
  type ListOptions,
} from "../../lib/datasets/list_images.ts";
import { buildTar } from "../support/build_tar.ts";
import { buildZip } from "../support/build_zip.ts";

const FILES = [
  ...["b/2.png", "b/10.png", "b/1.JPG", "b/sub/9.gif", "b/sub-x/0.bmp"],
  ...["b/sub/deep/1.jpeg", "b/.hid/3.png", "b/notes.txt", "B/z.png"],
  ...["a b/é.png", "a b/z.png", "😀/x.png", "～/y.png", ".hidden/q.png"],
  "empty/readme.md",
];
const IN_B = ["1.JPG", "10.png", "2.png", ".hid/3.png", "sub/9.gif"];
IN_B.push("sub-x/0.bmp", "sub/deep/1.jpeg");
const OF_B = IN_B.map((name) => `b/${name}`);
const IDS = [
  "B/z.png",
  "a b/z.png",
  "a b/é.png",
  ...OF_B,
  "～/y.png",
  "😀/x.png",
];
const LABELS = [0, 1, 1, 2, 2, 2, 2, 2, 2, 2, 4, 5];
const NAMES = ["B", "a b", "b", "empty", "～", "😀"];

/** Runs over a folder of files, each of which holds its own name. */
async function withFolder(
  files: readonly string[],
  body: (folder: string) => void | Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const file of files) {
      const parent = file.slice(0, Math.max(0, file.lastIndexOf("/")));
      await Deno.mkdir(`${folder}/${parent}`, { recursive: true });
      await Deno.writeTextFile(`${folder}/${file}`, file);
    }
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function list(
  source: string | URL | readonly string[],
  options: Partial<ListOptions> = {},
) {
  return listImages(source, { followLinks: false, ...options });
}

Deno.test("listImages() orders and labels a folder as Keras does", async () => {
  await withFolder(FILES, async (folder) => {
    const { ids, labels, classNames, name, open } = list(`${folder}/`);
    assertEquals(ids, IDS);
    assertEquals([...labels!], LABELS);
    assertEquals(classNames, NAMES);
    assertEquals(name, folder);
    const text = await open().read(5);
    assertEquals(new TextDecoder().decode(text), IDS[5]);
    const url = new URL(`file://${folder.replaceAll(" ", "%20")}/`);
    assertEquals(list(url).ids, IDS);
  });
});

Deno.test("listImages() takes the classes that are named, in their order", async () => {
  await withFolder([...FILES, "loose.png"], (folder) => {
    const { ids, labels, classNames } = list(folder, { classes: ["b", "B"] });
    assertEquals(ids, [...OF_B, "B/z.png"]);
    assertEquals([...labels!], [0, 0, 0, 0, 0, 0, 0, 1]);
    assertEquals(classNames, ["b", "B"]);
    assertThrows(
      () => list(folder, { classes: ["b", "c"] }),
      RangeError,
      'current value is "c"; its folders are ["B", "a b", "b", "empty",',
    );
    assertThrows(
      () => list(folder),
      TypeError,
      'or none: current value is "loose.png"; move it; or name the classes: ' +
        '{ classes: ["B", "a b", …] }',
    );
  });
});

Deno.test("listImages() takes images beside each other, without labels", async () => {
  await withFolder(["2.png", "10.png", ".hid/3.png", "a.txt"], (folder) => {
    const { ids, labels, classNames } = list(folder);
    // As index_directory with labels=None.
    assertEquals(ids, ["10.png", "2.png", ".hid/3.png"]);
    assertEquals([labels, classNames], [undefined, undefined]);
  });
});

Deno.test("listImages() takes a list of files, labelled by their folders on request", () => {
  const files = ["x/cat/1.png", "y/dog/2.png", "x/cat/0.png"];
  assertEquals(list(files).ids, files);
  assertEquals(list(files).labels, undefined);
  const { labels } = list(files, { classes: ["dog", "cat"] });
  assertEquals([...labels!], [1, 0, 1]);
  assertThrows(
    () => list(files, { classes: ["dog"] }),
    RangeError,
    'must name the folder of every file: current value is ["dog"]; for "x/cat/1.png"',
  );
  assertThrows(() => list([]), RangeError, "there must be an image");
  assertThrows(
    () => list([3] as unknown as string[]),
    TypeError,
    "paths of files",
  );
});

Deno.test("listImages() takes zip and tar archives like folders", async () => {
  await withFolder([], async (folder) => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    const inner = FILES.filter((file) => !file.startsWith(".hidden"));
    for (const top of ["", "photos/"]) {
      const names = inner.map((file) => top + file);
      const junk = "__MACOSX/._a.png";
      const zip = buildZip([...names, junk].map((name) => ({
        name,
        data: bytes(name),
        isDeflated: name.length % 2 === 0,
      })));
      const tar = buildTar(names.map((name) => ({ name, text: name })));
      for (const [end, data] of [["zip", zip], ["tar", tar]] as const) {
        await Deno.writeFile(`${folder}/a.${end}`, data);
        const { ids, labels, classNames, open } = list(`${folder}/a.${end}`);
        assertEquals(ids, IDS);
        assertEquals([...labels!], LABELS);
        assertEquals(classNames, NAMES);
        const reader = open();
        const text = new TextDecoder().decode(await reader.read(9));
        assertEquals(text, top + IDS[9]);
        reader.close();
      }
    }
    await Deno.writeTextFile(`${folder}/a.tar.gz`, "");
    assertThrows(
      () => list(`${folder}/a.tar.gz`),
      TypeError,
      "a .zip or .tar archive",
    );
  });
});

Deno.test("listImages() leaves off the folder around the images, whatever other files are there", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const listed = async (...names: string[]) => {
      const zip = buildZip(
        names.map((name) => ({ name, data: new Uint8Array(1) })),
      );
      await Deno.writeFile(`${folder}/a.zip`, zip);
      const { ids, labels, classNames } = list(`${folder}/a.zip`);
      return { ids, labels: labels && [...labels], classNames };
    };
    const classes = ["top/a/0.png", "top/b/0.png"];
    const expected = {
      ids: ["a/0.png", "b/0.png"],
      labels: [0, 1],
      classNames: ["a", "b"],
    };
    assertEquals(await listed(...classes), expected);
    const others = ["top/.DS_Store", "top/README.txt", "LICENSE", "doc/a.txt"];
    assertEquals(await listed(...others, ...classes), expected);
    await assertRejects(
      () => listed(...classes, "top/loose.png"),
      TypeError,
      "all images must lie in the folders",
    );
    const flat = await listed("top/0.png", "top/1.png");
    assertEquals(flat.classNames, ["top"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("listImages() refuses what holds no image, and says why", async () => {
  await withFolder(["a/readme.md"], (folder) => {
    assertThrows(() => list(folder), RangeError, "must hold an image: .bmp");
    assertThrows(
      () => list(`${folder}/a`),
      RangeError,
      "is it the right folder?",
    );
    assertThrows(() => list(`${folder}/b`), Deno.errors.NotFound);
    assertThrows(() => list(new URL("http://a/")), TypeError, "a file: URL");
    Deno.writeTextFileSync(`${folder}/a.zip`, "");
    for (const source of [`${folder}/a.zip`, [`${folder}/a.png`]]) {
      const linked = () => list(source, { followLinks: true });
      assertThrows(
        linked,
        TypeError,
        '"followLinks" must be left out for an a',
      );
    }
    assertThrows(() => list(3 as unknown as string), TypeError, "a folder, an");
  });
});

Deno.test({
  name: "listImages() follows links inside the folder, others only on request",
  ignore: Deno.build.os === "windows",
  async fn() {
    await withFolder(["in/a/1.png", "in/b/2.png", "out/3.png"], (folder) => {
      const root = `${folder}/in`;
      Deno.symlinkSync("../b/2.png", `${root}/a/inside.png`);
      Deno.symlinkSync("../../out/3.png", `${root}/a/outside.png`);
      Deno.symlinkSync("/nowhere/4.png", `${root}/a/broken.png`);
      Deno.symlinkSync("../out", `${root}/c`);
      Deno.symlinkSync("../a", `${root}/a/loop`);
      Deno.symlinkSync("self.png", `${root}/b/self.png`);
      const { ids, links, classNames } = list(root);
      assertEquals(ids, ["a/1.png", "a/inside.png", "b/2.png"]);
      assertEquals(links.toSorted(), [
        ...["a/broken.png", "a/outside.png", "b/self.png", "c"],
      ]);
      assertEquals(classNames, ["a", "b"]);
      const all = list(root, { followLinks: true });
      assertEquals(all.classNames, ["a", "b", "c"]);
      assertEquals(all.ids, [
        ...["a/1.png", "a/inside.png", "a/outside.png", "b/2.png", "c/3.png"],
      ]);
      Deno.mkdirSync(`${folder}/only`);
      Deno.symlinkSync("../out/3.png", `${folder}/only/x.png`);
      const error = assertThrows(() => list(`${folder}/only`), RangeError);
      assert(error.message.includes("{ followLinks: true }"));
      const only = list(`${folder}/only`, { followLinks: true });
      assertEquals(only.ids, ["x.png"]);
    });
  },
});

Deno.test("listImages() limits how far an image of a zip archive unpacks, not all of them", async () => {
  await withFolder([], async (folder) => {
    const data = new Uint8Array(30 * 2 ** 20);
    const members = ["a.bmp", "b.bmp"].map((name) => ({
      ...{ name, data, isDeflated: true },
    }));
    const bomb = { name: "c.bmp", isDeflated: true, size: 2 ** 29 };
    const path = `${folder}/a.zip`;
    await Deno.writeFile(path, buildZip([...members, bomb]));
    const { ids, open } = list(path);
    assertEquals(ids, ["a.bmp", "b.bmp", "c.bmp"]);
    const reader = open();
    assertEquals((await reader.read(1)).length, data.length);
    await assertRejects(
      () => reader.read(2),
      SyntaxError,
      'image "c.bmp" must unpack to at most',
    );
    reader.close();
  });
});

Deno.test("listImages() says what to do about archives that are compressed as a whole", async () => {
  await withFolder(["a.tar.gz", "b.tgz", "c.rar"], (folder) => {
    for (const name of ["a.tar.gz", "b.tgz"]) {
      assertThrows(
        () => list(`${folder}/${name}`),
        TypeError,
        `${name}"; decompress it to a .tar file`,
      );
    }
    assertThrows(() => list(`${folder}/c.rar`), TypeError, "other archives");
  });
});
