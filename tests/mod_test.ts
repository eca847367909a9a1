import { assert, assertEquals } from "@std/assert";

const MOD = new URL("../mod.ts", import.meta.url);

Deno.test("mod.ts loads nothing of others until it is used", async () => {
  const graph = await graphOf(MOD);
  assertEquals(packagesIn(graph, false), []);
  // The others are there, so that they would have been seen.
  const all = packagesIn(graph, true);
  for (
    const name of [
      "@observablehq/plot",
      "@resvg/resvg-wasm",
      "@tensorflow/tfjs",
      "@tensorflow/tfjs-backend-wasm",
      "@tensorflow/tfjs-backend-webgpu",
      "linkedom",
      "ml-pca",
      "plotly.js-cartesian-dist-min",
      "umap-js",
    ]
  ) assert(all.includes(name), name);
});

Deno.test("mod.ts sets up no WASM and no WebGPU backend when it is imported", async () => {
  const script = `const { tf } = await import(${JSON.stringify(MOD.href)});
console.log(JSON.stringify([
  tf.findBackendFactory("wasm"),
  tf.findBackendFactory("webgpu"),
  Object.keys(tf.engine().registry),
]));`;
  const printed = await denoOutput(["eval", script]);
  assertEquals(JSON.parse(printed.trim().split("\n").at(-1)!), [
    ...[null, null],
    [],
  ]);
});

/** Reads the graph of a module's imports. */
async function graphOf(module: URL): Promise<Graph> {
  const path = decodeURIComponent(module.pathname);
  return JSON.parse(await denoOutput(["info", "--json", path]));
}

/** Packages that import statements lead to, and on request the calls of `import()`. */
function packagesIn(graph: Graph, withCalls: boolean): string[] {
  const modules = new Map(graph.modules.map((m) => [m.specifier, m]));
  const packages = new Set<string>();
  const seen = new Set<string>();
  const waiting = [MOD.href];
  while (waiting.length > 0) {
    const specifier = waiting.pop()!;
    if (seen.has(specifier)) continue;
    seen.add(specifier);
    const name = /^npm:\/?(@?[^@]+)/.exec(specifier)?.[1];
    if (name !== undefined) packages.add(name);
    for (const found of modules.get(specifier)?.dependencies ?? []) {
      const to = found.code?.specifier;
      if (to === undefined || found.isDynamic && !withCalls) continue;
      waiting.push(graph.redirects[to] ?? to);
    }
  }
  return [...packages].sort();
}

/** What `deno info --json` says, as far as it is read here. */
interface Graph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly isDynamic?: boolean;
      readonly code?: { readonly specifier?: string };
    }[];
  }[];
  readonly redirects: Readonly<Record<string, string>>;
}

async function denoOutput(args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: decodeURIComponent(new URL("./", MOD).pathname),
    env: { NO_COLOR: "1" },
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
