import { cannot, sizeOf } from "../../check.ts";
import type { OnnxOperation } from "../../formats/onnx_model.ts";
import {
  constantTensor,
  graphsIn,
  operationsWithin,
} from "../../models/graph/onnx_operators.ts";
import type { Pacer } from "../../formats/pacer.ts";
import type { OnnxCall } from "../../models/graph/graph.ts";
import type {
  FileConstant,
  OnnxOrigin,
} from "../../models/graph/onnx_origin.ts";
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
  const operations = [...operationsWithin(
    calls.map(({ operation }) => operation),
    source.file.functions,
  )];
  const named = [
    ...constantsOf(source, calls),
    ...innerConstants(source, operations),
  ];
  for (const constant of new Set(named.map(([, constant]) => constant))) {
    if (constant.mustBeFinite !== true) continue;
    await pacer.rest();
    const { data, shape } = await constant.read();
    const count = numNaN(data);
    if (count === 0) continue;
    const names = named.flatMap(([name, other]) =>
      other === constant ? [name] : []
    );
    if (sizeOf(shape) === 1 && isChoice(names, operations)) continue;
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

/** The constants in subgraphs, and in the functions that are called. */
function innerConstants(
  { constantOf }: OnnxOrigin,
  operations: readonly OnnxOperation[],
): [string, FileConstant][] {
  const graphs = operations.flatMap(graphsIn);
  const tensors = [
    ...graphs.flatMap(({ constants, sparse }) => [
      ...constants,
      ...sparse.map(({ values }) => values),
    ]),
    ...operations.flatMap((operation) => constantTensor(operation) ?? []),
  ];
  return tensors.map((tensor) => [tensor.name, constantOf(tensor)]);
}

/** Whether every operation on a tensor is a `Where`. */
function isChoice(
  names: readonly string[],
  operations: readonly OnnxOperation[],
): boolean {
  const isUsed = (name: string) => names.includes(name);
  return !operations.flatMap(graphsIn).some(({ outputs }) =>
    outputs.some(({ name }) => isUsed(name))
  ) && operations.every(({ kind, domain, inputs }) =>
    kind === "Where" && domain === "" || !inputs.some(isUsed)
  );
}
