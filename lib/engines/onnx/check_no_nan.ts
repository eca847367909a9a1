import { cannot, sizeOf } from "../../check.ts";
import { graphsIn, type OnnxOperation } from "../../formats/onnx_model.ts";
import type { Pacer } from "../../formats/pacer.ts";
import type { OnnxCall } from "../../models/graph/graph.ts";
import type { OnnxOrigin } from "../../models/graph/onnx_origin.ts";
import { constantsOf } from "./cut_file.ts";

/**
 * Refuses weights with NaN, because operators may not propagate it. Infinities
 * are allowed: masks use them. A scalar that only `Where` uses is not a weight:
 * files use it to make a result NaN, as `toOnnx()` does.
 *
 * @param source The file.
 * @param calls The operations that will run.
 * @param pacer Yields the thread at intervals, and aborts.
 * @throws {RangeError} If a weight contains NaN.
 */
export async function checkNoNaN(
  source: OnnxOrigin,
  calls: readonly OnnxCall[],
  pacer: Pacer,
): Promise<void> {
  const named = [...constantsOf(source, calls)];
  for (const constant of new Set(named.map(([, constant]) => constant))) {
    if (constant.mustBeFinite !== true) continue;
    await pacer.rest();
    const { data, shape } = await constant.read();
    const count = numNaN(data);
    if (count === 0) continue;
    const names = named.flatMap(([name, other]) =>
      other === constant ? [name] : []
    );
    if (sizeOf(shape) === 1 && isChoice(names, calls)) continue;
    throw new RangeError(
      cannot(
        "run model",
        `weight "${constant.name}" must hold no NaN`,
        `${count} of ${data.length}`,
        "look at it with getWeights(), or load the model with allowNonFinite: true",
      ),
    );
  }
}

function numNaN(data: Float32Array): number {
  let count = 0;
  for (let i = 0; i < data.length; i++) if (data[i] !== data[i]) count++;
  return count;
}

/** Whether every operation on a tensor is a `Where`. */
function isChoice(
  names: readonly string[],
  calls: readonly OnnxCall[],
): boolean {
  return calls.every(({ operation }) =>
    usersOf(names, operation).every((user) => user === "Where")
  );
}

/** The operators that use a tensor, including those in subgraphs. */
function usersOf(
  names: readonly string[],
  { kind, domain, inputs, attributes }: OnnxOperation,
): string[] {
  const inner = graphsIn({ attributes }).flatMap(({ nodes, outputs }) => {
    const isOutput = outputs.some(({ name }) => names.includes(name));
    const users = nodes.flatMap((node) => usersOf(names, node));
    return isOutput ? [...users, "the graph itself"] : users;
  });
  const isUser = inputs.some((input) => names.includes(input));
  return isUser ? [`${domain}${kind}`, ...inner] : inner;
}
