import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ProcessOptions, runProgram } from "../support/fresh_process.ts";

const ENV = "--allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX";

function rowsOf(what: "images" | "tables", ...allowed: string[]) {
  const options: ProcessOptions = {
    allowed: ["--allow-read", ...allowed],
    args: [what],
  };
  return runProgram("read_sources", options);
}

Deno.test("images and tables are read with the permissions that the README names", async () => {
  assertEquals(await rowsOf("images", "--allow-ffi", ENV), "[12,10,12]");
  assertEquals(await rowsOf("tables", "--allow-ffi"), "[3000,30,5,3,30]");
});

Deno.test("images and tables name the permissions that are missing", async () => {
  const cases = [
    ["images", ["--allow-ffi"], ENV],
    ["images", [ENV], "--allow-ffi"],
    ["tables", [], "run with --allow-read and --allow-ffi"],
  ] as const;
  for (const [what, allowed, missing] of cases) {
    const error = await assertRejects(() => rowsOf(what, ...allowed), Error);
    assert(/must be able to load/.test(error.message), error.message);
    assert(error.message.includes(missing), error.message);
  }
});
