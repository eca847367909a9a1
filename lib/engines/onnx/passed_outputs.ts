import type { Ref } from "../../models/graph/graph.ts";
import { logitsRef, needsHead, type ProgramParts } from "../program.ts";
import type { OutputNames } from "./record_outputs.ts";
import type { OnnxOutput } from "./runtime/messages.ts";

/**
 * Finds the outputs of a program among the tensors of an ONNX file, if no step
 * follows them. It needs no recorder, which is 20 modules.
 *
 * @param program The program.
 * @param outputOf Returns type and shape of a requested tensor.
 * @returns The source of each output; undefined if steps must be recorded.
 */
export function passedOutputs(
  program: ProgramParts,
  outputOf: (ref: Ref) => OnnxOutput,
): OutputNames | undefined {
  const { features, wantsPenultimate, isPenultimateShaped } = program;
  if (isPenultimateShaped || features.some(({ isPlain }) => !isPlain)) {
    return undefined;
  }
  const logits = program.omitsLogits ? undefined : program.logits;
  if (logits !== undefined && needsHead(logits)) return undefined;
  const others = {
    penultimate: wantsPenultimate
      ? program.logits?.head?.penultimate
      : undefined,
    logits: logits && logitsRef(logits),
  };
  const found = Object.entries(others).flatMap(([key, ref]) =>
    ref === undefined ? [] : [[key, outputOf(ref)] as const]
  );
  // A step makes rows of maps with one position.
  if (found.some(([, { shape }]) => shape.length > 2)) return undefined;
  return {
    features: features.map(({ ref }) => outputOf(ref).name),
    ...Object.fromEntries(found.map(([key, { name }]) => [key, name])),
  };
}
