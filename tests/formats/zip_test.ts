import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { bytesSource } from "../../lib/formats/byte_source.ts";
import { ZipArchive } from "../../lib/formats/zip.ts";
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

Deno.test("ZipArchive.part() reads a stored and a deflated member anywhere", () => {
  const zip = open([A, B]);
  const into = new Uint8Array(3);
  zip.part("a.txt").read(2, into);
  assertEquals(textOf(into), "rst");
  zip.part("folder/b.txt").read(7, into);
  assertEquals(textOf(into), "sec");
  assertThrows(() => zip.part("a.txt").read(3, into), RangeError, "5");
});

const REFUSED: Readonly<
  Record<string, [BuiltMember[], string, BuiltArchive?]>
> = {
  "an encrypted member": [[{ ...A, flags: 1 }], "encrypted"],
  "an unknown method": [[{ ...A, method: 99 }], "method 99"],
  "a size that is not the stored one": [[{ ...A, size: 4 }], "as many bytes"],
  "two members of one name": [[A, A], "once"],
  "an absolute name": [[{ ...A, name: "/etc/x" }], "plain paths"],
  "a name that leads out": [[{ ...A, name: "a/../../x" }], "plain paths"],
  "a name with a backslash": [[{ ...A, name: "a\\x" }], "plain paths"],
  "a name with a drive": [[{ ...A, name: "C:x" }], "plain paths"],
  "a name with a zero": [[{ ...A, name: "a\0x" }], "plain paths"],
  "an empty name": [[{ ...A, name: "" }], "plain paths"],
  "two names for one member": [[{ ...A, localName: "b.txt" }], "one name"],
  "two sizes for one member": [[{ ...B, localSize: 5 }], "directory says"],
  "members that overlap": [[A, {
    ...A,
    name: "b.txt",
    localName: "a.txt",
    offset: 0,
  }], "one name"],
  "a member that is not there": [[{ ...A, offset: 3 }], "directory says"],
  "a member beyond the end": [[{ ...A, offset: 9999 }], "lie in it"],
  "several parts": [[A], "one part", { disk: 1 }],
  "more members than listed": [[A, B], "no more", { count: 1 }],
  "fewer members than listed": [[A], "list its members", { count: 2 }],
  "a bomb": [[{ ...B, size: 2 ** 30, localSize: 2 ** 30 }], "at most"],
};

for (const [what, [members, message, archive]] of Object.entries(REFUSED)) {
  Deno.test(`ZipArchive refuses ${what}`, () => {
    assertThrows(() => open(members, archive), SyntaxError, message);
  });
}

Deno.test("ZipArchive refuses members that share bytes", () => {
  const inner = buildZip([{ name: "b.txt", data: text("inner") }]);
  const outer = { name: "a.zip", data: inner.slice(0, 30 + 5 + 5) };
  // The second member is the one that stands in the data of the first.
  const second = { name: "b.txt", data: text("inner"), offset: 30 + 5 };
  assertThrows(() => open([outer, second]), SyntaxError, "overlap");
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
  const zip = open([{ name: "a", data: new Uint8Array(40 * 2 ** 20) }]);
  const reason = new Error("enough");
  await assertRejects(
    () => zip.verify(AbortSignal.abort(reason)),
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
