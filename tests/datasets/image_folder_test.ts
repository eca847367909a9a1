/**
 * Folders of images, from files to batches.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type Batch,
  FeatureExtractor,
  imageFolder,
  type ImageFolderOptions,
  type ImageSource,
  type NdArray,
  type Progress,
  type SkippedSample,
  type TensorSpec,
  tf,
} from "@sonde/sonde";
import { IMAGE_OPTIONS } from "../../lib/datasets/image_input.ts";
import { decodeImage } from "../../lib/formats/image.ts";
import { viewOf } from "../../lib/display/attach_view.ts";
import { viewText } from "../../lib/display/text.ts";
import { free } from "../extractor/_models.ts";

const PHOTOS = new URL("../data/photos/", import.meta.url);
const IMAGES = new URL("../data/images/", import.meta.url);
const IDS = ["circles", "squares"].flatMap((name) =>
  ["0.jpg", "1.png", "2.jpg", "3.png", "4.jpg", "5.png"]
    .map((file) => `${name}/${file}`)
);

function spec(...shape: (number | null)[]): TensorSpec {
  return { name: "x", shape: [null, ...shape], dtype: "float32" };
}

interface Read {
  readonly xs: NdArray;
  readonly ys?: Int32Array;
  readonly ids: readonly string[] | undefined;
  readonly skipped?: readonly SkippedSample[];
}

async function read(
  source: ImageSource,
  { size = 5, start = 0, input = spec(8, 8, 3) } = {},
): Promise<Read[]> {
  const list: Batch[] = [];
  const wanted = { size, start, inputs: [input] };
  for await (const batch of source.batches(wanted)) list.push(batch);
  return list as unknown as Read[];
}

const photos = (options?: ImageFolderOptions) => imageFolder(PHOTOS, options);
const valuesOf = (list: readonly Read[]) =>
  list.flatMap(({ xs }) => [...xs.data]);

Deno.test("imageFolder() gives batches with labels and ids, and knows its length", async () => {
  const source = photos();
  assertEquals(source.length, 12);
  assertEquals(source.classNames, ["circles", "squares"]);
  assertEquals(source.ids, IDS);
  const batches = await read(source);
  assertEquals(batches.map(({ xs }) => xs.shape), [
    ...[[5, 8, 8, 3], [5, 8, 8, 3], [2, 8, 8, 3]],
  ]);
  assertEquals(batches.flatMap(({ ids }) => ids), IDS);
  const labels = batches.flatMap(({ ys }) => [...ys!]);
  assertEquals(labels, [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
});

Deno.test("imageFolder() begins at any sample", async () => {
  const whole = valuesOf(await read(photos()));
  for (const start of [1, 5, 7, 11]) {
    const part = await read(photos(), { start });
    assertEquals(valuesOf(part), whole.slice(start * 192));
    assertEquals(part[0]!.ids![0], IDS[start]);
  }
  assertEquals(await read(photos(), { start: 12 }), []);
});

Deno.test("imageFolder() selects samples as its settings say", async () => {
  const half = photos({ limit: 4, stratify: true });
  assertEquals(half.ids, [...IDS.slice(0, 2), ...IDS.slice(6, 8)]);
  assertEquals((await read(half))[0]!.ys, Int32Array.of(0, 0, 1, 1));
  const split = { share: 0.5, seed: 3 };
  const first = photos({ split: { ...split, part: "first" } });
  const rest = photos({ split: { ...split, part: "rest" } });
  assertEquals([...first.ids, ...rest.ids].toSorted(), IDS);
  const mixed = photos({ shuffle: { seed: 1 } });
  const byId = new Map<string, number[]>();
  for (const { xs, ids } of await read(photos(), { size: 1 })) {
    byId.set(ids![0]!, [...xs.data]);
  }
  assertEquals(
    valuesOf(await read(mixed)),
    mixed.ids.flatMap((id) => byId.get(id)!),
  );
});

Deno.test("imageFolder() gives the layout, the colours and the size of the model", async () => {
  const [last] = await read(photos({ limit: 2 }), { input: spec(6, 5, 3) });
  const [first] = await read(photos({ limit: 2 }), { input: spec(3, 6, 5) });
  assertEquals(first!.xs.shape, [2, 3, 6, 5]);
  for (let n = 0; n < 2; n++) {
    for (let c = 0; c < 3; c++) {
      for (let i = 0; i < 30; i++) {
        assertEquals(
          first!.xs.data[(n * 3 + c) * 30 + i],
          last!.xs.data[(n * 30 + i) * 3 + c],
        );
      }
    }
  }
  const channels = { ...spec(4, 6, 4), channels: "first" } as const;
  const [rgba] = await read(photos(), { input: channels });
  assertEquals(rgba!.xs.shape, [5, 4, 6, 4]);
  const [grey] = await read(photos(), { input: spec(6, 4, 1) });
  assertEquals(grey!.xs.shape, [5, 6, 4, 1]);
  const sized = photos({ size: [6, 5] });
  const [open] = await read(sized, { input: spec(null, null, null) });
  assertEquals(open!.xs.shape, [5, 6, 5, 3]);
  assertEquals(open!.xs.data.slice(0, 180), last!.xs.data);
});

Deno.test("imageFolder() takes images of one size as they are where the model says none", async () => {
  const names = ["rgb.jpg", "rgb.png", "rgb.bmp"];
  const files = names.map((name) => new URL(name, IMAGES).pathname);
  const open = spec(null, null, 3);
  for (const start of [0, 1]) {
    const [batch] = await read(imageFolder(files), { input: open, start });
    assertEquals(batch!.xs.shape, [3 - start, 21, 33, 3]);
    const options = { colorMode: "rgb", orient: false, name: "x" } as const;
    const bytes = await Deno.readFile(files[2]!);
    const { data } = await decodeImage(bytes, options);
    const values = batch!.xs.data.subarray((2 - start) * data.length);
    assertEquals([...values], [...data]);
  }
  await assertRejects(
    () => read(photos(), { input: open }),
    RangeError,
    'image "circles/1.png" must be of the size of the first one, [24, 32]: ' +
      "current value is [26, 31]; pass { size: [24, 32] } to resize all",
  );
});

Deno.test("imageFolder() preprocesses by a mode or a function", async () => {
  const [plain] = await read(photos({ limit: 3 }));
  const [scaled] = await read(photos({ limit: 3, preprocess: "tf" }));
  const seen: NdArray[] = [];
  const [custom] = await read(photos({
    limit: 3,
    preprocess(image) {
      seen.push(image);
      const data = image.data.map((value) => value / 255);
      return { ...image, data };
    },
  }));
  const f = Math.fround;
  const [a, b] = [[...scaled!.xs.data], [...custom!.xs.data]];
  assertEquals(a, [...plain!.xs.data].map((v) => f(f(v / 127.5) - 1)));
  assertEquals(b, [...plain!.xs.data].map((v) => f(v / 255)));
  assertEquals(seen.map(({ shape }) => shape), Array(3).fill([8, 8, 3]));
  const wrong = photos({
    preprocess: (image) => ({ ...image, data: new Float32Array(3) }),
  });
  await assertRejects(
    () => read(wrong),
    TypeError,
    '"preprocess" must return a float32 array [8, 8, 3]: current value is a ' +
      'Float32Array; it is image "circles/0.jpg"',
  );
});

Deno.test("imageFolder() refuses what cannot fit the model before it reads", () => {
  const refuse = (
    options: ImageFolderOptions,
    text: string,
    ...inputs: TensorSpec[]
  ) => {
    const source = photos(options);
    assertThrows(
      () => source.batches({ size: 2, start: 0, inputs }),
      TypeError,
      text,
    );
  };
  refuse(
    { size: [9, 8] },
    '"size" must be that of input "x", [8, 8]: current value is [9, 8]',
    spec(8, 8, 3),
  );
  refuse(
    { colorMode: "grayscale" },
    'must give the 3 channels of input "x"',
    spec(8, 8, 3),
  );
  refuse({ preprocess: "caffe" }, 'input "x" must take RGB for', spec(8, 8, 1));
  refuse({}, 'input "x" must take images', spec(10));
  refuse({}, 'input "x" must take images', {
    ...spec(8, 8, 3),
    dtype: "string",
  });
  refuse({}, "must take 1, 3 or 4 channels: current value is 5", spec(8, 8, 5));
  refuse(
    {},
    'one input to take images: current value is ["x", "x"]',
    spec(8, 8, 3),
    spec(2),
  );
});

Deno.test("imageFolder() refuses settings that it does not know", () => {
  const refuse = (options: unknown, text: string) =>
    assertThrows(() => photos(options as ImageFolderOptions), Error, text);
  refuse({ sise: [2, 2] }, 'did you mean "size"');
  refuse({ sise: 1 }, IMAGE_OPTIONS.map((name) => `"${name}"`).join(", "));
  refuse({ size: [0, 2] }, '"size" must be [height, width]');
  refuse({ size: 224 }, '"size" must be [height, width]');
  refuse({ interpolation: "bicubic" }, '"interpolation" must be one of');
  refuse({ fit: "cover" }, '"fit" must be one of');
  refuse(
    { preprocess: "keras" },
    '"preprocess" must be "caffe", "tf", "torch" or a function',
  );
  refuse(
    { preprocess: "torch", colorMode: "rgba" },
    '"colorMode" must be "rgb"',
  );
  refuse({ antialias: true, interpolation: "nearest" }, 'with "antialias"');
  refuse({ antialias: 1 }, '"antialias" must be true or false');
  refuse({ onBad: "ignore" }, '"onBad" must be one of');
  refuse({ classes: ["circles", "circles"] }, "each class once");
});

const BAD = [
  "rgb.png",
  "bad/cut_rgb.jpg",
  "rgb.bmp",
  "bad/empty.jpg",
  "missing.png",
]
  .map((name) => new URL(name, IMAGES).pathname);

Deno.test("imageFolder() stops at a bad file with its name, or leaves it out and lists it", async () => {
  await assertRejects(
    () => read(imageFolder(BAD)),
    SyntaxError,
    `Cannot decode image "${BAD[1]}" as it must be a whole image`,
  );
  await assertRejects(
    () => read(imageFolder(BAD.slice(4))),
    TypeError,
    'missing.png" must be a file that can be read: current value is "nothing"; check the path',
  );
  const batches = await read(imageFolder(BAD, { onBad: "skip" }), { size: 2 });
  assertEquals(batches.map(({ ids }) => ids), [
    [BAD[0]!],
    [BAD[2]!],
    undefined,
  ]);
  const skipped = batches.flatMap(({ skipped }) => skipped ?? []);
  assertEquals(skipped.map(({ id }) => id), [BAD[1], BAD[3], BAD[4]]);
  assert(skipped[1]!.reason.includes('current value is "empty"'));
  const values = valuesOf(await read(imageFolder([BAD[0]!, BAD[2]!])));
  assertEquals([...batches[0]!.xs.data, ...batches[1]!.xs.data], values);
});

Deno.test("imageFolder() leaves out bad files also where none is good", async () => {
  const bad = [BAD[1]!, BAD[3]!];
  const source = imageFolder(bad, { onBad: "skip" });
  const [batch] = await read(source, { input: spec(null, null, 3) });
  assertEquals(batch!.skipped!.map(({ id }) => id), bad);
});

Deno.test("imageFolder() reads samples by their ids, for a model or to look at", async () => {
  const source = photos({ preprocess: "tf" });
  const ids = ["squares/3.png", "circles/0.jpg"];
  const looks = await source.samples!(ids) as unknown as Read;
  assertEquals(looks.xs.shape, [2, 96, 96, 3]);
  assertEquals([looks.ids, looks.ys], [ids, Int32Array.of(1, 0)]);
  const most = looks.xs.data.reduce((a, b) => Math.max(a, b), 0);
  assert(most > 100 && most <= 255);
  const fed = await source.samples!(ids, [spec(8, 8, 3)]) as unknown as Read;
  const whole = valuesOf(await read(source));
  const expected = [...whole.slice(9 * 192, 10 * 192), ...whole.slice(0, 192)];
  assertEquals([...fed.xs.data], expected);
  await assertRejects(() => source.samples!(["x"]), RangeError, 'value is "x"');
});

Deno.test("imageFolder() has one fingerprint for one content", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const id of IDS.slice(0, 3)) {
      await Deno.copyFile(new URL(id, PHOTOS), `${folder}/${id.split("/")[1]}`);
    }
    const print = (options?: ImageFolderOptions) =>
      imageFolder(folder, options).fingerprint!();
    const before = await print();
    assertEquals(await print(), before);
    assertEquals(
      await print({ fit: "pad", limit: 2 }),
      await print({ limit: 2, fit: "pad" }),
    );
    const others = [
      await print({ fit: "crop" }),
      await print({ limit: 2 }),
      await print({ shuffle: { seed: 1 } }),
    ];
    const bytes = await Deno.readFile(`${folder}/1.png`);
    bytes[bytes.length - 1]! ^= 1;
    await Deno.writeFile(`${folder}/1.png`, bytes);
    others.push(await print());
    await Deno.rename(`${folder}/1.png`, `${folder}/1b.png`);
    others.push(await print());
    assertEquals(new Set([before, ...others]).size, 6);
    const own = imageFolder(folder, { preprocess: (image) => image });
    assertEquals(own.fingerprint, undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("imageFolder() goes into predict(), with class names and what was left out", async () => {
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [8, 8, 3] }),
      tf.layers.globalAveragePooling2d({}),
      tf.layers.dense({ units: 2 }),
    ],
  });
  const extractor = new FeatureExtractor(model).layers([-2]).batch(5);
  const reports: Progress[] = [];
  const onProgress = (report: Progress) => reports.push(report);
  const options = { progress: false, onProgress };
  const set = await extractor.predict(photos(), options);
  assertEquals(set.classNames, ["circles", "squares"]);
  assertEquals([...set.ids as string[]], IDS);
  assertEquals(set.features[0]!.shape, [12, 2]);
  assertEquals(reports.at(-1)!.total, 12);
  assertEquals(reports.at(-1)!.skipped, undefined);
  const source = imageFolder(BAD, { onBad: "skip", limit: 4 });
  const left = await extractor.predict(source, options);
  assertEquals([...left.ids as string[]], [BAD[0], BAD[2]]);
  assertEquals(reports.at(-1)!.skipped!.map(({ id }) => id), [BAD[1], BAD[3]]);
  free(model);
});

Deno.test("imageFolder() shows class counts and labelled images", async () => {
  const source = imageFolder("tests/data/photos", { limit: 7 });
  const text = viewText(viewOf(source, {})!);
  assertEquals(text.split("\n").map((line) => line.trimEnd()), [
    'imageFolder "tests/data/photos": 7 images of 12, 2 classes',
    "",
    "label  class    samples",
    "-----  -------  -------",
    "    0  circles        6",
    "    1  squares        1",
    "",
    "[Samples: 7 images]",
  ]);
  const block = viewOf(source, {})!.blocks.at(-1)!;
  assert(block.kind === "figure");
  const figure = await block.figure();
  assert(figure.kind === "images");
  assertEquals(figure.images.map(({ caption }) => caption), [
    ...[...Array(6).fill("circles"), "squares"],
  ]);
  assertEquals(figure.images[0]!.z.length, 96 * 96 * 3);
  const flat = imageFolder(new URL("circles", PHOTOS));
  assertEquals(flat.classNames, undefined);
  const flatText = viewText(viewOf(flat, {})!);
  assert(flatText.includes("6 images\n"), flatText);
});
