/**
 * Options of `write` that have no effect on its target.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, tf, type WriteOptions } from "../../mod.ts";
import { inFolder } from "../store/_sets.ts";

const REFUSED:
  readonly (readonly [string, unknown, ErrorConstructor, string])[] = [
    [
      "x.npz",
      { shardSize: 3 },
      TypeError,
      'x.npz": current value is 3; leave it out, or pass a folder and',
    ],
    [
      "folder",
      { format: "safetensors", rowGroupSize: 3 },
      TypeError,
      'Cannot write features as "rowGroupSize" must be left out for the format "safetensors": current value is 3; leave it out, or write Parquet',
    ],
    [
      "x.npz",
      { shard: { index: "env", of: 2 } },
      TypeError,
      'current value is "of"',
    ],
    ["x.npz", { shard: null }, TypeError, "current value is null"],
    ["x.npz", { shard: "0/2" }, RangeError, 'current value is "0/2"'],
  ];

for (const [name, options, kind, message] of REFUSED) {
  Deno.test(`write() refuses ${JSON.stringify(options)} for ${name}, and writes nothing`, () =>
    inFolder(async (folder) => {
      const model = tf.sequential({
        layers: [tf.layers.dense({ units: 2, inputShape: [3] })],
      });
      const extractor = new FeatureExtractor(model).layers([0]);
      const write = () =>
        extractor.write(
          tf.zeros([2, 3]),
          `${folder}/${name}`,
          options as WriteOptions,
        );
      await assertRejects(write, kind, message);
      assertEquals([...Deno.readDirSync(folder)], []);
    }));
}
