import { assertEquals, assertThrows } from "@std/assert";
import { bytesSource } from "../../lib/formats/byte_source.ts";
import { readDirectory } from "../../lib/formats/_zip_directory.ts";
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

function open(members: readonly BuiltMember[], archive?: BuiltArchive) {
  return readDirectory(bytesSource(buildZip(members, archive), "x.zip"));
}

Deno.test("readDirectory() says of each file where it is, and how large", () => {
  const [a, b, ...others] = open([A, B, { name: "folder/" }]).values();
  assertEquals(
    [a!.name, a!.size, a!.compressedSize, a!.isStored, a!.start],
    ["a.txt", 5, 5, true, 30 + 5],
  );
  assertEquals([b!.name, b!.size, b!.isStored], ["folder/b.txt", 700, false]);
  assertEquals(b!.start, 30 + 5 + 5 + 30 + 12);
  assertEquals(others, []);
});

const REFUSED: Readonly<
  Record<string, [BuiltMember[], string, BuiltArchive?]>
> = {
  "an encrypted member": [[{ ...A, flags: 1 }], "encrypted"],
  "an unknown method": [[{ ...A, method: 99 }], "method 99"],
  "a size that is not the stored one": [[{ ...A, size: 4 }], "as many bytes"],
  "two members of one name": [[A, A], "unique"],
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
  Deno.test(`readDirectory() refuses ${what}`, () => {
    assertThrows(() => open(members, archive), SyntaxError, message);
  });
}

Deno.test("readDirectory() refuses members that share bytes", () => {
  const inner = buildZip([{ name: "b.txt", data: text("inner") }]);
  const outer = { name: "a.zip", data: inner.slice(0, 30 + 5 + 5) };
  // The second member is the one that stands in the data of the first.
  const second = { name: "b.txt", data: text("inner"), offset: 30 + 5 };
  assertThrows(() => open([outer, second]), SyntaxError, "overlap");
});
