import assert from "node:assert/strict";
import { test } from "node:test";
import { APP, AUTH, respond } from "./browser.js";
import { problem } from "./model_server.js";
import { type Fault, OTHER, Schedule } from "./schedule.js";
import { settle } from "./virtual_time.js";

const SCHEDULES = Number(process.env["MODEL_SCHEDULES"] ?? 400);
/** The first schedule, to repeat one that failed. */
const FIRST = Number(process.env["MODEL_FIRST"] ?? 0);
const MAX_TRACE = Number(process.env["MODEL_TRACE"] ?? 40);
const refusal = respond(401, problem(401, "TOKEN_REVOKED").body);

/** A pseudo-random generator (mulberry32), so that each schedule can be repeated by its number. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Runs schedules; throws what the first one finds. */
async function runSchedules(count: number, mode: "token" | "cookie", fault: Fault = {}): Promise<void> {
  const rejections: unknown[] = [];
  const note = (reason: unknown) => rejections.push(reason);
  process.on("unhandledRejection", note);
  try {
    for (let seed = FIRST; seed < FIRST + count; seed += 1) {
      const schedule = new Schedule(generator(seed), mode, fault);
      try {
        await schedule.run();
        await settle();
        assert.deepEqual(rejections, []);
      } catch (error) {
        const trace = schedule.browser.trace.slice(-MAX_TRACE).join("\n");
        throw new Error(`schedule ${seed}: ${String(error)}\n${trace}`, { cause: error });
      }
    }
  } finally {
    process.off("unhandledRejection", note);
  }
}

for (const mode of ["token", "cookie"] as const) {
  test(`no schedule signs a person out wrongly (${mode} mode)`, async (context) => {
    await runSchedules(SCHEDULES / 2, mode);
    context.diagnostic(`${SCHEDULES / 2} schedules in ${mode} mode`);
  });

  const faults: readonly (readonly [string, Fault, RegExp])[] = [
    ["a server that takes no spent token", { graceSeconds: 0 }, /wrong sign-out|a live session was ended/],
    ["outages that are longer than the grace period", { maxOutageSeconds: 1_000 }, /wrong sign-out|a live session was ended/],
    ["an outage with refusals of auth_api", { outage: () => refusal }, /wrong sign-out/],
    ["tokens for another origin", { tokenOrigins: [AUTH, APP, OTHER] }, /a token was sent to another origin/],
  ];
  for (const [name, fault, found] of faults) {
    test(`the schedules find ${name} (${mode} mode)`, async () => {
      await assert.rejects(runSchedules(400, mode, fault), found);
    });
  }
}
