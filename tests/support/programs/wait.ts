/**
 * A program: imports a package and waits for a moment, so that the activity of Deno
 * itself can be observed.
 *
 * @module
 */
import "marked";

await new Promise((resolve) => setTimeout(resolve, 100));
