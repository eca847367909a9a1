import { assertStrictEquals } from "@std/assert";
import * as crypto from "node:crypto";
import * as url from "node:url";
import * as zlib from "node:zlib";
import {
  nodeCrypto,
  nodeUrl,
  nodeZlib,
} from "../../lib/formats/builtin_modules.ts";

Deno.test("nodeCrypto(), nodeUrl() and nodeZlib() give what an import gives", () => {
  assertStrictEquals(nodeCrypto().createHash, crypto.createHash);
  assertStrictEquals(nodeUrl().fileURLToPath, url.fileURLToPath);
  assertStrictEquals(nodeZlib().inflateRawSync, zlib.inflateRawSync);
});
