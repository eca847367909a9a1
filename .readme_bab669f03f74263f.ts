import { table } from "@sonde/sonde";

const flowers = table("tests/data/tables/flowers.csv", {
  where: "petal_width > 0.1",
  labels: "species",
  split: { share: 0.8, seed: 1, part: "first" },
});
await flowers.prepare?.(); // runs do this themselves
console.log(flowers.length, flowers.classNames);
export {};
