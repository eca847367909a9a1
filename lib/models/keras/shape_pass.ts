import { cannot, sizeOf } from "../../check.ts";
import { errorText, ModelFormatError } from "../../errors.ts";
import { callLayer } from "../../layers/call_layer.ts";
import type { Steps } from "../../formats/pacer.ts";
import { ShapeOps, type ShapeValue } from "../../ops/shape_ops.ts";
import type { Dialect, HostComputation, Layer } from "../../layers/layer.ts";
import { LAYERS } from "../../layers/layer_table.ts";
import type { LayerRow, TensorSpec } from "../../types.ts";
import { type ChannelAxis, channelsOf } from "../graph/channels.ts";
import {
  type CallArgument,
  type GraphNode,
  makeRow,
  type NodeCall,
  origin,
  type Ref,
  refKey,
  shapeValue,
  tensorSpec,
} from "../graph/graph.ts";
import { inOrder } from "../graph/in_order.ts";
import { DEFAULT_LIMITS } from "../graph/limits.ts";
import type { LayerDraft } from "./layer_draft.ts";
import { NarrowIntegers } from "./narrow_integers.ts";
import { StringTensors } from "./string_tensors.ts";

/** Bytes per value on every engine. */
const BYTES = 4;

type BuiltInNodeCall = NodeCall & { readonly kind: "builtIn" };

/** The shape of a tensor, and that of its mask. */
interface Shaped {
  readonly value: ShapeValue;
  readonly mask: ShapeValue | undefined;
}

/** Runs every node over shapes, and creates its row. */
export class ShapePass {
  readonly #nodes: readonly LayerDraft[];
  readonly #source: string;
  readonly #dialect: Dialect;
  readonly #mostValues: number;
  readonly #ops = new ShapeOps();
  readonly #channels = new Map<GraphNode, ChannelAxis>();
  readonly #strings = new StringTensors();
  /** Integers of 8 and 16 bits. */
  readonly #narrow = new NarrowIntegers();
  /** Tensors whose mask a call removed. */
  readonly #unmasked = new Set<string>();
  readonly #values = new Map<string, Shaped>();

  /**
   * Creates the pass, with the nodes in the order in which Keras calls them.
   */
  constructor(
    nodes: readonly LayerDraft[],
    source: string,
    dialect: Dialect,
    { tensorBytes } = DEFAULT_LIMITS,
  ) {
    this.#mostValues = tensorBytes / BYTES;
    this.#nodes = nodes;
    this.#source = source;
    this.#dialect = dialect;
  }

  /**
   * Runs them, in steps of one node.
   *
   * @param outputs The model's outputs, which must exist.
   * @throws {ModelFormatError} If a layer does not accept its inputs.
   */
  *run(outputs: readonly Ref[]): Steps<void> {
    for (const draft of this.#nodes) this.#checkRefs(draft);
    for (const ref of outputs) this.#checkRef(ref, "the model");
    const ordered = inOrder(this.#nodes, producersOf);
    for (const draft of ordered) {
      this.#shape(draft);
      yield;
    }
    for (const ref of outputs) this.#checkMade(ref, "the model");
    this.#checkLambdas(ordered, outputs);
    for (const draft of ordered) draft.row = this.#rowOf(draft);
  }

  #checkRefs({ call, inputs, name }: LayerDraft): void {
    for (const ref of inputs) this.#checkRef(ref, name);
    if (call.kind !== "alias") return;
    for (const ref of call.outputs) this.#checkRef(ref, name);
  }

  /** Checks that a nested model has the outputs that are used. */
  #checkRef(ref: Ref, user: string): void {
    let at: Ref | undefined = ref;
    while (at?.node.call.kind === "alias") {
      at = at.node.call.outputs[at.index];
    }
    if (at === undefined) this.#notThere(ref, user);
  }

  #checkMade(ref: Ref, user: string): void {
    if (!this.#values.has(refKey(ref))) this.#notThere(ref, user);
  }

  /**
   * Checks that the function of a Lambda layer returns no more tensors than the
   * file uses: those of Keras do not say how many there are.
   */
  #checkLambdas(nodes: readonly LayerDraft[], outputs: readonly Ref[]): void {
    const used = nodes.flatMap(({ call, inputs }) =>
      call.kind === "alias" ? [...inputs, ...call.outputs] : inputs
    ).concat(outputs);
    for (const draft of nodes) {
      const { numOutputs, spec: { className } } = draft;
      if (className !== "Lambda" || numOutputs < 2) continue;
      const own = used.filter(({ node }) => node === draft);
      const most = Math.max(0, ...own.map(({ index }) => index)) + 1;
      if (numOutputs <= most) continue;
      const what = most === 1 ? "one tensor" : `${most} tensors`;
      const rule = `its function must return the ${what} that the file uses`;
      this.#fail(draft, refusal(draft, rule, numOutputs));
    }
  }

  #notThere({ node, index }: Ref, user: string): never {
    const { name } = node as LayerDraft;
    throw new ModelFormatError(
      this.#source,
      `"${user}" must use outputs that are there: current value is output ${index} of "${name}"`,
    );
  }

  #shape(draft: LayerDraft): void {
    const { call } = draft;
    if (call.kind === "alias") return;
    if (call.kind === "input") {
      this.#set(draft, [{ value: shapeValue(call.spec), mask: undefined }]);
      this.#narrow.addInput(draft);
      return;
    }
    if (call.kind !== "builtIn") return;
    const { onHost } = call.layer;
    const isOnHost = !onHost?.leavesNumbers ||
      draft.inputs.some((ref) => this.#strings.find(ref) !== undefined);
    if (onHost !== undefined && isOnHost) {
      this.#setOnHost(draft, onHost);
      return;
    }
    if (draft.inputs.length === 1 && this.#givesStrings(draft, call.layer)) {
      return;
    }
    this.#checkNoNaN(draft);
    this.#shapeBuiltIn(draft, call);
  }

  #shapeBuiltIn(draft: LayerDraft, call: BuiltInNodeCall): void {
    const unmasked = draft.inputs.flatMap((ref, i) =>
      this.#unmasked.has(refKey(sameTensor(ref))) ? [i] : []
    );
    if (unmasked.length > 0) draft.call = { ...call, unmasked };
    const inputs = draft.inputs.map((ref, i) => {
      this.#checkMade(ref, draft.name);
      const { value, mask } = this.#values.get(refKey(ref))!;
      return { value, mask: unmasked.includes(i) ? undefined : mask };
    });
    const weights = Object.fromEntries(
      call.sources.map(({ name, shape }) =>
        [name, { shape, dtype: "float32" }] as const
      ),
    );
    const { args, argMasks, unread } = watchedArguments(call.args, inputs);
    try {
      const outputs = callLayer<ShapeValue>(this.#ops, {
        layer: call.layer,
        inputs: inputs.slice(0, call.numInputs),
        weights,
        args,
        argMasks,
      });
      const [unknown] = unread;
      if (unknown !== undefined) {
        const rule = `argument "${unknown}" must be a known one`;
        const { className } = draft.spec;
        const hint = Object.hasOwn(LAYERS, className)
          ? undefined
          : `read it from the fourth parameter, as in call: (ops, [x], weights, { args: { ${unknown} } }) => …`;
        throw refusal(draft, rule, className, hint);
      }
      this.#set(draft, outputs);
      this.#narrow.addCall(
        draft,
        inputs.map(({ value }) => value.dtype),
        outputs.map(({ value }) => value.dtype),
      );
      this.#takeMasks(draft);
    } catch (error) {
      this.#fail(draft, error);
    }
  }

  /**
   * Converts a layer on strings to an input, which the host computes from the
   * model's input.
   */
  #setOnHost(draft: LayerDraft, computation: HostComputation): void {
    try {
      const { from, specs, onInput } = this.#strings.onHost(draft, computation);
      const shape = onInput.shapeOf(...specs.map(({ shape }) => [...shape]));
      const { dtype } = computation;
      const spec = Object.freeze({ name: draft.name, shape, dtype });
      const host = { from, computation: onInput };
      draft.call = { kind: "input", spec, host };
      this.#set(draft, [{ value: { shape, dtype }, mask: undefined }]);
    } catch (error) {
      this.#fail(draft, error);
    }
  }

  /**
   * Whether a layer rearranges strings or changes each, so that the host
   * computes its outputs.
   */
  #givesStrings(draft: LayerDraft, layer: Layer): boolean {
    const shapes = this.#strings.add(draft.id, layer, draft.inputs[0]!);
    if (shapes === undefined) return false;
    this.#set(
      draft,
      shapes.map((shape) => ({
        value: { shape, dtype: "int32" },
        mask: undefined,
      })),
    );
    return true;
  }

  /** Checks that only layers on the host are called on strings. */
  #checkNoNaN(draft: LayerDraft): void {
    for (const ref of draft.inputs) {
      if (this.#strings.find(ref) === undefined) continue;
      const rule = "it must not be called on strings, as only StringLookup, " +
        "Hashing, TextVectorization and layers that move the values of a sample are";
      const { name } = origin(ref).node as LayerDraft;
      this.#fail(
        draft,
        refusal(draft, rule, name),
      );
    }
  }

  /**
   * Keras 3's MultiHeadAttention removes the masks of its query, value and key:
   * later calls with these tensors have none.
   */
  #takeMasks({ call, inputs }: LayerDraft): void {
    if (call.kind !== "builtIn" || !call.layer.dropsInputMasks) return;
    const named = ["query", "value", "key"].flatMap((role) => {
      const arg = call.args[role];
      return arg !== undefined && "input" in arg ? [arg.input] : [];
    });
    for (const [i, ref] of inputs.entries()) {
      const isInput = i < call.numInputs || named.includes(i);
      if (isInput) this.#unmasked.add(refKey(sameTensor(ref)));
    }
  }

  #set(
    draft: LayerDraft,
    outputs: readonly { value: ShapeValue; mask: ShapeValue | undefined }[],
  ): void {
    draft.numOutputs = outputs.length;
    for (const { value: { shape } } of outputs) {
      const sizes = shape.filter((size) => size !== null);
      if (sizes.every((n) => n >= 0) && sizeOf(sizes) <= this.#mostValues) {
        continue;
      }
      const rule =
        `it must return at most ${this.#mostValues} values for one sample`;
      const action = `call layer "${draft.name}"`;
      this.#fail(draft, new RangeError(cannot(action, rule, shape)));
    }
    outputs.forEach((output, index) =>
      this.#values.set(`${draft.id}:${index}`, output)
    );
  }

  #fail(draft: LayerDraft, error: unknown): never {
    const text = errorText(error);
    throw new ModelFormatError(
      this.#source,
      `layer "${draft.name}" (${draft.spec.className}) must accept its inputs: ${text}`,
      { cause: error },
    );
  }

  #rowOf(draft: LayerDraft): LayerRow {
    const { name, index, spec, call, inputs, fedBy } = draft;
    const refs = call.kind === "alias" ? call.outputs : Array.from(
      { length: draft.numOutputs },
      (_, i) => ({ node: draft, index: i }),
    );
    for (const ref of refs) this.#checkMade(ref, name);
    return makeRow({
      name,
      index,
      kind: spec.className,
      config: draft.options ?? spec.options,
      outputs: refs.map((ref) => this.#specOf(ref, name)),
      numParameters: numParameters(draft),
      inbound: (fedBy ?? inputs).map(({ node }) => (node as LayerDraft).name),
    });
  }

  #specOf(ref: Ref, name: string): TensorSpec {
    const { value } = this.#values.get(refKey(ref))!;
    const { shape } = value;
    const isText = this.#strings.find(ref) !== undefined;
    const dtype = isText ? "string" : value.dtype;
    const channels = channelsOf(ref, this.#channels);
    return tensorSpec(name, shape, dtype, channels);
  }
}

function refusal(
  { name }: LayerDraft,
  rule: string,
  value: unknown,
  hint?: string,
): Error {
  return new TypeError(cannot(`call layer "${name}"`, rule, value, hint));
}

/**
 * The first of several calls that return the same tensor: layers such as Dropout
 * return their input itself, with its mask.
 */
function sameTensor(ref: Ref): Ref {
  let at = origin(ref);
  while (at.node.call.kind === "builtIn" && at.node.inputs.length === 1) {
    const { passesValues, keepsAxes } = at.node.call.layer;
    const { className } = (at.node as LayerDraft).spec;
    const isNew = className === "TimeDistributed"; // it joins time steps
    if (!passesValues || !keepsAxes || isNew) break;
    at = origin(at.node.inputs[0]!);
  }
  return at;
}

/** The nodes that compute the inputs of a node; for an alias, its outputs. */
function producersOf({ call, inputs }: LayerDraft): LayerDraft[] {
  const refs = call.kind === "alias" ? call.outputs : inputs;
  return refs.map((ref) => origin(ref).node as LayerDraft);
}

/** Call arguments that note which of them a layer reads. */
function watchedArguments(
  passed: Readonly<Record<string, CallArgument>>,
  inputs: readonly Shaped[],
) {
  const unread = new Set(Object.keys(passed));
  const args = {};
  const argMasks: Record<string, ShapeValue | undefined> = {};
  for (const [key, arg] of Object.entries(passed)) {
    const value = "input" in arg ? inputs[arg.input]!.value : arg.value;
    if ("input" in arg) argMasks[key] = inputs[arg.input]!.mask;
    Object.defineProperty(args, key, {
      enumerable: true,
      get: () => (unread.delete(key), value),
    });
  }
  return { args, argMasks, unread };
}

function numParameters({ call, children }: LayerDraft): number {
  if (call.kind === "builtIn" && children.length === 0) {
    return call.sources.reduce(
      (sum, { shape }) => sum + sizeOf(shape),
      0,
    );
  }
  const counted = new Map(children.map((child) => [child.spec, child]));
  return [...counted.values()].reduce(
    (sum, child) => sum + numParameters(child),
    0,
  );
}
