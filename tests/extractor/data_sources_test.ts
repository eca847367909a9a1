/**
 * Runs over sources: any object that knows itself.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import {
  type DataSource,
  FeatureExtractor,
  type Progress,
  type WantedBatches,
} from "@sonde/sonde";
import { counted } from "../support/backends.ts";
import { array, free, mlp, rowsOf } from "./_models.ts";

const X = array([7, 4]);
const NAMES = ["zero", "one", "two", "zero", "one", "two", "zero"];

/** A source that knows nothing before it is prepared, and cannot read row 3. */
function source(requested: string[] = []): DataSource {
  const made = {
    length: undefined as number | undefined,
    classNames: undefined as string[] | undefined,
    prepare() {
      requested.push("prepare");
      made.length = 7;
      made.classNames = ["zero", "one", "two"];
      return Promise.resolve();
    },
    async *batches({ size, start }: WantedBatches) {
      requested.push("batches");
      for (let at = start; at < 7; at += size) {
        const end = Math.min(7, at + size);
        const first = at === 3 ? 4 : at;
        yield await Promise.resolve({
          xs: rowsOf(X, first, end),
          ys: NAMES.slice(first, end),
          ...(first === at
            ? {}
            : { skipped: [{ id: "row 3", reason: "it is cut" }] }),
        });
      }
    },
  };
  return made as unknown as DataSource;
}

counted(
  "predict() prepares a source, names its classes and counts what it skipped",
  async () => {
    const model = mlp();
    const requested: string[] = [];
    const reports: Progress[] = [];
    const set = await new FeatureExtractor(model).batch(3).predict(
      source(requested),
      { progress: false, onProgress: (report) => reports.push(report) },
    );
    assertEquals(requested, ["prepare", "batches"]);
    assertEquals(set.classNames, ["zero", "one", "two"]);
    assertEquals([...set.labels!.data], [0, 1, 2, 1, 2, 0]);
    assertEquals(reports.map(({ total }) => total), [7, 7, 7]);
    assertEquals(reports.map(({ samples }) => samples), [3, 5, 6]);
    const skipped = [{ id: "row 3", reason: "it is cut" }];
    assertEquals(reports[2]!.skipped, skipped);
    free(model);
  },
);

counted("stream() and fitReact() prepare a source too", async () => {
  const model = mlp();
  const extractor = new FeatureExtractor(model).batch(3);
  const names: unknown[] = [];
  for await (const set of extractor.stream(source(), { progress: false })) {
    names.push(set.classNames?.length);
  }
  assertEquals(names, [3, 3, 3]);
  const requested: string[] = [];
  await extractor.fitReact(source(requested), { progress: false });
  assertEquals(requested[0], "prepare");
  free(model);
});

counted(
  "a source that is still being prepared does not hold a stopped run",
  async () => {
    const model = mlp();
    const controller = new AbortController();
    const endless: DataSource = {
      prepare() {
        queueMicrotask(() => controller.abort());
        return new Promise(() => {});
      },
      batches: () => source().batches({ size: 1, start: 0, inputs: [] }),
    };
    await assertRejects(
      () =>
        new FeatureExtractor(model).predict(endless, {
          progress: false,
          signal: controller.signal,
        }),
      DOMException,
      "before the first sample",
    );
    free(model);
  },
);

counted("predict() names the classes of data at hand", async () => {
  const model = mlp();
  const set = await new FeatureExtractor(model).predict(
    { xs: X, ys: NAMES },
    { progress: false },
  );
  assertEquals(set.classNames, ["one", "two", "zero"]);
  assertEquals([...set.labels!.data], [2, 0, 1, 2, 0, 1, 2]);
  free(model);
});
