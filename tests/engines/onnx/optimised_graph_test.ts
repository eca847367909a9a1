import { assert, assertEquals } from "@std/assert";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { FeatureExtractor, loadModel } from "@sonde/sonde";
import { tf } from "../../../lib/tf.ts";
import { InferenceSession } from "onnxruntime-node";
import { mobileNetV2, resNet50 } from "../../bench/models.ts";
import { saveTo } from "../../support/save_model.ts";
import { slowTest } from "../../support/extent.ts";

// The recorder puts transposes around each convolution and pooling, for the
// runtime's optimiser to take out: what it leaves costs time in each batch.

const NETWORKS = [
  {
    name: "MobileNetV2",
    build: mobileNetV2,
    taps: ["block_3_expand_relu", "block_12_add", "out_relu"],
  },
  {
    name: "ResNet-50",
    build: resNet50,
    taps: ["conv2_block2_out", "conv4_block3_2_relu", "conv5_block3_out"],
  },
];

for (const { name, build, taps } of NETWORKS) {
  slowTest(
    `ONNX Runtime leaves three transposes of ${name}, and two for each map`,
    async () => {
      await tf.setBackend("cpu");
      const folder = await Deno.makeTempDir();
      try {
        const network = build();
        const path = await saveTo(network, folder);
        network.dispose();
        await using model = await loadModel(path);
        for (const layers of [[], taps.slice(0, 1), taps]) {
          const logits = new FeatureExtractor(model);
          const extractor = layers.length > 0 ? logits.layers(layers) : logits;
          const recorded = await extractor.toOnnx();
          const convolutions = count(operators(recorded), "Conv");
          assert(convolutions > 50, "it is recorded as convolutions");
          assert(count(operators(recorded), "Transpose") >= 2 * convolutions);

          const left = operators(await optimised(recorded, folder));
          const most = 3 + 2 * layers.length;
          assert(
            count(left, "Transpose") <= most,
            `${count(left, "Transpose")} of ${most}: ${layers}`,
          );
          const fused = left.filter((operator) => /Conv$/.test(operator));
          assertEquals(fused.length, convolutions);
        }
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  );
}

/** What the runtime makes of a model, as it would run it. */
async function optimised(
  bytes: Uint8Array,
  folder: string,
): Promise<Uint8Array> {
  const optimizedModelFilePath = `${folder}/optimised.onnx`;
  const session = await InferenceSession.create(bytes, {
    optimizedModelFilePath,
    logSeverityLevel: 4, // it warns that the file is for this machine only
  });
  await session.release();
  return await Deno.readFile(optimizedModelFilePath);
}

/** The operators of a model's graph: https://github.com/onnx/onnx/blob/v1.17.0/onnx/onnx.proto */
function operators(model: Uint8Array): string[] {
  const [graph] = fields(model, 7);
  return fields(graph!, 1).map((node) =>
    new TextDecoder().decode(fields(node, 4)[0])
  );
}

/** Values of a message's field, which holds bytes. */
function fields(message: Uint8Array, wanted: number): Uint8Array[] {
  const reader = new BinaryReader(message);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === wanted) found.push(reader.bytes());
    else reader.skip(type);
  }
  return found;
}

function count(operators: readonly string[], wanted: string): number {
  return operators.filter((operator) => operator === wanted).length;
}
