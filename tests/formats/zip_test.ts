import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { bytesSource } from "../../lib/formats/byte_source.ts";
import { ZipArchive } from "../../lib/formats/zip.ts";
import { Pacer } from "../../lib/math/pacer.ts";
import {
  buildZip,
  type BuiltArchive,
  type BuiltMember,
  text,
} from "../support/build_zip.ts";

const A: BuiltMember = { name: "a.txt", data: text("first") };
const B: BuiltMember = {
  name: "folder/b.txt",
  data: text("second ".repeat(100)),
  isDeflated: true,
};

function open(
  members: readonly BuiltMember[],
  archive?: BuiltArchive,
): ZipArchive {
  return new ZipArchive(bytesSource(buildZip(members, archive), "x.zip"));
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

for (const isLarge of [false, true]) {
  Deno.test(`ZipArchive lists and reads members when it is ${isLarge ? "large" : "small"}`, async () => {
    const zip = open([A, B, { name: "folder/" }], {
      isLarge,
      comment: "hello",
    });
    assertEquals([...zip.members.keys()], ["a.txt", "folder/b.txt"]);
    await zip.verify();
    assertEquals(textOf(zip.bytes("a.txt")), "first");
    assertEquals(textOf(zip.bytes("folder/b.txt")), "second ".repeat(100));
  });
}

Deno.test("ZipArchive.part() reads a stored and a deflated member anywhere", async () => {
  const zip = open([A, B]);
  const into = new Uint8Array(3);
  const stored = await zip.part("a.txt");
  stored.read(2, into);
  assertEquals(textOf(into), "rst");
  (await zip.part("folder/b.txt")).read(7, into);
  assertEquals(textOf(into), "sec");
  assertThrows(() => stored.read(3, into), RangeError, "5");
});

for (
  const [what, member] of [
    ["stored", { ...A, crc: 7 }],
    ["deflated", { ...B, crc: 7 }],
  ] as const
) {
  Deno.test(`ZipArchive.verify() refuses a wrong checksum of a ${what} member`, async () => {
    await assertRejects(() => open([member]).verify(), SyntaxError, "checksum");
  });
}

for (const size of [699, 701]) {
  Deno.test(`ZipArchive.verify() refuses a member that says ${size} bytes and has 700`, async () => {
    const zip = open([{ ...B, size, localSize: size }]);
    await assertRejects(() => zip.verify(), SyntaxError, "unpack to");
  });
}

Deno.test("ZipArchive.verify() stops when its signal says so", async () => {
  const zip = open([{ name: "a", data: new Uint8Array(4) }]);
  const reason = new Error("enough");
  await assertRejects(
    () => zip.verify(new Pacer(AbortSignal.abort(reason))),
    Error,
    "enough",
  );
});

Deno.test("ZipArchive refuses archives cut anywhere, with an error of its own", () => {
  const whole = buildZip([A, B]);
  for (let size = 0; size < whole.length; size++) {
    const source = bytesSource(whole.slice(0, size), "x.zip");
    assertThrows(() => new ZipArchive(source), SyntaxError, "x.zip");
  }
});

Deno.test("ZipArchive.bytes() names what is there when a member is not", () => {
  assertThrows(() => open([A]).bytes("b.txt"), SyntaxError, '"a.txt"');
});
