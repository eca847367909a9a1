import { cannot } from "../../check.ts";
import type { StoredWeight } from "./weight_store.ts";
import type { WeightLayer } from "./keras_weights.ts";

/** A stored weight, under the name in its layer. */
interface Named {
  readonly leaf: string;
  readonly weight: StoredWeight;
}

/**
 * Weights of a layer with LoRA merged: `kernel + alpha / rank · A · B`, as in
 * Keras. Only `.h5` files store the parts separately.
 *
 * Source: Keras 3.15 `Dense.kernel`, and the same of `Embedding` and of
 * convolutions; `A` is `[…, rank]`, `B` is `[rank, D]`.
 *
 * @param entries All stored weights of the layer.
 * @param layer The layer, with its options.
 * @returns The weights, with the parts merged.
 * @throws {TypeError} If the kernel is quantised: its parts are then added to
 * the product, which no layer here does.
 */
export function withLora<E extends Named>(
  entries: readonly E[],
  { name, options = {} }: WeightLayer,
): readonly E[] {
  const rank = options.lora_rank;
  if (typeof rank !== "number") return entries;
  const alpha = typeof options.lora_alpha === "number"
    ? options.lora_alpha
    : rank;
  const part = (kernel: string, end: string) =>
    entries.find(({ leaf }) => leaf === `lora_${kernel}_${end}`);
  const used = new Set<E>();
  const merged = entries.map((entry) => {
    const [a, b] = ["a", "b"].map((end) => part(entry.leaf, end));
    if (a === undefined || b === undefined) return entry;
    if (entries.some(({ leaf }) => leaf === `${entry.leaf}_scale`)) {
      throw new TypeError(
        cannot(
          `read layer "${name}"`,
          "LoRA must be merged into a kernel of 8 or 4 bits",
          `${a.leaf}, ${b.leaf}`,
          "save the model as .keras in Python, which merges them",
        ),
      );
    }
    if (!fits(entry.weight, a.weight, b.weight)) return entry;
    used.add(a).add(b);
    const weight = mergedWeight(entry.weight, a.weight, b.weight, alpha / rank);
    return { ...entry, weight };
  });
  return merged.filter((_, i) => !used.has(entries[i]!));
}

/** Whether the parts match the kernel's shape; if not, they are surplus. */
function fits(kernel: StoredWeight, a: StoredWeight, b: StoredWeight): boolean {
  const outer = ({ shape }: StoredWeight) => shape.slice(0, -1).join();
  const inner = [a.shape.at(-1), kernel.shape.at(-1)];
  return outer(a) === outer(kernel) && b.shape.join() === inner.join();
}

function mergedWeight(
  kernel: StoredWeight,
  a: StoredWeight,
  b: StoredWeight,
  scale: number,
): StoredWeight {
  const rank = a.shape.at(-1)!;
  const width = kernel.shape.at(-1)!;
  return {
    ...kernel,
    read() {
      const values = kernel.read();
      const [rows, columns] = [a.read(), b.read()];
      for (let i = 0; i < values.length; i++) {
        const [row, column] = [Math.floor(i / width), i % width];
        let sum = 0;
        for (let k = 0; k < rank; k++) {
          sum += rows[row * rank + k]! * columns[k * width + column]!;
        }
        values[i] = values[i]! + scale * sum;
      }
      return values;
    },
  };
}
