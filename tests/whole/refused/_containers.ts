import { text } from "../../support/build_zip.ts";
import { buildZip, type BuiltArchive } from "../../support/build_zip.ts";
import {
  archiveWith,
  DENSE,
  DENSE_WEIGHTS,
  kerasOf,
  modelOf,
  on,
} from "../../support/model_files.ts";
import { layer } from "../../support/keras_spec.ts";
import type { RefusedCase, RefusedInput } from "./_input.ts";

import { KINDS } from "./_file_kinds.ts";

const GOOD = kerasOf(DENSE, DENSE_WEIGHTS);
const CONFIG = text(JSON.stringify(DENSE));
const MEGABYTE = 2 ** 20;

/** A `.keras` with one member changed. */
function changed(
  what: string,
  change: Parameters<typeof archiveWith>[1],
  ...says: string[]
): RefusedCase {
  return { what, file: () => archiveWith(GOOD, change), says };
}

/** A `.keras` whose directory is not the truth. */
function lying(
  what: string,
  archive: BuiltArchive,
  ...says: string[]
): RefusedCase {
  return {
    what,
    file: () => buildZip([{ name: "config.json", data: CONFIG }], archive),
    says,
  };
}

/** A `.keras` with another `config.json`. */
function config(
  what: string,
  json: string | Uint8Array,
  ...says: string[]
): RefusedCase {
  const data = typeof json === "string" ? text(json) : json;
  return changed(
    what,
    { "config.json": { data } },
    "/config.json",
    ...says,
  );
}

const names = [
  ...["/etc/x", "../x", "a/../../x", "a\\x", "C:x", "a\0x", "", "./x"],
];

/** What is wrong with the archive itself: 1 to 16. */
export const CONTAINERS: readonly RefusedInput[] = [
  {
    number: 1,
    what: "another format, which the error names",
    refused: KINDS,
  },
  {
    number: 2,
    what: "a zip without config.json or weights",
    refused: [
      changed(
        "no config.json",
        { "config.json": undefined },
        "a zip archive with no config.json, but metadata.json, model.weights.npz",
      ),
      changed(
        "no weights",
        { "model.weights.npz": undefined },
        '"model.weights.h5" or "model.weights.npz"',
        '["metadata.json", "config.json"]',
      ),
    ],
    opened: [{ what: "weights as .npz", file: () => GOOD }],
  },
  {
    number: 3,
    what: "a truncated zip, or one without its end record",
    refused: [1, 200, 2].map((share) => ({
      what: share === 1 ? "its last byte is missing" : `1/${share} is missing`,
      file: () =>
        GOOD.slice(0, -Math.max(1, share === 1 ? 1 : GOOD.length / share)),
      says: ["it must have an end record", "is it cut?"],
    })),
  },
  {
    number: 4,
    what: "an encrypted member",
    refused: [1, 0x40, 0x2000].map((flags) =>
      changed(
        `flags ${flags}`,
        { "config.json": { flags } },
        'member "config.json" must not be encrypted',
        `"flags ${flags}"`,
      )
    ),
  },
  {
    number: 5,
    what: "an unknown compression",
    refused: [9, 12, 14, 93].map((method) =>
      changed(
        `method ${method}`,
        { "config.json": { method } },
        'member "config.json" must be stored or deflated',
        `"method ${method}"`,
      )
    ),
  },
  {
    number: 6,
    what: "a wrong checksum",
    refused: ["config.json", "metadata.json", "model.weights.npz"].map((name) =>
      changed(
        name,
        { [name]: { crc: 7 } },
        `member "${name}" must have checksum 7`,
        "the file is damaged",
      )
    ),
  },
  {
    number: 7,
    what: "a false size",
    refused: [
      changed(
        "stored",
        { "config.json": { size: 4 } },
        'member "config.json" must be stored in as many bytes as it has',
        "[4, ",
      ),
      ...[-1, 1].map((more) =>
        changed(
          more < 0 ? "unpacks to more" : "unpacks to less",
          { "config.json": { isDeflated: true, size: CONFIG.length + more } },
          `member "config.json" must unpack to ${CONFIG.length + more} bytes`,
        )
      ),
    ],
  },
  {
    number: 8,
    what: "two members with the same name",
    refused: [{
      what: "config.json twice",
      file: () =>
        buildZip([
          { name: "config.json", data: CONFIG },
          { name: "config.json", data: CONFIG },
        ]),
      says: ['names must be unique: current value is "config.json"'],
    }],
  },
  {
    number: 9,
    what: "names that lead out of the archive",
    refused: names.map((name) => ({
      what: JSON.stringify(name),
      file: () => buildZip([{ name: "config.json", data: CONFIG }, { name }]),
      says: [
        "names must be plain paths inside it",
        `"${name.replace("\0", "\\u0000")}"`,
      ],
    })),
  },
  {
    number: 10,
    what: "a directory that contradicts the members, or overlapping members",
    refused: [
      changed(
        "another name",
        { "config.json": { localName: "konfig.json" } },
        'member "config.json" must have one name',
        '"konfig.json"',
      ),
      changed(
        "another size",
        { "config.json": { localSize: 5 } },
        'member "config.json" must be what the directory says',
      ),
      {
        what: "a member within another",
        file: () => {
          const inner = buildZip([{ name: "config.json", data: text("{}") }]);
          return buildZip([
            { name: "a", data: inner.slice(0, 30 + 11 + 2) },
            { name: "config.json", data: text("{}"), offset: 31 },
          ]);
        },
        says: ["members must not overlap", '"a"'],
      },
    ],
  },
  {
    number: 11,
    what: "a zip bomb",
    refused: [
      changed(
        "a gigabyte that is declared",
        { "assets/x": { data: text("x"), isDeflated: true, size: 2 ** 30 } },
        "its members must unpack to at most",
        "1073741",
        "store them without compression",
      ),
      changed(
        "many members that are each allowed",
        Object.fromEntries(
          Array.from({ length: 9 }, (_, i) => [`assets/${i}`, {
            data: new Uint8Array(32 * MEGABYTE),
            isDeflated: true,
          }]),
        ),
        "its members must unpack to at most",
      ),
    ],
  },
  {
    number: 12,
    what: "too many members",
    refused: [
      lying(
        "declared",
        { isLarge: true, count: 70_000 },
        "it must have at most 65535 members: current value is 70000",
      ),
    ],
  },
  {
    number: 13,
    what: "a config.json that is too long, or not UTF-8",
    refused: [
      config(
        "40 MB",
        new Uint8Array(40 * MEGABYTE).fill(32),
        "it must have at most",
        "41943040",
      ),
      config(
        "not UTF-8",
        Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d),
        "must be UTF-8",
      ),
    ],
  },
  {
    number: 14,
    what: "invalid JSON",
    refused: [
      config("cut", '{"class_name"', 'line 1, column 14, there must be ":"'),
      config("two values", "{} {}", "column 4, nothing must follow"),
      config(
        "a key twice",
        '{"a": 1,\n "a": 2}',
        'line 2, column 2, key "a" must be unique',
      ),
    ],
    opened: [{
      what: "bare NaN and Infinity, as Python writes them",
      file: () => {
        const noise = layer("n", "GaussianNoise", { stddev: 0.5 }, on("x"));
        const json = JSON.stringify(modelOf(noise));
        return archiveWith(kerasOf(DENSE), {
          "config.json": {
            data: text(
              json.replace('"stddev":0.5', '"stddev":NaN,"seed":-Infinity'),
            ),
          },
        });
      },
    }],
  },
  {
    number: 15,
    what: "JSON that nests too deep",
    refused: [
      config(
        "lists",
        "[".repeat(600) + "]".repeat(600),
        "it must nest at most 512 levels deep",
      ),
      config(
        "a million lists",
        "[".repeat(1_000_000),
        "it must nest at most 512 levels deep",
      ),
      config(
        "objects",
        '{"a":'.repeat(600) + "1" + "}".repeat(600),
        "it must nest at most 512 levels deep",
      ),
    ],
  },
  {
    number: 16,
    what: "several disks, or sizes beyond the file",
    refused: [
      lying("a second disk", { disk: 1 }, "it must be in one part"),
      lying("more than listed", { count: 2 }, "must list its members"),
      lying(
        "a large end record with a count beyond the file",
        { isLarge: true, count: 2 ** 50 },
        "its sizes must fit the file",
      ),
      changed(
        "a place beyond the file",
        { "config.json": { offset: 2 ** 31 } },
        "all its parts must lie in it",
      ),
    ],
  },
];
