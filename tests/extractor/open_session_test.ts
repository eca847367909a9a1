import { assertEquals, assertRejects } from "@std/assert";
import { tf, UnsupportedByEngineError } from "@sonde/sonde";
import { Pacer } from "../../lib/formats/pacer.ts";
import { chooseEngine } from "../../lib/extractor/choose_engine.ts";
import { compile } from "../../lib/extractor/compile.ts";
import { graphOf } from "../support/graph_of.ts";
import { openSession } from "../../lib/extractor/open_session.ts";
import { DEFAULTS } from "../../lib/extractor/settings.ts";
import { assertAllClose } from "../support/all_close.ts";
import { onBackends } from "../support/backends.ts";
import { array, filled, free, mlp, predicted } from "./_models.ts";

onBackends(
  "openSession() opens a program on the backend that was requested",
  async ({ name, rtol }) => {
    const model = mlp("linear");
    const settings = { ...DEFAULTS, backend: name };
    const program = await compile(graphOf(model), settings);
    await using session = await openSession(
      program,
      await chooseEngine(program, settings),
    );
    const x = array([3, 4]);
    const { logits, features } = await session.run([x], new Pacer());
    assertEquals(features, []);
    const [expected] = await predicted(model, [x]);
    assertAllClose(logits!, expected!, { rtol, atol: rtol });
    free(model);
  },
);

onBackends(
  "openSession() refuses what a backend computes wrong",
  async ({ name }) => {
    const model = filled(tf.sequential({
      layers: [
        tf.layers.conv3dTranspose({
          filters: 1,
          kernelSize: 2,
          inputShape: [2, 2, 2, 1],
        }),
      ],
    }));
    const graph = graphOf(model);
    const settings = {
      ...DEFAULTS,
      backend: name,
      layers: [graph.findNode(0)],
    };
    const program = await compile(graph, settings);
    if (name === "wasm") {
      await assertRejects(
        () => chooseEngine(program, settings),
        UnsupportedByEngineError,
      );
    } else {
      await using session = await openSession(
        program,
        await chooseEngine(program, settings),
      );
      const x = array([1, 2, 2, 2, 1]);
      const { features } = await session.run([x], new Pacer());
      const [expected] = await predicted(model, [x]);
      assertAllClose(features[0]!, expected!, { atol: 1e-5 });
    }
    free(model);
  },
);
