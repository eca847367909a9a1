/**
 * What bad layers, options and models get: an error in the house form, where the
 * mistake was made, and no tensor more or less than before.
 *
 * @module
 */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  FeatureExtractor,
  KerasFeatureExtractor,
  LayerNotFoundError,
  tf,
} from "@sonde/sonde";
import { counted } from "../support/backends.ts";
import { refuses, wrong } from "./_bad_input.ts";
import { array, free, mlp } from "./_models.ts";

counted("ids that find nothing name what is nearest", () => {
  refuses(mlp, [
    [
      (e) => e.layers(["hiden"]),
      LayerNotFoundError,
      'Cannot find layer "hiden" in the model: nearest name is "hidden"',
    ],
    [
      (e) => e.layers("hidde*x"),
      LayerNotFoundError,
      'Cannot find layer "hidde*x" in the model: nearest name is "hidden"',
    ],
    [
      (e) => e.layers(/conv/),
      LayerNotFoundError,
      "Cannot find layer /conv/ in the model: it matches no path; await show(model) lists the layers",
    ],
    [
      (e) => e.layers(() => false),
      LayerNotFoundError,
      "Cannot find layer by a predicate in the model: its function returned true for none; await show(model) lists the layers",
    ],
    [
      (e) => e.layers("kernel_of_it"),
      LayerNotFoundError,
      'Cannot find layer "kernel_of_it" in the model: await show(model) lists the layers',
    ],
    [
      (e) => e.layers("-1"),
      LayerNotFoundError,
      'Cannot find layer "-1" in the model: an index is a number: -1 without quotes',
    ],
    [
      (e) => e.input("Hidden"),
      LayerNotFoundError,
      'Cannot find layer "Hidden" in the model: nearest name is "hidden"',
    ],
    [
      (e) => e.head("heads"),
      LayerNotFoundError,
      'Cannot find layer "heads" in the model: nearest name is "head"',
    ],
    [
      (e) => e.layers(2),
      LayerNotFoundError,
      "Cannot find layer 2 in the model: indices go from -2 to 1",
    ],
    [
      (e) => e.layers([-3]),
      LayerNotFoundError,
      "Cannot find layer -3 in the model: indices go from -2 to 1",
    ],
    [
      (e) => e.findLayer(0, { offset: 2 }),
      LayerNotFoundError,
      'Cannot find layer 2 steps from "hidden" in the model: the top level has 2 layers',
    ],
    [
      (e) => e.layers([0.5]),
      TypeError,
      "Cannot find layer as its index must be an integer: current value is 0.5",
    ],
    [
      (e) => e.layers([NaN]),
      TypeError,
      "Cannot find layer as its index must be an integer: current value is NaN",
    ],
    [
      (e) => e.layers(wrong([null])),
      TypeError,
      "Cannot find layer as its id must be a name, an index, a glob, a RegExp or a predicate: current value is null",
    ],
    [
      (e) => e.head(wrong(["head"])),
      TypeError,
      'Cannot find layer as its id must be a name or an index: current value is ["head"]',
    ],
  ]);
});

counted("lists of layers that are empty or name one twice are refused", () => {
  refuses(mlp, [
    [
      (e) => e.layers([]),
      RangeError,
      "Cannot set layers as there must be at least one id: current value is []; without .layers(…) there are logits and no features",
    ],
    [
      (e) => e.layers(["head", -1]),
      RangeError,
      'Cannot set layers as each layer must be requested once, but "head" and -1 find the same: current value is "head"',
    ],
    [
      (e) => e.layers(["h*", /hidden/]),
      RangeError,
      'Cannot set layers as each layer must be requested once, but "h*" and /hidden/ find the same: current value is "hidden"',
    ],
  ]);
});

counted("unknown options are named, with what was meant", () => {
  refuses(mlp, [
    [
      (e) => e.ash(0.5, wrong({ interpolate: "linear" })),
      TypeError,
      'Cannot set ash as every option must be one of "interpolation", "variant": current value is "interpolate"; did you mean "interpolation"',
    ],
    [
      (e) => e.perturb(wrong({ eps: 0.1 })),
      TypeError,
      'Cannot set perturb as every option must be one of "epsilon", "temperature": current value is "eps"; did you mean "epsilon"',
    ],
    [
      (e) => e.engine("tfjs", wrong({ backends: "cpu" })),
      TypeError,
      'Cannot set engine as every option must be one of "backend", "threads", "device", "precision": current value is "backends"; did you mean "backend"',
    ],
    [
      (e) => e.findLayer(0, wrong({ indexOffset: 1 })),
      TypeError,
      'Cannot find layer as every option must be one of "offset": current value is "indexOffset"; did you mean "offset"',
    ],
    [
      (e) => e.scale(0.5, wrong("linear")),
      TypeError,
      'Cannot set scale as its options must be an object: current value is "linear"',
    ],
    [
      (e) => new KerasFeatureExtractor(e.model, wrong({ layers: [0] })),
      TypeError,
      'Cannot create KerasFeatureExtractor as every option must be one of "featureLayersId", "inputLayerId", "reactThreshold", "scalePercentile", "ashPercentile", "headLayerId", "returnPenultimate": current value is "layers"; did you mean "featureLayersId"',
    ],
  ]);
});

counted("unknown options of a run are refused before it", async () => {
  const model = mlp();
  const extractor = new FeatureExtractor(model);
  const never = {
    batches(): never {
      throw new Error("the dataset was asked");
    },
  };
  const cases = [
    [
      { progres: false },
      'Cannot predict as every option must be one of "signal", "onProgress", "progress": current value is "progres"; did you mean "progress" or "onProgress"',
    ],
    [
      { progress: "no" },
      'Cannot predict as "progress" must be true or false: current value is "no"',
    ],
    [
      { onProgress: true },
      'Cannot predict as "onProgress" must be a function: current value is true',
    ],
    [
      { signal: new AbortController() },
      'Cannot predict as "signal" must be an AbortSignal: current value is an AbortController; pass its signal',
    ],
    [
      null,
      "Cannot predict as its options must be an object: current value is null",
    ],
  ] as const;
  for (const [options, text] of cases) {
    const error = await assertRejects(
      () => extractor.predict(never, wrong(options)),
      TypeError,
    );
    assertEquals(error.message, text);
  }
  await assertRejects(
    () => extractor.fitReact(never, wrong({ quantiles: 0.5 })),
    TypeError,
    'did you mean "quantile"',
  );
  free(model);
});

counted("models that cannot be used are refused", () => {
  const model = mlp();
  const extractor = new FeatureExtractor(model);
  model.dispose();
  for (
    const [value, text] of [
      [model, '"sequential_'],
      [tf.sequential(), "must have layers"],
      [
        {},
        "the model must come from loadModel(), or be a tf.LayersModel or tf.GraphModel: current value is an Object",
      ],
      [undefined, "current value is undefined"],
      ["model.json", 'current value is "model.json"'],
      [
        Promise.resolve(model),
        "Cannot create extractor as the model must be a value: current value is a Promise; write await before it",
      ],
    ] as const
  ) {
    assertThrows(() => new FeatureExtractor(wrong(value)), TypeError, text);
  }
  assertThrows(
    () => Reflect.construct(FeatureExtractor, [model, { layers: [-1] }]),
    TypeError,
    "Cannot create extractor as settings must be set by its methods: current value is an Object; write new FeatureExtractor(model).layers(…)",
  );
  assertThrows(
    () => extractor.layers([0]),
    TypeError,
    "must be open and intact",
  );
});

counted("a disposed model is refused by everything that runs", async () => {
  const model = mlp();
  const extractor = new FeatureExtractor(model);
  const open = await extractor.open();
  model.dispose();
  const x = array([1, 4]);
  const quiet = { progress: false };
  for (
    const run of [
      () => extractor.predict(x, quiet),
      () => extractor.plan(),
      () => extractor.open(),
      () => extractor.getWeights(0),
      () => open.predict(x, quiet),
    ]
  ) {
    await assertRejects(
      run,
      TypeError,
      'must be open and intact: current value is "disposed"',
    );
  }
  await open.close();
});
