import { cannot } from "../../check.ts";
import { MOST_BYTES } from "./cut_file.ts";
import { encodeModel } from "./graph/encode_model.ts";
import type { OnnxGraph } from "./graph/onnx_graph.ts";
import type { Recording } from "./recording.ts";
import { foldScales } from "./rewrites/fold_scales.ts";

/**
 * Writes a program as one ONNX model, including weights.
 *
 * Its inputs have the names of the model's inputs, with a free batch size named
 * "N". Its outputs are the features, then `logits` and `penultimate` if
 * requested; a name that is in use gets the suffix `:out`. A feature that is
 * read as float16 is written as float16; values beyond its range become
 * infinite.
 *
 * @param recording The program.
 * @param metadata Further metadata.
 * @returns The model's bytes.
 * @throws {RangeError} If they exceed the limit of the format.
 */
export async function writeProgram(
  recording: Recording,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { program, feeds, weightBytes } = recording;
  if (weightBytes > MOST_BYTES) {
    throw new RangeError(
      cannot(
        "write ONNX",
        `weights must be at most ${MOST_BYTES} bytes`,
        weightBytes,
        "select earlier layers and no logits, or write the model in parts by .input(id)",
      ),
    );
  }
  const { graph, outputs } = await recording.filled();
  const { values, halves } = outputs;
  const ports = new Map(graph.outputs.map((port) => [port.name, port]));
  const features = values.features.map(({ name }, i) => {
    const { name: layer } = program.features[i]!;
    return [layer, ports.get(halves[i]?.half ?? name)!] as const;
  });
  const { logits, penultimate } = values;
  const others = Object.entries({ logits, penultimate }).flatMap(
    ([key, value]) => value ? [[key, ports.get(value.name)!] as const] : [],
  );
  foldScales(graph);
  graph.outputs.splice(0, Infinity);
  const named = [...features, ...others];
  for (const [, port] of named) graph.outputs.push(port);
  graph.dropUnused(); // readers of the file would warn about them
  const names = publicNames(graph, [
    ...feeds.map(({ name }, i) => [name, program.feeds[i]!.spec.name] as const),
    ...named.map(([name, port]) => [port.name, name] as const),
  ]);
  return encodeModel(graph, { mostInside: Infinity, names, metadata }).bytes;
}

/** Maps the names of the recorded graph to unique public names. */
function publicNames(
  graph: OnnxGraph,
  wanted: readonly (readonly [string, string])[],
): Map<string, string> {
  const names = new Map<string, string>();
  const used = new Set<string>();
  const add = (recorded: string, name: string) => {
    let free = name;
    while (used.has(free)) free = `${free}:out`;
    used.add(free);
    names.set(recorded, free);
  };
  for (const [recorded, name] of wanted) add(recorded, name);
  // Internal names are renamed if they conflict with public names.
  const inner = [
    ...graph.constants.map(({ name }) => name),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ];
  for (const name of inner) if (!names.has(name)) add(name, name);
  return names;
}
