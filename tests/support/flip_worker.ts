/**
 * Opens and runs a model with a flipped byte, for `flip_bytes.ts`: in a worker, so
 * that an endless run can be terminated.
 *
 * @module
 */
import { tf } from "../../lib/tf.ts";
import { ModelFormatError } from "../../lib/errors.ts";
import { loadModel } from "../../lib/extractor/load_model.ts";
import { modelGraphOf } from "../../lib/models/graph/model_graph.ts";
import {
  type FlipKind,
  type FlipSubject,
  flipSubject,
} from "./flip_subjects.ts";
import { openOn } from "./open_on.ts";

/** A byte to flip: bits of it, as a mask. */
export interface Flip {
  readonly kind: FlipKind;
  readonly name: string;
  readonly file: string;
  readonly at: number;
  readonly mask: number;
}

/** What came of it. */
export interface FlipResult {
  /** An error of ours, one that is not, the very same numbers, or others. */
  readonly outcome: "error" | "fault" | "same" | "other";
  /** The error's message, or what is other. */
  readonly text: string;
  /** Live tensors more than before. */
  readonly leaked: number;
  /** Bytes of resident memory more than before. */
  readonly memory: number;
}

/** All that can be asked of a model: its rows, weights, and what it gives. */
interface Shown {
  readonly rows: string;
  readonly weights: readonly Uint32Array[];
  readonly outputs: readonly Uint32Array[];
}

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<Flip>) => void;
  postMessage(result: FlipResult): void;
};
const expected = new Map<string, Promise<[FlipSubject, Shown]>>();
const folder = Deno.makeTempDirSync();

scope.onmessage = async ({ data }) => {
  await tf.setBackend("cpu");
  const result = await resultOf(data).catch((error): FlipResult => ({
    outcome: "fault", // as it is, without a flip
    text: String(error),
    leaked: 0,
    memory: 0,
  }));
  scope.postMessage(result);
};

async function resultOf(flip: Flip): Promise<FlipResult> {
  const { kind, name, file, at, mask } = flip;
  const key = `${kind}/${name}`;
  if (!expected.has(key)) {
    const subject = flipSubject(kind, name);
    expected.set(key, shown(subject).then((all) => [subject, all]));
  }
  const [subject, before] = await expected.get(key)!;
  const bytes = subject.files.get(file)!;
  bytes[at]! ^= mask;
  const { numTensors } = tf.memory();
  const { rss } = Deno.memoryUsage();
  let result: Pick<FlipResult, "outcome" | "text">;
  try {
    const other = difference(before, await shown(subject));
    result = {
      outcome: other === undefined ? "same" : "other",
      text: other ?? "",
    };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    // A run throws errors of argument checks; loading throws one class only.
    const isBuiltInNode = error instanceof ModelFormatError ||
      /^(Cannot|Layer) .* (as|in) /s.test(text);
    result = { outcome: isBuiltInNode ? "error" : "fault", text };
  }
  bytes[at]! ^= mask;
  const leaked = tf.memory().numTensors - numTensors;
  return { ...result, leaked, memory: Deno.memoryUsage().rss - rss };
}

async function shown(subject: FlipSubject): Promise<Shown> {
  await using model = await loadModel(placed(subject));
  const weights: Uint32Array[] = [];
  for (const { name } of model.layers) {
    for (const { data } of Object.values(await model.getWeights(name))) {
      weights.push(bitsOf(data as Float32Array));
    }
  }
  await using session = await openOn(modelGraphOf(model)!, "cpu");
  const outputs = await session.run(subject.inputs);
  return {
    rows: JSON.stringify(model.layers),
    weights,
    outputs: outputs.map(({ data }) => bitsOf(data)),
  };
}

/** What is opened: bytes, or a path to files that are written anew. */
function placed(
  { kind, files }: FlipSubject,
): string | Uint8Array<ArrayBuffer> {
  const [first] = files.values();
  if (kind === "keras" || kind === "h5") return first!;
  const path = `${folder}/${kind}`;
  Deno.mkdirSync(path, { recursive: true });
  for (const { name } of Deno.readDirSync(path)) {
    Deno.removeSync(`${path}/${name}`);
  }
  for (const [name, bytes] of files) {
    Deno.writeFileSync(`${path}/${name}`, bytes);
  }
  return kind === "folder" ? path : `${path}/model.json`;
}

/** Rows, or how many values of the weights differ, each counted once. */
function difference(before: Shown, after: Shown): string | undefined {
  if (before.rows !== after.rows) return "rows";
  const changes = new Set<string>();
  before.weights.forEach((values, i) =>
    values.forEach((value, k) => {
      const found = after.weights[i]![k];
      if (found !== value) changes.add(`${value}, now ${found}`);
    })
  );
  if (changes.size > 0) return `${changes.size} weights`;
  const isSame = before.outputs.every((values, i) =>
    values.every((value, k) => value === after.outputs[i]![k])
  );
  return isSame ? undefined : "outputs";
}

function bitsOf(
  { buffer, byteOffset, byteLength }: ArrayBufferView,
): Uint32Array {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return byteLength % 4 === 0
    ? new Uint32Array(bytes.slice().buffer)
    : Uint32Array.from(bytes);
}
