import { assertEquals } from "@std/assert";
import {
  imageProtocol,
  protocolOf,
  terminalColumns,
  writeAll,
} from "../../lib/display/terminal.ts";

const of = (variables: Record<string, string>) =>
  protocolOf((name) => variables[name]);

Deno.test("protocolOf() knows terminals by their variables", () => {
  assertEquals(of({ TERM: "xterm-kitty" }), "kitty");
  assertEquals(of({ TERM: "xterm-256color", KITTY_WINDOW_ID: "1" }), "kitty");
  assertEquals(of({ TERM_PROGRAM: "ghostty" }), "kitty");
  assertEquals(of({ TERM_PROGRAM: "iTerm.app" }), "iterm2");
  assertEquals(of({ TERM_PROGRAM: "WezTerm" }), "iterm2");
  assertEquals(of({ LC_TERMINAL: "iTerm2" }), "iterm2");
  assertEquals(of({ TERM: "foot" }), "sixel");
  assertEquals(of({ TERM: "xterm", KONSOLE_VERSION: "230804" }), "sixel");
  assertEquals(of({ TERM: "xterm-256color" }), undefined);
  assertEquals(of({ TERM_PROGRAM: "Apple_Terminal" }), undefined);
  assertEquals(of({}), undefined);
});

Deno.test("protocolOf() gives none within a multiplexer", () => {
  assertEquals(of({ TERM: "tmux-256color", KITTY_WINDOW_ID: "1" }), undefined);
  assertEquals(of({ TERM: "xterm-kitty", TMUX: "socket,1,0" }), undefined);
});

Deno.test("imageProtocol() reads nothing where stdout is no terminal", () => {
  if (Deno.stdout.isTerminal()) return;
  const read = () => {
    throw new Error("read");
  };
  assertEquals(imageProtocol(read), undefined);
});

Deno.test("imageProtocol() asks for no permission", async () => {
  const module = new URL(
    "../../lib/display/terminal.ts",
    import.meta.url,
  );
  const script = `const { imageProtocol } = await import("${module.href}");
Deno.stdout.isTerminal = () => true;
console.log(imageProtocol());`;
  const run = async (...args: string[]) => {
    const file = await Deno.makeTempFile({ suffix: ".ts" });
    await Deno.writeTextFile(file, script);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--no-prompt", ...args, file],
      env: { TERM: "xterm-kitty", TMUX: "", NO_COLOR: "1" },
      cwd: decodeURIComponent(new URL("../../", import.meta.url).pathname),
    }).output();
    await Deno.remove(file);
    const text = new TextDecoder();
    return text.decode(stdout).trim() || text.decode(stderr);
  };
  assertEquals(await run("--allow-read"), "undefined");
  assertEquals(await run("--allow-read", "--allow-env=TERM"), "kitty");
});

Deno.test("writeAll() writes what is left until nothing is", () => {
  const written: number[] = [];
  const output = {
    writeSync(bytes: Uint8Array): number {
      const part = bytes.subarray(0, 2);
      written.push(...part);
      return part.length;
    },
  };
  writeAll(output, "fünf");
  assertEquals(new TextDecoder().decode(Uint8Array.from(written)), "fünf");
});

Deno.test("terminalColumns() is a number without a terminal too", () => {
  assertEquals(terminalColumns() > 0, true);
});
