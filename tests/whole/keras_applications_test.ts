import { assert, assertEquals } from "@std/assert";
import { tf } from "../../lib/tf.ts";
import {
  compareApplication,
  readApplication,
} from "../support/applications.ts";
import { inTurn } from "../support/extent.ts";
import { OUR_ENGINES } from "../support/open_on.ts";

// Numbers of Keras 3.15.1 and tf_keras 2.21, of keras.applications with few
// channels: tests/data/make_keras_applications.py --small.

await tf.setBackend("cpu");

const FOLDER = decodeURIComponent(
  new URL("../data/keras_applications/", import.meta.url).pathname,
);
const NAMES = [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
  .filter((name) => name.endsWith(".keras"))
  .map((name) => name.replace(/\.keras$/, "")).sort();
const NETWORKS = ["ConvNeXt", "DenseNet", "EfficientNet", "EfficientNetV2"];
NETWORKS.push("MobileNetV2", "MobileNetV3Small", "NASNet", "ResNet");

/** Of the largest value, as for the whole networks; 3e-7 to 2e-6 was seen. */
const TOLERANCE = 2e-5;

Deno.test("networks of keras.applications are all here", () => {
  const expected = ["k2", "k3"].flatMap((prefix) =>
    NETWORKS.map((name) => `${prefix}_${name}`)
  );
  assertEquals(NAMES, expected.sort());
});

for (const [i, name] of NAMES.entries()) {
  // Both versions of a network in `test:all`, otherwise one, in turn.
  const versions = inTurn(["k2", "k3"], i % NETWORKS.length);
  if (!versions.some((version) => name.startsWith(version))) continue;
  const application = await readApplication(`${FOLDER}${name}`);
  for (const engine of inTurn(OUR_ENGINES, i)) {
    Deno.test(`FeatureExtractor gives what keras.applications give: ${name} (${engine})`, async () => {
      const before = tf.memory().numTensors;
      assertEquals(application.layers.size, 5);
      const { difference, worst } = await compareApplication(
        `${FOLDER}${name}.keras`,
        application,
        engine,
      );
      assert(difference <= TOLERANCE, `${worst} differs by ${difference}`);
      assertEquals(tf.memory().numTensors, before, "live tensors");
    });
  }
}
