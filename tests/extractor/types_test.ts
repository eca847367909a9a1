/**
 * Promises that the compiler keeps.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  type FeatureArray,
  FeatureExtractor,
  type FeatureSet,
  half,
  KerasFeatureExtractor,
  type NdArray,
  type OpenExtractor,
  pool,
} from "@sonde/sonde";
import { counted } from "../support/backends.ts";
import { array, free, mlp } from "./_models.ts";

class Mine extends FeatureExtractor {
  readonly own = 1;
}

/** Holds if both types are one. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends
  (<T>() => T extends B ? 1 : 2) ? true : false;
function holds<T extends true>(_value?: T): void {}

counted("settings and results are of the types that are promised", () => {
  const model = mlp();
  const mine = new Mine(model).layers([0]).react(0.5).batch(2);
  holds<Same<typeof mine, Mine>>();
  assertEquals(mine.own, 1);
  const keras = new KerasFeatureExtractor(model).penultimate();
  holds<Same<typeof keras, KerasFeatureExtractor>>();
  holds<Same<ReturnType<Mine["predict"]>, Promise<FeatureSet>>>();
  holds<Same<ReturnType<Mine["stream"]>, AsyncGenerator<FeatureSet>>>();
  holds<Same<ReturnType<Mine["open"]>, Promise<OpenExtractor>>>();
  holds<Same<FeatureSet["features"], readonly FeatureArray[]>>();
  holds<Same<FeatureSet["logits"], NdArray | undefined>>();
  free(model);
});

counted("what cannot be meant does not compile", () => {
  const model = mlp();
  const extractor = new FeatureExtractor(model).layers([0]);
  const never = () => {
    // @ts-expect-error a layer is no id
    extractor.layers([model.layers[0]]);
    // @ts-expect-error a threshold is a number
    extractor.react("0.9");
    // @ts-expect-error the option is called interpolation
    extractor.ash(0.9, { method: "linear" });
    // @ts-expect-error there is no such variant
    extractor.ash(0.9, { variant: "x" });
    // @ts-expect-error a step needs its length
    extractor.perturb({ temperature: 2 });
    // @ts-expect-error there is no such backend
    extractor.engine("tfjs", { backend: "webgl" });
    // @ts-expect-error a text is no step
    extractor.postprocess("mean");
    // @ts-expect-error one input is one id
    extractor.input(["hidden"]);
    // @ts-expect-error plain arrays have no shape
    extractor.predict([[1, 2, 3, 4]], { progress: false });
    // @ts-expect-error there is no such option
    extractor.predict(array([1, 4]), { progres: false });
    // @ts-expect-error no data is given
    extractor.predict();
    // @ts-expect-error arrays on the host go to predict()
    extractor.predictTensor(array([1, 4]));
    // @ts-expect-error a promise is no model
    new FeatureExtractor(Promise.resolve(model));
    // @ts-expect-error a setting is read by its effect
    extractor.settings;
    // @ts-expect-error what came out is not for writing
    ((set: FeatureSet) => set.features = []);
    // @ts-expect-error logits may be absent
    ((set: FeatureSet) => set.logits.data);
    // @ts-expect-error the ancestor's own names have been changed to camel case
    new KerasFeatureExtractor(model, { feature_layers_id: [-1] });
  };
  assertEquals(typeof never, "function");
  extractor.postprocess(pool("mean"), half(), (x) => x.relu());
  extractor.postprocess({ hidden: pool("mean") });
  extractor.postprocess({ hidden: [pool("mean"), half()] });
  free(model);
});
