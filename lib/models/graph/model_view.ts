import { shapeText } from "../../check.ts";
import type { View } from "../../display/view.ts";
import type { Model, TensorSpec } from "../../types.ts";

/** Rows beyond this are counted, not shown. */
const MOST_ROWS = 400;

/**
 * What a model shows of itself: its layer table, nested layers indented.
 *
 * @param model The model, with the count of all its parameters.
 * @returns The view.
 */
export function modelView(
  model: Model & { readonly numParameters: number },
): View {
  const rows = model.layers.slice(0, MOST_ROWS).map((row) => [
    row.index ?? null,
    `${indent(row.name, model)}${row.name}`,
    row.kind,
    row.outputs.map(({ shape }) => shapeText(shape)).join(" "),
    row.numParameters.toLocaleString("en"),
    row.inbound.join(", "),
  ]);
  const left = model.layers.length - rows.length;
  return {
    title: `Model "${model.name}" (${model.format})`,
    blocks: [
      { kind: "text", text: `takes ${specText(model.inputs)}` },
      {
        kind: "table",
        columns: [
          { name: "index", align: "right" },
          { name: "name" },
          { name: "kind" },
          { name: "output" },
          { name: "parameters", align: "right" },
          { name: "inputs" },
        ],
        rows,
      },
      ...(left > 0
        ? [{ kind: "text", text: `… and ${left} rows more` } as const]
        : []),
      {
        kind: "text",
        text: `${model.numParameters.toLocaleString("en")} parameters, gives ${
          specText(model.outputs)
        }`,
      },
    ],
  };
}

/** Two spaces a level; names of operations hold slashes and are not nested. */
function indent(name: string, { format }: Model): string {
  if (format === "onnx") return "";
  return "  ".repeat(Math.min(name.split("/").length - 1, 8));
}

function specText(specs: readonly TensorSpec[]): string {
  return specs.map(({ name, shape, dtype }) =>
    `"${name}" ${shapeText(shape)} ${dtype}`
  ).join(", ");
}
