import { testCallCases } from "../support/call_cases.ts";

testCallCases("recurrent", /^ConvLSTM/);
