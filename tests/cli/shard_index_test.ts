import { assertEquals, assertThrows } from "@std/assert";
import { shardOfJob } from "../../lib/cli/shard_index.ts";

/** The part that variables of a scheduler mean. */
function under(variables: Readonly<Record<string, string>>, count?: number) {
  return shardOfJob(count, (name) => variables[name]);
}

Deno.test("shardOfJob() takes index and count from Slurm, the index from Kubernetes", () => {
  assertEquals(under({ SLURM_PROCID: "3", SLURM_NTASKS: "4" }), [3, 4]);
  const array = {
    SLURM_ARRAY_TASK_ID: "12",
    SLURM_ARRAY_TASK_MIN: "10",
    SLURM_ARRAY_TASK_COUNT: "3",
  };
  assertEquals(under(array), [2, 3]);
  const job = { JOB_COMPLETION_INDEX: "0" };
  assertEquals(under(job, 5), [0, 5]);
  assertThrows(() => under(job), RangeError, `"count" must be passed`);
});

Deno.test("shardOfJob() refuses an index beyond the count, and no scheduler", () => {
  const job = { JOB_COMPLETION_INDEX: "5" };
  assertThrows(() => under(job, 5), RangeError, "one of 5 indices");
  assertThrows(() => under({}, 5), RangeError, "a scheduler must have set");
});

Deno.test("shardOfJob() takes steps of a job array, and no empty variable", () => {
  const array = (id: string) => ({
    SLURM_ARRAY_TASK_ID: id,
    SLURM_ARRAY_TASK_MIN: "1",
    SLURM_ARRAY_TASK_STEP: "4",
    SLURM_ARRAY_TASK_COUNT: "3",
  });
  assertEquals(["1", "5", "9"].map((id) => under(array(id))), [
    [0, 3],
    [1, 3],
    [2, 3],
  ]);
  assertThrows(() => under(array("4")), RangeError, "one of 3 indices");
  const empty = { SLURM_ARRAY_TASK_ID: "", SLURM_PROCID: "1" };
  assertEquals(under({ ...empty, SLURM_NTASKS: "2" }), [1, 2]);
  assertThrows(
    () => under({ ...empty, SLURM_NTASKS: "" }),
    RangeError,
    "count",
  );
});
