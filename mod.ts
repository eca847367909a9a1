export * from "./lib/types.ts";
