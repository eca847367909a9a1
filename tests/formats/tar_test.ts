import { assertEquals, assertThrows } from "@std/assert";
import { bytesSource } from "../../lib/formats/byte_source.ts";
import { tarMembers } from "../../lib/formats/tar.ts";
import { buildTar } from "../support/build_tar.ts";

function members(bytes: Uint8Array) {
  const found = tarMembers(bytesSource(bytes, "a.tar"));
  return Object.fromEntries(
    [...found].map(([name, { start, size }]) => [
      name,
      new TextDecoder().decode(bytes.subarray(start, start + size)),
    ]),
  );
}

Deno.test("tarMembers() finds files, and leaves out folders and links", () => {
  const bytes = buildTar([
    { name: "./a/", kind: "5" },
    { name: "./a/one.txt", text: "one" },
    { name: "a/link", kind: "2" },
    { name: "a/empty", text: "" },
    { name: "a/one.txt", text: "newer" },
  ]);
  assertEquals(members(bytes), { "a/empty": "", "a/one.txt": "newer" });
  // Before POSIX, only the slash told folders from files.
  const old = buildTar([{ name: "a/" }, { name: "a/one.txt", text: "one" }]);
  assertEquals(members(old), { "a/one.txt": "one" });
});

Deno.test("tarMembers() reads long names of GNU and pax", () => {
  const long = `${"folder/".repeat(20)}é.txt`;
  const gnu = buildTar([
    { name: "././@LongLink", kind: "L", text: `${long}\0` },
    { name: long.slice(0, 99), text: "gnu" },
    { name: "next", text: "1" },
  ]);
  assertEquals(members(gnu), { [long]: "gnu", next: "1" });
  const record = ` path=${long}\n`;
  const length = new TextEncoder().encode(record).length + 3;
  const pax = buildTar([
    { name: "x", kind: "x", text: `${length}${record}` },
    { name: "short", text: "pax" },
    { name: "next", text: "1" },
  ]);
  assertEquals(members(pax), { [long]: "pax", next: "1" });
  const split = buildTar([{ name: "z.txt", prefix: "a/b", text: "ustar" }]);
  assertEquals(members(split), { "a/b/z.txt": "ustar" });
});

Deno.test("tarMembers() refuses what is cut, damaged or leaves the archive", () => {
  const refuse = (bytes: Uint8Array, text: string) =>
    assertThrows(() => members(bytes), SyntaxError, text);
  const good = buildTar([{ name: "a.txt", text: "x".repeat(600) }]);
  refuse(
    good.subarray(0, 900),
    'Cannot read tar "a.tar" as all its files must',
  );
  const changed = good.slice();
  changed[3]! ^= 1;
  refuse(changed, "the header at byte 0 must have checksum");
  refuse(new Uint8Array(100), "it must begin with a file");
  refuse(new TextEncoder().encode("no tar ".repeat(200)), "not compressed?");
  refuse(buildTar([{ name: "../a.txt", text: "" }]), "plain paths inside it");
  refuse(buildTar([{ name: "/etc/a", text: "" }]), "plain paths inside it");
});
