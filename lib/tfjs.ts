/**
 * TF.js, set up for Deno. It is evaluated on the first use of `tf`.
 *
 * @module
 */
import * as tfjs from "@tensorflow/tfjs";

export * from "@tensorflow/tfjs";
export { default } from "@tensorflow/tfjs";

/**
 * Internal state of the backend "cpu": whether it has yet to print its advice.
 */
interface AdvisingBackend {
  firstUse: boolean;
}

/**
 * When it creates its first tensor, the backend "cpu" prints advice to install
 * TF.js' Node backend, which does not run under Deno. Clearing its `firstUse`
 * flag suppresses that message; nothing else changes, and the console is not
 * patched.
 */
function declineAdvice(): void {
  const { cpu } = tfjs.engine().registry;
  if (cpu !== undefined) {
    (cpu as unknown as AdvisingBackend).firstUse = false;
    return;
  }
  const make = tfjs.findBackendFactory("cpu");
  if (make === null) return;
  const { priority } = tfjs.engine().registryFactory.cpu!;
  const quiet = () => Object.assign(make(), { firstUse: false });
  tfjs.removeBackend("cpu");
  tfjs.registerBackend("cpu", quiet, priority);
}

declineAdvice();

/**
 * Registers the backend "wasm", so that the first `tf.setBackend("wasm")` loads
 * the package that this library uses. Its priority keeps it from being the
 * default. If the user imports the package, that import replaces this
 * registration without a warning.
 */
function offerWasm(): void {
  const engine = tfjs.engine();
  const { registryFactory } = engine;
  if (registryFactory.wasm !== undefined) return;
  const register = engine.registerBackend;
  const load = async () => {
    await import("@tensorflow/tfjs-backend-wasm"); // registers the backend
    return await tfjs.findBackendFactory("wasm")!();
  };
  engine.registerBackend = (name, factory, priority) => {
    if (name === "wasm" && registryFactory.wasm?.factory === load) {
      engine.registerBackend = register;
      delete registryFactory.wasm;
    }
    return register.call(engine, name, factory, priority);
  };
  tfjs.registerBackend("wasm", load, 0);
}

offerWasm();
