import { assertEquals } from "@std/assert";

const ROOT = new URL("../../../../", import.meta.url);

/** What ends a process, and the status that it then has. */
const ENDINGS = [
  ["Deno.exit(3)", 3],
  ['throw new Error("lost")', 1],
  ["setTimeout(() => { throw new Error() })", 1],
] as const;

/** The status of a process with an exit handler that makes it 9. */
async function statusOf(call: string, ending: string): Promise<number> {
  const program = `
import { inFlight } from "./lib/engines/onnx/runtime/in_flight.ts";
import "./lib/engines/onnx/runtime/missing_runtime.ts"; // it names the package
const { symbols } = Deno.dlopen("libc.so.6", {
  __cxa_atexit: { parameters: ["pointer", "usize", "pointer"], result: "i32" },
  _exit: { type: "pointer" },
});
symbols.__cxa_atexit(symbols._exit, 9n, null);
${call}
${ending}`;
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", "--quiet", program],
    cwd: ROOT,
    stdout: "null",
    stderr: "null",
  }).output();
  return code;
}

Deno.test({
  name:
    "exit handlers are skipped if a process ends while a call is inFlight(), and only then",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    for (const [ending, status] of ENDINGS) {
      const running = "inFlight(new Promise(() => {}));";
      assertEquals(await statusOf(running, ending), status, ending);
      const over = "await inFlight(Promise.resolve());";
      assertEquals(await statusOf(over, ending), 9, ending);
    }
  },
});
