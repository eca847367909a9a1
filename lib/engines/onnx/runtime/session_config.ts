import type { SessionSettings } from "./binding.ts";

/**
 * An optimisation that is wrong on devices that prefer channels last: the
 * runtime puts transposes around batch normalisation, which change nothing for
 * `[N, D]`, and this merges them into a `Gemm` as if they swapped the axes. For
 * D samples at once the result would be wrong without an error (1.27.0, WebGPU).
 */
const WRONG_ON_DEVICES = "GemmTransposeFusion";

/**
 * The entries of ONNX Runtime's configuration of a session.
 *
 * @param settings Whether threads spin, the device, and whether weights of 8
 * bits are made unsigned, so that products do not saturate; see
 * `exact_products.ts`.
 * @returns The values, by key.
 */
export function configOf(
  { exactProducts = false, spins = true, device = "cpu" }: Omit<
    SessionSettings,
    "threads"
  >,
): ReadonlyMap<string, string> {
  // Products with weights of 4 bits: in float32, not with activations of 8 bits.
  const config = new Map([["session.qdq_matmulnbits_accuracy_level", "1"]]);
  if (exactProducts) config.set("session.x64quantprecision", "1");
  if (!spins) config.set("session.intra_op.allow_spinning", "0");
  if (device !== "cpu") {
    config.set("optimization.disable_specified_optimizers", WRONG_ON_DEVICES);
  }
  return config;
}

/**
 * Opens a model. Optimisations of the runtime fail on some models, such as a
 * BERT in float16 (1.27.0): then it is opened as it is.
 *
 * @param open Opens the model, with or without optimisations.
 * @returns The session.
 */
export async function openOptimized<T>(
  open: (optimizes: boolean) => Promise<T>,
): Promise<T> {
  try {
    return await open(true);
  } catch (error) {
    try {
      return await open(false);
    } catch {
      throw error; // it is not due to an optimisation
    }
  }
}
