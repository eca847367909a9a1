/**
 * Who is measured, on what, and what is claimed.
 *
 * @module
 */
import type { Bound } from "../measure.ts";
import { PeerProcess } from "./peer_process.ts";

/** The networks, in the order of the table. */
export const NETWORKS = [
  "digits",
  "mobilenet_v2",
  "resnet50",
  "efficientnet_b0",
  "vit",
  "lstm",
] as const;

/** Name of a network. */
export type Network = typeof NETWORKS[number];

/** Sizes of batches. */
export const BATCHES = [1, 16, 64] as const;

/** Threads of every process. */
export const THREADS: number = navigator.hardwareConcurrency;

/** The root of the repository. */
export const ROOT: URL = new URL("../../../", import.meta.url);

const HERE = new URL("./", import.meta.url).pathname;
const KERAS = new URL(".venv-keras/bin/python", ROOT).pathname;
const OODEEL = new URL(".venv-oodeel/bin/python", ROOT).pathname;
const DENO = [Deno.execPath(), "run", "-A"] as const;

/** The others, by the name that they have in results; each with its command. */
export const PEERS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  "oodeel": [OODEEL, `${HERE}oodeel_peer.py`, String(THREADS)],
  "Keras predict": [KERAS, `${HERE}keras_peer.py`, "predict", String(THREADS)],
  "tf.function": [KERAS, `${HERE}keras_peer.py`, "function", String(THREADS)],
  "PyTorch": [KERAS, `${HERE}torch_peer.py`],
  "ONNX Runtime in Python": [KERAS, `${HERE}onnx_peer.py`],
  "TF.js wasm": [...DENO, `${HERE}tfjs_peer.ts`],
};

/**
 * Starts our own process.
 *
 * @returns It.
 */
export function ourProcess(): PeerProcess {
  return new PeerProcess("ours", [...DENO, `${HERE}ours_peer.ts`]);
}

const BY_NETWORK: Readonly<Record<string, Partial<Record<Network, number>>>> = {
  "oodeel": { mobilenet_v2: 2, resnet50: 1.4, digits: 3, lstm: 3 },
  "tf.function": { mobilenet_v2: 1.5 },
  "TF.js wasm": { mobilenet_v2: 5 },
};

/**
 * What is claimed of our speed relative to a peer's.
 *
 * @param peer Its name.
 * @param network On which network.
 * @param batch In batches of how many.
 * @returns The bound; undefined where nothing is claimed.
 */
export function boundOf(
  peer: string,
  network: Network,
  batch: number,
): Bound | undefined {
  const isRaw = peer === "ONNX Runtime in Python";
  if (batch === 1) return isRaw ? { least: 0.8 } : undefined;
  return { least: isRaw ? 0.95 : BY_NETWORK[peer]?.[network] ?? 1 };
}
