/**
 * A program that writes features and kills itself before it is done.
 *
 *     write_killed.ts target operation [options]
 *
 * It is killed by SIGKILL at the operation on files of that number, from 1; with 0
 * it completes. It always writes the same; the options are those of `write`, as
 * JSON.
 *
 * @module
 */
import { FeatureExtractor } from "@sonde/sonde";
import { array, mlp } from "../../extractor/_models.ts";
import { atOperation } from "../file_operations.ts";

const [target, operation, layout = "{}"] = Deno.args;
const extractor = new FeatureExtractor(mlp()).layers(["hidden"]).batch(4);
const options = { ...JSON.parse(layout), partSize: 4, progress: false };
const write = () => extractor.write(array([20, 4]), target!, options);
await atOperation(
  Number(operation),
  () => Deno.kill(Deno.pid, "SIGKILL"),
  write,
);
