/**
 * What bad heads, shapings and numbers get: an error in the house form, where the
 * mistake was made, and no tensor more or less than before.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, KerasFeatureExtractor, tf } from "@sonde/sonde";
import { counted } from "../support/backends.ts";
import { type ErrorClass, refuses, type Setting, wrong } from "./_bad_input.ts";
import { array, convnet, filled, free, mlp, twoOutputs } from "./_models.ts";

counted("what needs a head is refused if none is found", () => {
  const why =
    "current value is undefined; the model has 2 outputs, so name it by .head(id) before";
  const rule = "as the model must have a linear head";
  refuses(twoOutputs, [
    [(e) => e.react(0.5), TypeError, `Cannot set react ${rule}: ${why}`],
    [(e) => e.ash(0.5), TypeError, `Cannot set ash ${rule}: ${why}`],
    [(e) => e.scale(0.5), TypeError, `Cannot set scale ${rule}: ${why}`],
    [(e) => e.vra(0, 1), TypeError, `Cannot set vra ${rule}: ${why}`],
    [
      (e) => e.penultimate(),
      TypeError,
      `Cannot set penultimate ${rule}: ${why}`,
    ],
    [
      (e) => e.perturb({ epsilon: 0.1 }),
      TypeError,
      "Cannot set perturb as the model must have logits to be perturbed: current value is undefined; the model has 2 outputs, so name its head by .head(id) before",
    ],
  ]);
});

counted(
  "fitReact() needs a head, and logits or layers are needed by all",
  async () => {
    const model = twoOutputs();
    const extractor = new FeatureExtractor(model);
    await assertRejects(
      () => extractor.fitReact(array([2, 3])),
      TypeError,
      "Cannot fit react as the model must have a linear head",
    );
    await assertRejects(
      () => extractor.predict(array([2, 3])),
      TypeError,
      "Cannot extract features as a layer must be selected, or the model have logits: current value is undefined; the model has 2 outputs, so use .layers([…]) or .head(id)",
    );
    const headed = extractor.head("left");
    assertEquals((await headed.react(0.5).plan()).head, "left");
    free(model);
  },
);

counted(
  "a head that is not linear is refused at once",
  async () => {
    refuses(convnet, [
      [
        (e) => e.head("pool"),
        TypeError,
        'Cannot set head as layer "pool" must be linear, or lead back to a linear layer through activations and reshaping alone: current value is "MaxPooling2D"; looked at "pool"',
      ],
    ]);
    const create = () =>
      filled(tf.sequential({
        layers: [
          tf.layers.dense({ units: 3, inputShape: [4] }),
          tf.layers.activation({ name: "soft", activation: "softmax" }),
        ],
      }));
    // A softmax that is named leads to the linear layer under it.
    const model = create();
    const named = new FeatureExtractor(model).react(0.5).head("soft");
    assertEquals((await named.plan()).head, model.layers[0]!.name);
    free(model);
  },
);

counted("two shapings at once are refused", () => {
  const text = (name: string) =>
    `Cannot set ${name} as at most one shaping must be set: current value is "react"; begin from an extractor without it`;
  refuses(mlp, [
    [(e) => e.react(1).ash(0.5), TypeError, text("ash")],
    [(e) => e.react(1).scale(0.5), TypeError, text("scale")],
    [(e) => e.react(1).vra(0, 1), TypeError, text("vra")],
    [
      (e) =>
        new KerasFeatureExtractor(e.model, {
          reactThreshold: 1,
          scalePercentile: 0.5,
        }),
      TypeError,
      text("scale"),
    ],
  ]);
});

counted("fitReact() is refused beside another shaping", async () => {
  const model = mlp();
  await assertRejects(
    () => new FeatureExtractor(model).ash(0.5).fitReact(array([2, 4])),
    TypeError,
    'Cannot set react as at most one shaping must be set: current value is "ash"',
  );
  free(model);
});

counted("numbers out of range are refused where they are passed", () => {
  const finite = (name: string, value: unknown) =>
    `"${name}" must be finite: current value is ${value}`;
  refuses(mlp, [
    ...[NaN, Infinity, -Infinity].flatMap((value) =>
      [
        [
          (e) => e.react(value),
          RangeError,
          `Cannot set react as ${finite("threshold", value)}`,
        ],
        [
          (e) => e.vra(value, 1),
          RangeError,
          `Cannot set vra as ${finite("low", value)}`,
        ],
        [
          (e) => e.vra(0, value),
          RangeError,
          `Cannot set vra as ${finite("high", value)}`,
        ],
      ] as [Setting, ErrorClass, string][]
    ),
    ...[0, 1, -0.1, 90, NaN, Infinity].flatMap((value) =>
      (["ash", "scale"] as const).map((name) =>
        [
          (e) => e[name](value),
          RangeError,
          `Cannot set ${name} as "percentile" must be finite and > 0 and < 1: current value is ${value}`,
        ] as [Setting, ErrorClass, string]
      )
    ),
    [
      (e) => e.vra(2, 1),
      RangeError,
      'Cannot set vra as "low" must be <= "high", 1: current value is 2',
    ],
    [
      (e) => e.react(wrong("0.9")),
      TypeError,
      'Cannot set react as "threshold" must be finite: current value is "0.9"',
    ],
    [
      (e) => e.react(...[0.9, { quantile: true }] as unknown as [number]),
      TypeError,
      'Cannot call react() as react(threshold) must be called without options: current value is "quantile"; write react(threshold)',
    ],
    [
      (e) => e.vra(...[0, 1, { mid: 2 }] as unknown as [number, number]),
      TypeError,
      'Cannot call vra() as vra(low, high) must be called without options: current value is "mid"; write vra(low, high)',
    ],
    [
      (e) => e.ash(0.5, wrong({ variant: "q" })),
      RangeError,
      'Cannot set ash as "variant" must be one of "s", "p", "b": current value is "q"',
    ],
    [
      (e) => e.scale(0.5, wrong({ interpolation: "midpoint" })),
      RangeError,
      'Cannot set scale as "interpolation" must be one of "nearest", "linear": current value is "midpoint"',
    ],
    ...[-1, NaN, Infinity].map((value) =>
      [
        (e) => e.perturb({ epsilon: value }),
        RangeError,
        `Cannot set perturb as "epsilon" must be finite and >= 0: current value is ${value}`,
      ] as [Setting, ErrorClass, string]
    ),
    ...[-1, 0, NaN, Infinity].map((value) =>
      [
        (e) => e.perturb({ epsilon: 0.1, temperature: value }),
        RangeError,
        `Cannot set perturb as "temperature" must be finite and > 0: current value is ${value}`,
      ] as [Setting, ErrorClass, string]
    ),
    [
      (e) => e.perturb(wrong(undefined)),
      TypeError,
      'Cannot set perturb as "epsilon" must be finite and >= 0: current value is undefined',
    ],
    ...[0, -1, 1.5, NaN, "8"].map((value) =>
      [
        (e) => e.batch(wrong(value)),
        RangeError,
        `Cannot set batch size as "size" must be a positive integer: current value is ${
          typeof value === "string" ? `"${value}"` : value
        }`,
      ] as [Setting, ErrorClass, string]
    ),
  ]);
});

counted(
  "a quantile out of range is refused before the dataset is read",
  async () => {
    const model = mlp();
    for (const quantile of [0, 1, NaN, 90]) {
      await assertRejects(
        () => new FeatureExtractor(model).fitReact(wrong(null), { quantile }),
        RangeError,
        `Cannot fit react as "quantile" must be finite and > 0 and < 1: current value is ${quantile}`,
      );
    }
    free(model);
  },
);

counted("ash() and scale() need a penultimate of rank 2", () => {
  const create = () =>
    filled(tf.sequential({
      layers: [
        tf.layers.dense({ name: "head", units: 2, inputShape: [3, 4] }),
      ],
    }));
  const text = (name: string) =>
    `Cannot set ${name} as the input of head "head" must be [N, D]: current value is [null, 3, 4]`;
  refuses(create, [
    [(e) => e.ash(0.5), TypeError, text("ash")],
    [(e) => e.scale(0.5), TypeError, text("scale")],
  ]);
});
