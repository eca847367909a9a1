/**
 * A peer in Deno: the same lines on stdin and stdout as `peer.py`.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { TextLineStream } from "./text_lines.ts";
import { fromNpy } from "../../../lib/formats/npy.ts";
import { writeNpy } from "./write_npy.ts";
import type { NdArray } from "@sonde/sonde";

/** Rows of the results that are kept for the comparison. */
const KEPT = 64;

/** A pass over the inputs; gives the pooled layers and the logits. */
export type Pass = () => Promise<NdArray<Float32Array>[]>;

/** A network that is open. */
export interface OpenNetwork {
  /** Versions of what runs it. */
  readonly versions: string;
  /** Makes a pass in batches; what an earlier one held is freed. */
  readonly prepare: (inputs: NdArray, batch: number) => Promise<Pass>;
}

/** What a network's folder says of it. */
export interface About {
  readonly name: string;
  readonly taps: readonly string[];
  readonly head: string;
}

type Request =
  | { readonly do: "load"; readonly folder: string; readonly threads: number }
  | { readonly do: "prepare"; readonly batch: number; readonly inputs: number }
  | { readonly do: "run" }
  | { readonly do: "keep"; readonly folder: string };

/** Why a peer cannot run a network. */
export class Cannot extends Error {}

/**
 * Answers until stdin ends.
 *
 * @param open Opens the network of a folder.
 */
export async function serve(
  open: (folder: string, about: About, threads: number) => Promise<OpenNetwork>,
): Promise<void> {
  let network: OpenNetwork | undefined;
  let stored: NdArray | undefined;
  let pass: Pass | undefined;
  let results: NdArray<Float32Array>[] = [];

  async function answer(request: Request): Promise<object> {
    if (request.do === "load") {
      const { folder, threads } = request;
      stored = fromNpy(await Deno.readFile(`${folder}/inputs.npy`)) as NdArray;
      const about = await Deno.readTextFile(`${folder}/about.json`);
      try {
        network = await open(folder, JSON.parse(about), threads);
      } catch (error) {
        if (error instanceof Cannot) return { cannot: error.message };
        throw error;
      }
      return { versions: network.versions };
    }
    if (request.do === "prepare") {
      const inputs = repeated(stored!, request.inputs);
      pass = await network!.prepare(inputs, request.batch);
    } else if (request.do === "run") {
      results = await pass!();
    } else {
      for (const [i, array] of results.entries()) {
        await writeNpy(`${request.folder}/found_${i}.npy`, firstRows(array));
      }
      return { arrays: results.length };
    }
    return {};
  }

  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  for await (const line of lines) {
    console.log(JSON.stringify(await answer(JSON.parse(line))));
  }
  Deno.exit(); // a session that is open keeps the process
}

/** As many samples as are asked for: those that there are, again and again. */
function repeated({ data, shape, dtype }: NdArray, count: number): NdArray {
  const [rows, ...sizes] = shape as [number, ...number[]];
  const values = data as Float32Array;
  const width = values.length / rows;
  const wanted = new (values.constructor as Float32ArrayConstructor)(
    count * width,
  );
  for (let start = 0; start < count; start += rows) {
    const taken = Math.min(rows, count - start);
    wanted.set(values.subarray(0, taken * width), start * width);
  }
  return { data: wanted, shape: [count, ...sizes], dtype };
}

function firstRows(
  { data, shape, dtype }: NdArray<Float32Array>,
): NdArray<Float32Array> {
  const [rows, ...sizes] = shape as [number, ...number[]];
  const kept = Math.min(KEPT, rows);
  const values = data.slice(0, kept * data.length / rows);
  return { data: values, shape: [kept, ...sizes], dtype };
}
