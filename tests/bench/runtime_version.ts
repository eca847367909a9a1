import { env } from "onnxruntime-node";

/** The native runtime and its version, as a benchmark's row names them. */
export const RUNTIME_VERSION = `onnxruntime-node ${env.versions.node}`;
