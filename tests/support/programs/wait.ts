/**
 * A program: imports a package and waits for a moment, so that what Deno does by
 * itself is seen.
 *
 * @module
 */
import "marked";

await new Promise((resolve) => setTimeout(resolve, 100));
