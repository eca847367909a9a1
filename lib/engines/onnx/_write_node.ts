import type { ProtoWriter } from "../../formats/proto_writer.ts";

/** Type of an attribute that is an integer, as numbered in the format. */
const INTEGER = 2;

/**
 * Writes an operator of one output.
 *
 * @param writer The graph.
 * @param operator Its name.
 * @param inputs Names of its inputs.
 * @param output Name of its output.
 * @param attributes Its attributes.
 * @param name Its own name, for errors.
 */
export function writeNode(
  writer: ProtoWriter,
  operator: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, number>> = {},
  name = "",
): void {
  writer.message(1, () => {
    for (const input of inputs) writer.text(1, input);
    writer.text(2, output);
    if (name !== "") writer.text(3, name);
    writer.text(4, operator);
    for (const [key, value] of Object.entries(attributes)) {
      writer.message(5, () => {
        writer.text(1, key);
        writer.integer(3, value);
        writer.integer(20, INTEGER);
      });
    }
  });
}
