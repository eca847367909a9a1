/**
 * The C API of ONNX Runtime: a table of functions that this process calls.
 * Functions that take long run in another thread.
 *
 * @module
 */
import { keepLoaded } from "../../../formats/native_library.ts";
import { inFlight } from "./in_flight.ts";

/** The lowest version of the API that has all of these functions. */
const API_VERSION = 18;

const P = "pointer";
/** Memory of JavaScript, used only during the call. */
const B = "buffer";
const N = "usize";
const I = "i32";

/** A function that returns a status. */
function checked<const A extends readonly Deno.NativeType[]>(
  index: number,
  ...parameters: A
) {
  return { index, parameters, result: "pointer" } as const;
}

/** The same, in another thread: its memory must be native. */
function slow<const A extends readonly Deno.NativeType[]>(
  index: number,
  ...parameters: A
) {
  return { ...checked(index, ...parameters), nonblocking: true } as const;
}

/** A function that frees something. */
function freeing(index: number) {
  return { index, parameters: ["pointer"], result: "void" } as const;
}

/** Functions, by their index in `OrtApi` (`onnxruntime_c_api.h`). */
const FUNCTIONS = {
  getErrorMessage: { index: 2, parameters: [P], result: P },
  createEnv: slow(3, I, P, P),
  disableTelemetryEvents: checked(6, P),
  createSessionFromArray: slow(8, P, P, N, P, P),
  run: slow(9, P, P, P, P, N, P, N, P),
  createSessionOptions: checked(10, B),
  setSessionLogSeverityLevel: checked(22, P, I),
  setSessionGraphOptimizationLevel: checked(23, P, I),
  setIntraOpNumThreads: checked(24, P, I),
  sessionGetInputCount: checked(30, P, B),
  sessionGetOutputCount: checked(31, P, B),
  sessionGetInputTypeInfo: checked(33, P, N, B),
  sessionGetOutputTypeInfo: checked(34, P, N, B),
  sessionGetInputName: checked(36, P, N, P, B),
  sessionGetOutputName: checked(37, P, N, P, B),
  createRunOptions: checked(39, B),
  runOptionsSetTerminate: checked(46, P),
  createTensorAsOrtValue: checked(48, P, B, N, I, B),
  createTensorWithData: checked(49, P, P, N, B, N, I, B),
  isTensor: checked(50, P, B),
  getTensorMutableData: checked(51, P, B),
  fillStringTensor: checked(52, P, P, N),
  castTypeInfoToTensorInfo: checked(55, P, B),
  getTensorElementType: checked(60, P, B),
  getDimensionsCount: checked(61, P, B),
  getDimensions: checked(62, P, B, N),
  getSymbolicDimensions: checked(63, P, B, N),
  getTensorTypeAndShape: checked(65, P, B),
  createCpuMemoryInfo: checked(69, I, I, B),
  allocatorAlloc: checked(75, P, N, B),
  allocatorFree: checked(76, P, P),
  getAllocatorWithDefaultOptions: checked(78, B),
  releaseStatus: freeing(93),
  releaseSession: { ...freeing(95), nonblocking: true },
  releaseValue: freeing(96),
  releaseRunOptions: freeing(97),
  releaseTypeInfo: freeing(98),
  releaseTensorTypeAndShapeInfo: freeing(99),
  releaseSessionOptions: freeing(100),
  addSessionConfigEntry: checked(130, P, B, B),
  addExternalInitializersFromFilesInMemory: checked(279, P, B, B, B, N),
} as const;

type Functions = typeof FUNCTIONS;

/** The functions of ONNX Runtime. */
export type CApi = {
  readonly [Name in keyof Functions]: Deno.UnsafeFnPointer<
    Functions[Name]
  >["call"];
};

/**
 * Opens the library, which stays in memory.
 *
 * @param path Its file.
 * @returns Its functions.
 * @throws {Error} If it cannot be opened, or is of an older version.
 */
export function openCApi(path: URL): CApi {
  keepLoaded(path);
  const library = Deno.dlopen(path, {
    OrtGetApiBase: { parameters: [], result: "pointer" },
  });
  const base = new Deno.UnsafePointerView(library.symbols.OrtGetApiBase()!);
  library.close();
  const getApi = new Deno.UnsafeFnPointer(base.getPointer()!, {
    parameters: ["u32"],
    result: "pointer",
  });
  const pointer = getApi.call(API_VERSION);
  if (pointer === null) throw new Error(`it has no API ${API_VERSION}`);
  const table = new Deno.UnsafePointerView(pointer);
  const calls = Object.entries(FUNCTIONS).map(([name, { index, ...type }]) => {
    const address = table.getPointer(index * POINTER_BYTES);
    const found = new Deno.UnsafeFnPointer<Deno.ForeignFunction>(
      address as Deno.PointerObject<never>,
      type,
    );
    const call = found.call.bind(found);
    const isSlow = "nonblocking" in type;
    return [
      name,
      isSlow ? (...values: Values) => inFlight(call(...values)) : call,
    ];
  });
  return Object.fromEntries(calls);
}

type Values = Parameters<Deno.UnsafeFnPointer<Deno.ForeignFunction>["call"]>;

const POINTER_BYTES = 8;

/** Memory of 8 bytes that a function writes a value to. */
export class Out extends BigUint64Array<ArrayBuffer> {
  constructor() {
    super(new ArrayBuffer(8));
  }

  /** The value, as a pointer. */
  get pointer(): Deno.PointerValue {
    return Deno.UnsafePointer.create(this[0]!);
  }

  /** The value, as a number of 64 bits. */
  get size(): number {
    return Number(this[0]!);
  }

  /** The value, as a number of 32 bits. */
  get int32(): number {
    return new Int32Array(this.buffer)[0]!;
  }
}
