import { printable, quote, shapeText } from "../../check.ts";
import { countText, numberText } from "../../display/cell.ts";
import type { Block, ShowOptions, View } from "../../display/view.ts";
import type { LayerRow, Model, TensorSpec } from "../../types.ts";
import { type Findable, findLayers } from "./find_layers.ts";

/** Number of rows above which nested models and blocks are folded. */
const MOST_ROWS = 40;
/** Maximum number of layers in the "inputs" of a folded row. */
const MOST_INPUTS = 3;

/** The options of `show` for a model. */
export const MODEL_OPTIONS = ["layer"] as const;

/** A model, with the index for finding layers. */
export type ShownModel =
  & Pick<Model, "name" | "format" | "inputs" | "outputs" | "layers">
  & Findable
  & { readonly numParameters: number };

/**
 * The view of a model: its layer table, with nested layers indented. In a long
 * table, a nested model is one row, and so is a block of consecutive layers
 * with a common name prefix.
 *
 * @param model The model, with the count of all its parameters.
 * @param options The layers to list, as a name or a glob; these are not folded.
 * @returns The view.
 * @throws {LayerNotFoundError} If no layer has such a name.
 */
export function modelView(
  model: ShownModel,
  { layer }: ShowOptions = {},
): View {
  const title = `Model "${model.name}" (${model.format})`;
  if (layer !== undefined) {
    const rows = findLayers(model, [layer]).map(({ row }) => row);
    const found = `${rows.length} of ${
      countText(model.layers.length, "layer")
    } match ${quote(layer)}`;
    const table = tableOf(rows.map((row) => [row]), model);
    return { title, blocks: [{ kind: "text", text: found }, table] };
  }
  const groups = folded(model);
  const first = groups.find((group) => group.length > 1);
  const blocks: Block[] = [
    { kind: "text", text: `takes ${specText(model.inputs)}` },
    tableOf(groups, model),
  ];
  if (first !== undefined) {
    blocks.push({
      kind: "text",
      text: `${countText(model.layers.length, "layer")}, blocks folded: ` +
        `show(model, { layer: ${quote(globOf(first, model))} }) lists one, ` +
        `and "**" every layer.`,
    });
  }
  const parameters = countText(model.numParameters, "parameter");
  const text = `${parameters}, gives ${specText(model.outputs)}`;
  return { title, blocks: [...blocks, { kind: "text", text }] };
}

function tableOf(
  groups: readonly (readonly LayerRow[])[],
  model: ShownModel,
): Block {
  const rows = groups.map((group) => {
    const [first, last] = [group[0]!, group.at(-1)!];
    const isNested = hasPaths(model) && group.length > 1 && isModel(group);
    const shown = isNested ? first : last;
    const name = group.length === 1 ? first.name : globOf(group, model);
    const layers = countText(group.length - (isNested ? 1 : 0), "layer");
    return [
      group.length === 1 || isNested ? first.index ?? null : null,
      `${indent(first.name, model)}${isNested ? first.name : name}`,
      group.length === 1
        ? first.kind
        : isNested
        ? `${first.kind} of ${layers}`
        : layers,
      shown.outputs.map(({ shape }) => shapeText(shape)).join(" "),
      numberText(isNested ? first.numParameters : parametersOf(group)),
      inputsOf(group),
    ];
  });
  return {
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
  };
}

/** Groups rows; a short table is not grouped. */
function folded(model: ShownModel): LayerRow[][] {
  let groups = model.layers.map((row) => [row]);
  if (groups.length > MOST_ROWS && hasPaths(model)) {
    groups = joined(groups, (row) => row.name.split("/")[0]!);
  }
  if (groups.length <= MOST_ROWS) return groups;
  // From the smallest blocks to the largest, until there are few enough rows.
  const longest = Math.max(
    ...groups.map(([row]) => partsOf(row!.name).length),
  );
  let blocks = groups;
  for (let size = longest; size > 0 && blocks.length > MOST_ROWS; size--) {
    blocks = joined(groups, ({ name }) => {
      const parts = partsOf(name);
      return parts.length < size ? name : parts.slice(0, size).join("");
    });
  }
  return blocks;
}

/** Groups neighbours with equal keys. */
function joined(
  groups: readonly LayerRow[][],
  keyOf: (row: LayerRow) => string,
): LayerRow[][] {
  const result: LayerRow[][] = [];
  let last: string | undefined;
  for (const group of groups) {
    const key = keyOf(group[0]!);
    if (key === last) result.at(-1)!.push(...group);
    else result.push([...group]);
    last = key;
  }
  return result;
}

/**
 * Splits a name into parts that end at a separator, such as `block_`, `1_`,
 * `conv`.
 */
function partsOf(name: string): string[] {
  return name.match(/[^/_.]+[/_.]*|^[/_.]+/g) ?? [name];
}

/** A pattern that matches the rows of a group. */
function globOf(group: readonly LayerRow[], model: ShownModel): string {
  const [first, last] = [group[0]!.name, group.at(-1)!.name];
  if (hasPaths(model) && isModel(group)) return `${first}/**`;
  let length = 0;
  while (
    length < first.length &&
    group.every(({ name }) => name[length] === first[length])
  ) length++;
  const rest = [first, last].some((name) => name.slice(length).includes("/"));
  return `${first.slice(0, length)}${rest ? "**" : "*"}`;
}

/** Whether a group is a nested model with its layers. */
function isModel(group: readonly LayerRow[]): boolean {
  const [model, ...inner] = group;
  return inner.length > 0 &&
    inner.every(({ name }) => name.startsWith(`${model!.name}/`));
}

/**
 * Whether names are paths: names of graph operations contain slashes but are
 * not.
 */
function hasPaths({ format }: ShownModel): boolean {
  return format !== "onnx" && format !== "tfjs-graph";
}

/**
 * Whether a row is a later call of a shared layer, `name:1`, with the weights
 * of the first.
 */
function parametersOf(group: readonly LayerRow[]): number {
  return group.filter(({ name }) => !/:\d+$/.test(name))
    .reduce((sum, { numParameters }) => sum + numParameters, 0);
}

/** The inputs of a group from outside. */
function inputsOf(group: readonly LayerRow[]): string {
  const members = new Set(group.map(({ name }) => name));
  const names = [...new Set(group.flatMap(({ inbound }) => inbound))]
    .filter((name) => !members.has(name));
  if (group.length === 1 || names.length <= MOST_INPUTS) {
    return names.join(", ");
  }
  return `${names.slice(0, MOST_INPUTS).join(", ")} and ${
    names.length - MOST_INPUTS
  } more`;
}

/** Two spaces per level. */
function indent(name: string, model: ShownModel): string {
  if (!hasPaths(model)) return "";
  return "  ".repeat(Math.min(name.split("/").length - 1, 8));
}

function specText(specs: readonly TensorSpec[]): string {
  return specs.map(({ name, shape, dtype }) =>
    `"${printable(name)}" ${shapeText(shape)} ${dtype}`
  ).join(", ");
}
