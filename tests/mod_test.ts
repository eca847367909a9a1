import { assert, assertEquals } from "@std/assert";

const MOD = new URL("../mod.ts", import.meta.url);

Deno.test("mod.ts loads TF.js and nothing else of others until it is used", async () => {
  const { loaded, later } = await graphOf(MOD);
  assertEquals(loaded, ["npm:/@tensorflow/tfjs"]);
  // What is loaded later is seen at all: nothing is missed by how it is read.
  const parts = ["umap-js", "./bundle.ts", "../engines/tfjs/tfjs_session.ts"];
  for (const part of parts) assert(later.includes(part), part);
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

/** Packages that a module loads, at once or later. */
interface Packages {
  /** By import statements alone, without their versions. */
  readonly loaded: readonly string[];
  /** By the code, when it gets there; as they are written. */
  readonly later: readonly string[];
}

/** Follows import statements from a module. */
async function graphOf(module: URL): Promise<Packages> {
  const path = decodeURIComponent(module.pathname);
  const graph: Graph = JSON.parse(await denoOutput(["info", "--json", path]));
  const modules = new Map(graph.modules.map((m) => [m.specifier, m]));
  const loaded = new Set<string>();
  const later: string[] = [];
  const seen = new Set<string>();
  const waiting = [module.href];
  while (waiting.length > 0) {
    const specifier = waiting.pop()!;
    if (seen.has(specifier)) continue;
    seen.add(specifier);
    const name = /^npm:\/?@?[^@]+/.exec(specifier)?.[0];
    if (name !== undefined) loaded.add(name);
    for (const found of modules.get(specifier)?.dependencies ?? []) {
      if (found.isDynamic) later.push(found.specifier);
      else if (found.code?.specifier !== undefined) {
        const to = found.code.specifier;
        waiting.push(graph.redirects[to] ?? to);
      }
    }
  }
  return { loaded: [...loaded].sort(), later };
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
