import { assertStrictEquals } from "@std/assert";
import * as url from "node:url";
import * as zlib from "node:zlib";
import { nodeUrl, nodeZlib } from "../../lib/formats/builtin_modules.ts";

Deno.test("nodeUrl() and nodeZlib() give what an import gives", () => {
  assertStrictEquals(nodeUrl().fileURLToPath, url.fileURLToPath);
  assertStrictEquals(nodeZlib().inflateRawSync, zlib.inflateRawSync);
});
