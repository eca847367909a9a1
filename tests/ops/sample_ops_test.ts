import { tf } from "../../lib/tf.ts";
import { assert, assertEquals } from "@std/assert";
import { takeTurn } from "../../lib/engines/tfjs/backend.ts";
import { TfjsOps } from "../../lib/engines/tfjs/tfjs_ops.ts";
import type { Ops } from "../../lib/ops/ops.ts";
import { sampleOps, type SampleValue } from "../../lib/ops/sample_ops.ts";
import type { Samples } from "../../lib/ops/samples.ts";
import { ShapeOps, type ShapeValue } from "../../lib/ops/shape_ops.ts";
import { ofEachKind } from "../support/extent.ts";
import { type OpsInput, type OpsProgram, PROGRAMS } from "./_programs.ts";

/** Inputs with samples: the axis of each, null for one that is shared. */
type Axes = readonly (number | null)[];

Deno.test("sampleOps() has the operations of ShapeOps", () => {
  const shapes = new ShapeOps();
  const base = Object.getPrototypeOf(ShapeOps.prototype);
  const names = [ShapeOps.prototype, shapes, base].flatMap(
    Object.getOwnPropertyNames,
  );
  const all = new Set(names.filter((name) => name !== "constructor"));
  assertEquals(Object.keys(sampleOps()).sort(), [...all].sort());
});

Deno.test("sampleOps() finds samples where changes of other samples change nothing", async () => {
  await takeTurn("cpu", (turn) => {
    turn.sync(() => {
      for (const program of PROGRAMS) {
        // One input with samples, and two.
        const count = (axes: Axes) =>
          axes.filter((axis) => axis !== null).length;
        const some = ofEachKind(axesOf(program), 2, (axes) => `${count(axes)}`);
        for (const axes of some) tf.tidy(() => check(program, axes));
      }
    });
    return Promise.resolve();
  });
});

/** One input with samples, or two of the same number. */
function axesOf({ name, inputs }: OpsProgram): Axes[] {
  // The sizes of a kernel are known, and feature maps do not meet.
  const isOfMaps = /conv|resize|Pool/.test(name);
  const fed = isOfMaps ? inputs.slice(0, 1) : inputs;
  const all = fed.flatMap((input, i) =>
    shapeOf(input).flatMap((size, axis) => size > 1 ? [{ i, axis, size }] : [])
  );
  const none = inputs.map(() => null);
  const pairs = all.flatMap((a) =>
    all.filter((b) => b.i > a.i && b.size === a.size)
      .map((b) => (none as Axes).with(a.i, a.axis).with(b.i, b.axis))
  );
  return [...all.map(({ i, axis }) => (none as Axes).with(i, axis)), ...pairs];
}

function check(program: OpsProgram, axes: Axes): void {
  const sizes = program.inputs.map(shapeOf);
  const first = axes.findIndex((axis) => axis !== null);
  const batch = sizes[first]![axes[first]!]!;
  const title = `${program.name}(${sizes.map((s) => `[${s}]`)}) at [${axes}]`;
  const found = outcomes(program, axes, sampleOps(batch), batch);
  const before = run(program, axes);
  const kept = [0, batch - 1];
  const changed = kept.map((sample) => run(program, axes, sample));
  for (const [i, { samples }] of found.entries()) {
    const pairs = changed.map((after, n): Pair => ({
      sample: kept[n]!,
      batch,
      before: before[i]!,
      after: after[i]!,
    }));
    if (samples === null) {
      for (const { before, after } of pairs) {
        assertEquals(before.data, after.data, title);
      }
    } else if (samples === "mixed") {
      const axes = before[i]!.shape.flatMap((size, axis) =>
        size === batch ? [{ axis }] : []
      );
      assert(!axes.some((on) => areApart(pairs, on)), title);
    } else if (samples !== undefined) {
      assertEquals(before[i]!.shape[samples.axis], extent(samples, batch));
      assert(areApart(pairs, samples), title + JSON.stringify(samples));
    }
  }
  unknown(program, axes, found, title);
}

/** Says the same, or nothing, of an unknown number of samples. */
function unknown(
  program: OpsProgram,
  axes: Axes,
  found: readonly SampleValue[],
  title: string,
): void {
  const values = outcomes(program, axes, sampleOps(), null);
  for (const [i, { samples }] of values.entries()) {
    // Sizes may fit one number of samples alone.
    const isSame = samples !== undefined &&
      !(samples === "mixed" && /reshape|merge/.test(program.name));
    if (isSame) assertEquals(samples, found[i]!.samples, title);
  }
}

function outcomes(
  program: OpsProgram,
  axes: Axes,
  ops: Ops<SampleValue>,
  batch: number | null,
): readonly SampleValue[] {
  const inputs = program.inputs.map((input, i): SampleValue => {
    const axis = axes[i] ?? null;
    const shape: ShapeValue["shape"] = shapeOf(input);
    return {
      shape: axis === null ? shape : shape.with(axis, batch),
      dtype: typeOf(input),
      samples: axis === null ? null : { axis },
    };
  });
  return program.run(ops, inputs);
}

interface Values {
  readonly data: readonly number[];
  readonly shape: readonly number[];
}

/** Computes; the values of all samples but one are changed. */
function run(program: OpsProgram, axes: Axes, but?: number): Values[] {
  const inputs = program.inputs.map((input, i) => {
    const shape = shapeOf(input);
    const axis = axes[i] ?? null;
    const inner = axis === null ? 1 : sizeOf(shape.slice(axis + 1));
    const data = Array.from({ length: sizeOf(shape) }, (_, at) => {
      const isChanged = axis !== null && but !== undefined &&
        Math.floor(at / inner) % shape[axis]! !== but;
      return valueAt(at + (isChanged ? 7 : 0), typeOf(input));
    });
    return tf.tensor(data, [...shape], typeOf(input));
  });
  return program.run<tf.Tensor>(new TfjsOps(), inputs).map((x) => ({
    data: [...x.dataSync<"float32">()],
    shape: x.shape,
  }));
}

function valueAt(at: number, dtype: OpsInput["dtype"]): number {
  const value = Math.sin(at * at + 3) + 1.5;
  if (dtype === "bool") return value > 1.5 ? 1 : 0;
  return dtype === "int32" ? Math.floor(value) : value;
}

/** Values before and after a change of all samples but one. */
interface Pair {
  readonly sample: number;
  readonly batch: number;
  readonly before: Values;
  readonly after: Values;
}

/** Whether the values of each kept sample are the same after the change. */
function areApart(
  pairs: readonly Pair[],
  { axis, after = 1 }: Samples,
): boolean {
  return pairs.every(({ sample, batch, before: a, after: b }) => {
    const inner = sizeOf(a.shape.slice(axis + 1)) * after!;
    return a.data.every((value, at) =>
      Math.floor(at / inner) % batch !== sample || Object.is(value, b.data[at])
    );
  });
}

function extent({ before = 1, after = 1 }: Samples, batch: number): number {
  return before! * batch * after!;
}

const shapeOf = (input: OpsProgram["inputs"][number]): readonly number[] =>
  "dtype" in input ? input.shape : input;
const typeOf = (input: OpsProgram["inputs"][number]): OpsInput["dtype"] =>
  "dtype" in input ? input.dtype : "float32";
const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((n, size) => n * size, 1);
