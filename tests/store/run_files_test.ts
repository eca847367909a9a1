import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openFeatures, saveFeatures } from "@sonde/sonde";
import { checkDiskSpace } from "../../lib/store/writable.ts";
import { FeatureCache } from "../../lib/store/feature_cache.ts";
import { bytesPerRow, finishTarget } from "../../lib/store/finish_target.ts";
import { rangeOfShard } from "../../lib/store/merge_features.ts";
import { openFeatureFile } from "../../lib/store/feature_files.ts";
import {
  joinedDescription,
  partOfSet,
  slicePart,
} from "../../lib/store/part.ts";
import { PartFolder, rowsOfParts } from "../../lib/store/part_folder.ts";
import { readSet } from "../../lib/store/read_set.ts";
import { kindAt, parentOf, pathOf, targetOf } from "../../lib/store/target.ts";
import { notWritten, writeWhole } from "../../lib/store/write_file.ts";
import { shownWritten } from "../../lib/store/written.ts";
import { fieldsOf, fullSet, inFolder } from "./_sets.ts";

const NOTHING = { skipped: [], run: undefined };

Deno.test("rangeOfShard() gives whole batches, all of them, as evenly as they go", () => {
  for (const [total, count, batch] of [[100, 3, 7], [5, 4, 2], [64, 8, 64]]) {
    const ranges = Array.from(
      { length: count! },
      (_, k) => rangeOfShard(total, k, count!, batch!),
    );
    assertEquals(ranges[0]!.start, 0);
    assertEquals(ranges.at(-1)!.end, total);
    ranges.forEach(({ start, end }, k) => {
      assertEquals(start, ranges[k - 1]?.end ?? 0);
      assert(end === total || end! % batch! === 0);
    });
    const batches = ranges.map(({ start, end }) => (end! - start) / batch!);
    assert(Math.max(...batches) - Math.min(...batches) <= 1.01);
  }
  assertEquals(rangeOfShard(undefined, 0, 1, 4), { start: 0, end: undefined });
  assertThrows(() => rangeOfShard(undefined, 0, 2, 4), TypeError, "its length");
});

Deno.test("joinedDescription() has the checksums of the whole, however it is cut", async () => {
  const whole = partOfSet(fullSet());
  for (const cut of [0, 1, 3, 5]) {
    const parts = [
      await slicePart(whole, { start: 0, end: cut }),
      await slicePart(whole, { start: cut, end: 5 }),
    ];
    const { columns, ids, samples } = joinedDescription(parts);
    assertEquals(columns, whole.description.columns);
    assertEquals([ids.crc32, ids.bytes, samples], [
      whole.description.ids.crc32,
      whole.description.ids.bytes,
      5,
    ]);
  }
  const other = partOfSet(fullSet().pooled("mean"));
  assertThrows(
    () => joinedDescription([whole, other]),
    TypeError,
    "same columns",
  );
});

Deno.test("readSet() gives a part as a set, and bytesPerRow() its size", async () => {
  const set = fullSet();
  assertEquals(fieldsOf(await readSet(partOfSet(set))), fieldsOf(set));
  // 12 + 1 + 3 + 2 floats, 4 halves, 2 + 1 integers, and what ids take.
  assertEquals(bytesPerRow(set), 18 * 4 + 4 * 2 + 3 * 4 + 8);
});

Deno.test("PartFolder keeps parts in order, without a gap", () =>
  inFolder(async (parent) => {
    const path = `${parent}/x.npz.partial`;
    const folder = await PartFolder.open(path, { batch: 2 }, true);
    const set = fullSet();
    await folder.add(set, { start: 0, end: 5 }, NOTHING);
    await folder.add(undefined, { start: 5, end: 7 }, {
      ...NOTHING,
      skipped: [{ id: "x", reason: "no image" }],
    });
    await folder.add(set, { start: 9, end: 14 }, NOTHING);
    const ends = (range: { start: number; end: number }) =>
      folder.done(range).map(({ end }) => end);
    assertEquals(ends({ start: 0, end: 14 }), [5, 7]);
    assertEquals(ends({ start: 9, end: 14 }), [14]);
    assertEquals(PartFolder.record(path), { batch: 2 });
    await folder.add(set, { start: 7, end: 9 }, NOTHING);
    const done = folder.done({ start: 0, end: 14 });
    const destination = targetOf(`${parent}/x.npz`, undefined);
    const target = { destination, layout: {}, run: undefined };
    const written = await finishTarget(folder, target, done, 1);
    assertEquals([written.samples, written.skipped.length], [15, 1]);
    assertEquals(kindAt(path), undefined);
    await using stored = await openFeatures(`${parent}/x.npz`);
    assertEquals(Array.from((await stored.load()).ids).slice(5, 10), [
      ...set.ids as string[],
    ]);
  }));

Deno.test("rowsOfParts() refuses parts of another run, damaged ones, and nothing", () =>
  inFolder(async (parent) => {
    const path = `${parent}/x.partial`;
    const folder = await PartFolder.open(path, {}, true);
    const part = await folder.add(fullSet(), { start: 0, end: 5 }, NOTHING);
    assertThrows(() => rowsOfParts([part], "a run"), RangeError, "another run");
    const skipped = [{ id: "x", reason: "no image" }];
    const left = { path: "", start: 0, end: 1, skipped };
    assertThrows(
      () => rowsOfParts([left], undefined),
      RangeError,
      "all 1 left out",
    );
    const bytes = Deno.readFileSync(part.path);
    bytes[bytes.length - 1]! ^= 1;
    Deno.writeFileSync(part.path, bytes);
    const target = {
      destination: targetOf(`${parent}/x.npz`, undefined),
      layout: {},
      run: undefined,
    };
    const finish = () => finishTarget(folder, target, [part], 1);
    const error = await assertRejects(finish, SyntaxError, "checksum");
    assert(error.message.includes("delete this file"), error.message);
    assertEquals(kindAt(`${parent}/x.npz`), undefined);
  }));

Deno.test("PartFolder refuses parts that are cut, exchanged or no parts", () =>
  inFolder(async (parent) => {
    const path = `${parent}/x.partial`;
    const folder = await PartFolder.open(path, {}, true);
    const skipped = [{ id: "x", reason: "no image" }];
    const first = await folder.add(fullSet(), { start: 0, end: 5 }, NOTHING);
    const second = await folder.add(fullSet(), { start: 5, end: 10 }, NOTHING);
    const third = await folder.add(undefined, { start: 10, end: 11 }, {
      ...NOTHING,
      skipped,
    });
    const all = () => {
      const done = folder.done({ start: 0, end: 11 });
      for (const part of rowsOfParts(done, undefined)) part.close();
      return done.length;
    };
    assertEquals(all(), 3);
    const good = [first, second, third].map(({ path }) =>
      [
        path,
        Deno.readFileSync(path),
      ] as const
    );
    const faults: [
      typeof SyntaxError | typeof RangeError,
      number,
      Uint8Array,
    ][] = [
      [SyntaxError, 0, good[0]![1].subarray(0, 100)],
      [SyntaxError, 1, new Uint8Array()],
      [RangeError, 1, good[0]![1]],
      [SyntaxError, 2, good[2]![1].subarray(0, 9)],
      [RangeError, 2, new TextEncoder().encode("null")],
      [RangeError, 2, good[2]![1].map((byte) => byte === 120 ? 121 : byte)],
    ];
    for (const [type, index, bytes] of faults) {
      const [file, whole] = good[index]!;
      Deno.writeFileSync(file, bytes);
      assertThrows(all, type, "delete this file and call it again");
      Deno.writeFileSync(file, whole);
    }
    await saveFeatures(fullSet(), `${parent}/x.safetensors`);
    Deno.copyFileSync(`${parent}/x.safetensors`, first.path);
    assertThrows(all, RangeError, `current value is "no part"`);
    const records = ["{", "", "null", "[1]", "5", '"x"'];
    records.push('{"settings":5}', '{"settings":"{"}', '{"settings":"null"}');
    records.push('{"settings":"{}","batch":null}');
    for (const record of records) {
      Deno.writeTextFileSync(`${path}/run.json`, record);
      assertThrows(
        () => PartFolder.record(path),
        SyntaxError,
        "delete its folder",
      );
    }
    Deno.removeSync(`${path}/run.json`);
    Deno.mkdirSync(`${path}/run.json`);
    const read = () => PartFolder.record(path);
    assertThrows(read, Deno.errors.IsADirectory, 'current value is "a folder"');
  }));

Deno.test("writeWhole() leaves a file whole or not at all", () =>
  inFolder(async (folder) => {
    const path = `${folder}/x`;
    const fails = () =>
      writeWhole(path, (sink) => {
        sink.write(new Uint8Array(10));
        throw new Error("fell");
      });
    await assertRejects(fails, Error, "fell");
    assertEquals([...Deno.readDirSync(folder)], []);
    const size = await writeWhole(path, (sink) => {
      sink.write(new Uint8Array(100_000));
      sink.patch(1, Uint8Array.of(7, 8));
      const two = new Uint8Array(3);
      sink.read(0, two);
      assertEquals([...two], [0, 7, 8]);
      sink.write(Uint8Array.of(9));
    });
    const bytes = Deno.readFileSync(path);
    assertEquals([size, bytes.length, bytes[2], bytes.at(-1)], [
      100_001,
      100_001,
      8,
      9,
    ]);
  }));

Deno.test("notWritten() knows a full disk and a folder that may not be written", () => {
  const withCode = (code: string) => Object.assign(new Error("-"), { code });
  const full = notWritten("x", withCode("ENOSPC"));
  assert(full instanceof RangeError && full.message.includes("make room"));
  const denied = notWritten("x", new Deno.errors.PermissionDenied("no"));
  assert(
    denied instanceof TypeError && denied.message.includes("may be written"),
  );
  const readOnly = notWritten("x", withCode("EROFS"));
  assert(readOnly instanceof TypeError);
  const other = withCode("EIO");
  assertEquals(notWritten("x", other), other);
});

Deno.test("notWritten() knows the error of Deno for a full disk", async () => {
  if (Deno.build.os !== "linux") return; // /dev/full is always full
  const cause = await Deno.writeFile("/dev/full", new Uint8Array(9))
    .catch((error) => error);
  assert(notWritten("/dev/full", cause) instanceof RangeError);
});

Deno.test("checkDiskSpace() compares with the free bytes of the disk", () =>
  inFolder((folder) => {
    checkDiskSpace(folder, 1);
    assertThrows(() => checkDiskSpace(folder, 1e18), RangeError, "free bytes");
    return Promise.resolve();
  }));

Deno.test("FeatureCache finds what was added", () =>
  inFolder(async (folder) => {
    const cache = new FeatureCache({ folder, maxBytes: 1e9 });
    const key = "0".repeat(64);
    assertEquals(await cache.find(key), undefined);
    await cache.add(key, [partOfSet(fullSet())]);
    const part = (await cache.find(key))!;
    assertEquals(fieldsOf(await readSet(part)), fieldsOf(fullSet()));
    part.close();
    const file = await openFeatureFile(`${folder}/${key}.safetensors`);
    assertEquals(file.description.samples, 5);
    file.close();
  }));

Deno.test("pathOf() and parentOf() read paths and URLs", () => {
  assertEquals(pathOf(new URL("file:///a/b%20c.npz"), "x"), "/a/b c.npz");
  assertEquals(pathOf("file:///a/b%20c.npz", "x"), "/a/b c.npz");
  assertEquals(["a/b.npz", "b.npz", "/b.npz"].map(parentOf), ["a", ".", "/"]);
  assertThrows(() => pathOf("", "x"), TypeError, "a path or a file: URL");
});

Deno.test("shownWritten() is frozen", () => {
  const written = shownWritten({
    samples: 1,
    files: ["a"],
    bytes: 2,
    samplesPerSecond: 3,
    skipped: [{ id: "b.jpg", reason: "no image" }],
  });
  assert(Object.isFrozen(written) && Object.isFrozen(written.files));
  const text = Deno.inspect(written);
  assert(text.includes("b.jpg") && text.includes("no image"), text);
});
