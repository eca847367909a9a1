/**
 * Streams of which bits are flipped, and what each byte is for.
 *
 * @module
 */
import {
  DataType,
  type Field,
  Message,
  RecordBatchReader,
  type Schema,
} from "apache-arrow";
import { featureSet } from "@sonde/sonde";
import { runWorker, type WorkerSettings } from "../../lib/cli/_run_worker.ts";
import type { OpenExtractor } from "../../lib/extractor/open_extractor.ts";
import type { FeatureArray } from "../../lib/types.ts";
import { Receiver, Sender } from "./_arrow_pipes.ts";

/** What a byte is for. */
export type BytePurpose = "frame" | "schema" | "announcement" | "body";

/** Gives its input as the feature, so that a changed number shows. */
const ECHO = {
  predict({ xs: { x } }: { readonly xs: { readonly x: FeatureArray } }) {
    const data = Float32Array.from(x.data, Number);
    const feature = { data, shape: x.shape, dtype: "float32" } as const;
    return Promise.resolve(featureSet({ features: [feature] }));
  },
} as unknown as OpenExtractor;

const SPECS = [{ name: "x", shape: [null, 4], dtype: "float32" }] as const;
const SETTINGS: WorkerSettings = {
  ...{ inputs: [], images: {}, id: undefined, keep: undefined },
  ...{ listType: "fixed", onBad: "null" },
};

/** What the worker writes for a stream, with a model that gives its input. */
export async function echoed(bytes: Uint8Array): Promise<Uint8Array> {
  const reader = new Sender();
  reader.send(bytes);
  reader.end();
  const writer = new Receiver();
  const parts = { reader, writer, extractor: ECHO, specs: SPECS };
  await runWorker(parts, SETTINGS);
  return writer.bytes;
}

/** What each byte of a stream is for. */
export function purposesOf(stream: Uint8Array): BytePurpose[] {
  const view = new DataView(
    stream.buffer,
    stream.byteOffset,
    stream.byteLength,
  );
  const purposes: BytePurpose[] = [];
  for (let at = 0; at < stream.length;) {
    purposes.push(...Array<BytePurpose>(8).fill("frame"));
    const size = view.getInt32(at + 4, true);
    if (size === 0) break;
    const message = Message.decode(stream.subarray(at + 8, at + 8 + size));
    const kind = message.isSchema() ? "schema" : "announcement";
    purposes.push(
      ...Array<BytePurpose>(size).fill(kind),
      ...Array<BytePurpose>(message.bodyLength).fill("body"),
    );
    at += 8 + size + message.bodyLength;
  }
  return purposes;
}

/** Names and types of a stream: what has no checksum in its schema. */
export function describedBy(stream: Uint8Array): string {
  const { schema } = RecordBatchReader.from(stream).open();
  return JSON.stringify((schema as Schema).fields.map(described));
}

function described({ name, type, nullable, metadata }: Field): unknown {
  const dictionary = DataType.isDictionary(type)
    ? [type.id, type.isOrdered, String(type.indices)]
    : [];
  const values = DataType.isDictionary(type) ? type.dictionary : type;
  const facts = Object.entries(values).filter(([key]) => key !== "children");
  const children: readonly Field[] = values.children ?? [];
  return [
    ...[name, nullable, [...metadata], dictionary, String(values)],
    ...[JSON.stringify(facts), children.map(described)],
  ];
}
