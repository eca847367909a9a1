import { cannot } from "../../check.ts";
import type { Program } from "../program.ts";
import { readWeights } from "../tfjs/run_built_in.ts";
import { encodeModel } from "./graph/encode_model.ts";
import { halved } from "./rewrites/half_outputs.ts";
import type { OnnxGraph } from "./graph/onnx_graph.ts";
import { builtInCall, recordProgram } from "./record_program.ts";

/** Protocol buffers hold no more. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * Writes a program as one ONNX model, weights and all.
 *
 * Its inputs have the names of the model's inputs; the size of a batch is open,
 * and named "N". Its outputs have those of
 * the features, then come `logits` and `penultimate`, as far as they are asked
 * for; a name that is taken already gets `:out` behind it. A feature that is
 * read as float16 is one; what float16 cannot hold is infinite there.
 *
 * @param program What is to be computed; only layers of ours, and steps over
 * `Ops`.
 * @param metadata What else is to be known of it.
 * @returns The model's bytes.
 * @throws {RangeError} If they are more than the format can hold.
 */
export async function writeProgram(
  program: Program,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { nodes } = program.schedule;
  const weights = await readWeights(nodes, builtInCall);
  const sizes = [...weights.values()].map(({ data }) => data.byteLength);
  const size = sizes.reduce((sum, bytes) => sum + bytes, 0);
  if (size > MOST_BYTES) {
    throw new RangeError(
      cannot(
        "write ONNX",
        `weights must be at most ${MOST_BYTES} bytes`,
        size,
        "ask for earlier layers and no logits, or write the model in parts by .input(id)",
      ),
    );
  }
  const { graph, feeds, outputs } = recordProgram(program, nodes, weights);
  const ports = new Map(graph.outputs.map((port) => [port.name, port]));
  const features = outputs.features.map(({ name }, i) => {
    const { name: layer, readAs } = program.features[i]!;
    const port = ports.get(name)!;
    return [layer, readAs === undefined ? port : halved(graph, port)] as const;
  });
  const { logits, penultimate } = outputs;
  const others = Object.entries({ logits, penultimate }).flatMap(
    ([key, value]) => value ? [[key, ports.get(value.name)!] as const] : [],
  );
  graph.outputs.splice(0, Infinity);
  const named = [...features, ...others];
  for (const [, port] of named) graph.outputs.push(port);
  graph.dropUnused(); // readers of the file would warn
  const names = publicNames(graph, [
    ...feeds.map(({ name }, i) => [name, program.feeds[i]!.spec.name] as const),
    ...named.map(([name, port]) => [port.name, name] as const),
  ]);
  return encodeModel(graph, { mostInside: Infinity, names, metadata }).bytes;
}

/** Names for those that the graph was recorded with; every one once. */
function publicNames(
  graph: OnnxGraph,
  wanted: readonly (readonly [string, string])[],
): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  const add = (recorded: string, name: string) => {
    let free = name;
    while (taken.has(free)) free = `${free}:out`;
    taken.add(free);
    names.set(recorded, free);
  };
  for (const [recorded, name] of wanted) add(recorded, name);
  // Names within the graph give way to those that a user asked for.
  const inner = [
    ...graph.constants.map(({ name }) => name),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ];
  for (const name of inner) if (!names.has(name)) add(name, name);
  return names;
}
