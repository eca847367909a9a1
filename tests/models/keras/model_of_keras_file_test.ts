import { assertEquals, assertRejects } from "@std/assert";
import { openKeras } from "../../support/open_keras.ts";
import { ModelFormatError } from "../../../lib/errors.ts";
import type { LayerFactory } from "../../../lib/layers/layer.ts";
import type { KerasFile } from "../../../lib/models/keras/keras_file.ts";
import { modelOfKerasFile } from "../../../lib/models/keras/keras_file.ts";
import { modelPath } from "../../support/keras_models.ts";
import { openOn } from "../../support/open_on.ts";

/** A file that counts how often it is closed. */
async function counted(name: string, change = (config: string) => config) {
  const file = await openKeras(modelPath(name));
  const closed = { times: 0 };
  const config = JSON.parse(change(JSON.stringify(file.config)));
  const watched: KerasFile = {
    format: file.format,
    major: file.major,
    source: file.source,
    bindWeights: file.bindWeights,
    config,
    close() {
      closed.times++;
      file.close();
    },
  } as KerasFile;
  return { file: watched, closed };
}

for (const name of ["k3_mlp.keras", "k3_mlp.h5", "k2_mlp.keras", "k2_mlp.h5"]) {
  Deno.test(`modelOfKerasFile() closes the file with the model, and once: ${name}`, async () => {
    const { file, closed } = await counted(name);
    const model = await modelOfKerasFile(file);
    assertEquals(model.format, name.endsWith("h5") ? "keras-h5" : "keras");
    assertEquals(closed.times, 0);
    await model.close();
    await model.close();
    assertEquals(closed.times, 1);
  });

  Deno.test(`modelOfKerasFile() closes the file if a layer is not known: ${name}`, async () => {
    const { file, closed } = await counted(
      name,
      (config) =>
        config.replaceAll(`"class_name":"Dense"`, `"class_name":"Denser"`),
    );
    await assertRejects(
      () => modelOfKerasFile(file),
      ModelFormatError,
      "pass customObjects: { Denser: … }",
    );
    assertEquals(closed.times, 1);
  });
}

Deno.test("modelOfKerasFile() takes a caller's layer before one of ours", async () => {
  const zeros: LayerFactory = (config) => {
    config.raw("units");
    for (const key of ["activation", "use_bias"]) config.raw(key);
    return {
      weights: ["kernel", "bias"],
      call: (ops, [x], { kernel }) => [
        ops.multiply(ops.matmul(x!, kernel!), ops.constant(0)),
      ],
    };
  };
  const { file } = await counted("k3_mlp.keras");
  await using model = await modelOfKerasFile(file, {
    customLayers: { Dense: zeros },
  });
  await using opened = await openOn(model, "cpu");
  const size = model.inputs[0]!.shape[1]!;
  const data = new Float32Array(size).fill(1);
  const [y] = await opened.run([{ data, shape: [1, size], dtype: "float32" }]);
  const head = model.findLayer(-1);
  assertEquals(head.kind, "Dense");
  assertEquals([...y!.data].every((value) => value === 0), true);
});
