/**
 * Sets TF.js up for Deno, also where the user imports it by itself, without
 * loading it.
 *
 * All modules of TF.js share one engine, which the first of them writes to
 * `globalThis._tfengine`. If it is there, it is set up now; otherwise as soon
 * as it is written.
 *
 * @module
 */
import type * as tfjs from "@tensorflow/tfjs";

type Engine = ReturnType<typeof tfjs.engine>;
type Backend = ReturnType<Parameters<Engine["registerBackend"]>[1]>;

const NAME = "_tfengine";

const engine: Engine | undefined = Reflect.get(globalThis, NAME);
if (engine !== undefined) setUp(engine);
else {
  Object.defineProperty(globalThis, NAME, {
    configurable: true,
    get: () => undefined,
    set(value: Engine) {
      const plain = { configurable: true, enumerable: true, writable: true };
      Object.defineProperty(globalThis, NAME, { ...plain, value });
      setUp(value);
    },
  });
}

/**
 * Changes how two backends are registered.
 *
 * - "cpu": when it creates its first tensor, it prints advice to install TF.js'
 *   Node backend, which does not run under Deno. Its flag for that is cleared.
 * - "wasm" is offered, so that `setBackend("wasm")` loads the package that this
 *   library uses. Its priority keeps it from being the default. If the user
 *   imports the package, that import replaces this offer without a warning.
 */
function setUp(engine: Engine): void {
  const { registry, registryFactory } = engine;
  if (registry.cpu !== undefined) quiet(registry.cpu);
  else if (registryFactory.cpu !== undefined) {
    const { factory } = registryFactory.cpu;
    registryFactory.cpu.factory = () => quiet(factory());
  }
  const register = engine.registerBackend;
  const load = async () => {
    await import("@tensorflow/tfjs-backend-wasm"); // registers the backend
    return await engine.findBackendFactory("wasm")!();
  };
  engine.registerBackend = (name, factory, priority) => {
    if (name === "cpu") {
      return register.call(engine, name, () => quiet(factory()), priority);
    }
    if (name === "wasm" && registryFactory.wasm?.factory === load) {
      delete registryFactory.wasm;
    }
    return register.call(engine, name, factory, priority);
  };
  if (registryFactory.wasm === undefined) {
    register.call(engine, "wasm", load, 0);
  }
}

/** Clears the flag of a backend for its advice; nothing else changes. */
function quiet(backend: Backend): Backend {
  return Object.assign(backend, { firstUse: false });
}
