import { importSuite } from "../suites.ts";

await importSuite(import.meta.url);
await import("../run_examples.ts");
