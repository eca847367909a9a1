/**
 * Nothing leaves the machine, and nothing is written behind Deno's permissions.
 * A new version of a package that is pinned in `deno.json` must pass this.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { assert, assertEquals } from "@std/assert";
import { RUNS_ALL } from "../support/extent.ts";
import {
  MODEL,
  type ProcessOptions,
  ROOT,
  runModel,
  runProgram,
} from "../support/fresh_process.ts";
import {
  canTrace,
  changedFiles,
  leavingCalls,
  readFiles,
  type SystemCall,
  traced,
} from "../support/system_calls.ts";

// ---- strings in the native libraries ----

/** Telemetry servers of the maker of ONNX Runtime. */
const SERVERS = [
  "events.data.microsoft",
  "vortex.data.microsoft",
  "pipe.aria.microsoft",
  "services.visualstudio",
  "OneCollector",
];
/** Functions and libraries for network access on Linux, macOS and Windows. */
const NETWORK = [
  ...["socket", "connect", "sendto", "getaddrinfo", "gethostbyname"].flatMap(
    (name) => [name, `_${name}`],
  ),
  ...["NSURLSession", "NSURLConnection"].map((name) => `_OBJC_CLASS_$_${name}`),
  ...["WS2_32", "ws2_32", "WINHTTP", "winhttp", "WININET", "wininet"].map(
    (name) => `${name}.dll`,
  ),
];

/** What of the network stands in a library: servers and whole names of functions. */
function networkNames(library: Uint8Array): string[] {
  const { buffer, byteOffset, length } = library;
  const text = Buffer.from(buffer, byteOffset, length).toString("latin1");
  const found = new Set(
    text.match(NAMES)?.map((name) => name.replace(/\0/g, "")),
  );
  return [...SERVERS, ...NETWORK].filter((name) => found.has(name));
}

/** All names in one pattern, as libraries are long: reading them takes longest. */
const NAMES = new RegExp(
  [
    ...SERVERS,
    // In text of two bytes per character, each is followed by a zero.
    ...SERVERS.map((name) => [...name, ""].join("\0")),
  ].map(RegExp.escape).join("|") +
    `|\0(?:${NETWORK.map(RegExp.escape).join("|")})(?=\0)`,
  "g",
);

Deno.test("networkNames() finds what the libraries are searched for", () => {
  const library = (text: string) =>
    Uint8Array.from(text, (character) => character.charCodeAt(0));
  const url = "https://mobile.events.data.microsoft.com/OneCollector/1.0/";
  const servers = ["events.data.microsoft", "OneCollector"];
  assertEquals(networkNames(library(`a\0${url}\0`)), servers);
  assertEquals(networkNames(library([...url, ""].join("\0"))), servers);
  assertEquals(networkNames(library("\0connect\0getaddrinfo\0WS2_32.dll\0")), [
    "connect",
    "getaddrinfo",
    "WS2_32.dll",
  ]);
  assertEquals(networkNames(library("\0reconnect\0connected\0")), []);
});

Deno.test("the native libraries of onnxruntime-node name no event server and no function of the network", async () => {
  const bin = new URL("../bin/", import.meta.resolve("onnxruntime-node"));
  const all = ["darwin", "linux", "win32"];
  const here = Deno.build.os === "windows" ? "win32" : Deno.build.os;
  const systems = new Set<string>();
  for (const url of await librariesBelow(bin)) {
    const system = url.pathname.slice(bin.pathname.length).split("/")[1]!;
    if (!RUNS_ALL && system !== here) continue;
    assertEquals(networkNames(await Deno.readFile(url)), [], url.pathname);
    systems.add(system);
  }
  assertEquals([...systems].sort(), RUNS_ALL ? all : [here]);
});

/** The files of the runtime; one that lies under two names only once. */
async function librariesBelow(folder: URL): Promise<URL[]> {
  const found: URL[] = [];
  const sizes = new Set<number>();
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const url = new URL(isDirectory ? `${name}/` : name, folder);
    if (isDirectory) found.push(...await librariesBelow(url));
    else if (name.includes("onnxruntime")) {
      const { size } = await Deno.stat(url);
      if (!sizes.has(size)) found.push(url);
      sizes.add(size);
    }
  }
  return found;
}

// ---- system calls of a process ----

const NARROW: ProcessOptions = { allowed: ["--allow-read", "--allow-ffi"] };
/** The variables that sharp reads. */
const IMAGES: ProcessOptions = {
  allowed: [
    ...["--allow-read", "--allow-ffi"],
    "--allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX",
  ],
};
const ONLY_READ: ProcessOptions = { allowed: ["--allow-read"] };
/**
 * System files that the README mentions: the processor and devices, the
 * time zone, libraries; the program by which sharp and DuckDB detect the C library;
 * and files of the process that Deno reads from time to time.
 */
const SYSTEM =
  /^(\/proc\/(cpuinfo|meminfo|stat|sys\/vm\/.*|self\/(auxv|cgroup|maps|mountinfo|stat(us|m)?))$|\/sys\/|\/etc\/(localtime|ld\.so\.cache)$|(\/usr)?\/lib|\/usr\/share\/zoneinfo\/|\/usr\/bin\/ldd$|\/dev\/(null|u?random|tty)$)/;
/** Where Deno keeps modules, packages and its own databases. */
const DENO_DIR = await denoDir();

async function denoDir(): Promise<string> {
  const args = ["info", "--json"];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

const canLook = Deno.build.os === "linux" && canTrace();
const MISSING = canLook
  ? ""
  : " (left out: strace is missing or may not trace)";

/** What Deno does by itself, in a process that does nothing. */
let idle: Promise<readonly SystemCall[]> | undefined;

/** That a process does nothing behind the permissions, but what Deno does itself. */
async function assertPrivate(
  run: (options: ProcessOptions) => Promise<unknown>,
  options: ProcessOptions,
): Promise<void> {
  const look = (run: (options: ProcessOptions) => Promise<unknown>) =>
    traced((under) => run({ ...options, under }));
  const calls = await look(run);
  const usual = await (idle ??= look((all) => runProgram("wait", all)));
  const isOwn = (path: string) => `${path}/`.startsWith(`${DENO_DIR}/`);

  // Deno is the only program that is started.
  assertEquals(leavingCalls(usual).length, 1);
  assertEquals(leavingCalls(calls).length, 1, leavingCalls(calls).join("\n"));

  const changed = (calls: readonly SystemCall[]) =>
    changedFiles(calls).filter((file) => !isOwn(file.split(" ")[1]!));
  assertEquals(changed(usual), []);
  assertEquals(changed(calls), []);

  const known = new Set(readFiles(usual));
  const read = readFiles(calls).filter((path) =>
    !known.has(path) && !isOwn(path) && !path.startsWith(ROOT) &&
    !SYSTEM.test(path)
  );
  assertEquals(read, []);
  // The trace contains the reading of the model, so it is complete.
  assert(readFiles(calls).some((path) => path.startsWith(ROOT)));
}

function privateTest(
  name: string,
  options: ProcessOptions,
  run: (options: ProcessOptions) => Promise<unknown>,
  runsAlways = false,
): void {
  Deno.test({
    name:
      `${name} opens no socket, writes no file and reads no more than the README says${MISSING}`,
    ignore: !canLook || !(RUNS_ALL || runsAlways),
    fn: () => assertPrivate(run, options),
  });
}

const H5 = MODEL.replace(/keras$/, "h5");

privateTest("a native run", NARROW, async (options) => {
  const { engine } = await runModel(options);
  assertEquals(engine, "onnx");
}, true);

privateTest(
  "a native run of an HDF5 file",
  NARROW,
  (options) => runModel(options, "onnx", H5),
);

privateTest("a run on wasm", ONLY_READ, (options) => runModel(options, "wasm"));

privateTest("a run on cpu", ONLY_READ, (options) => runModel(options, "cpu"));

privateTest("drawing figures", ONLY_READ, async (options) => {
  const types = await runProgram("draw_figures", options);
  assertEquals(JSON.parse(types), ["image/png", "text/html", "text/plain"]);
});

privateTest("decoding images", IMAGES, async (options) => {
  const rows = await runProgram("read_sources", {
    ...options,
    args: ["images"],
  });
  assertEquals(JSON.parse(rows), [12, 10, 12]);
}, true);

privateTest("reading tables", NARROW, async (options) => {
  const rows = await runProgram("read_sources", {
    ...options,
    args: ["tables"],
  });
  assertEquals(JSON.parse(rows), [3000, 30, 5, 3, 30]);
}, true);
