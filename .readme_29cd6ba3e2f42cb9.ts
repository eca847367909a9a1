import { notebook, show } from "@sonde/sonde";

await notebook(); // in the first cell
await show([{ layer: "conv1", units: 8 }]); // instead of a bare last value
export {};
