import assert from "node:assert/strict";
import { test } from "node:test";
import { isBroken, open } from "../asl/document";
import { RunReader, type HistoryEvent } from "./statuses";

const TEXT = JSON.stringify({
  StartAt: "Pay",
  States: {
    Pay: { Type: "Task", Resource: "pay", Catch: [{ ErrorEquals: ["States.ALL"], Next: "Sorry" }], Next: "Both" },
    Both: { Type: "Parallel", Branches: [{ StartAt: "A", States: { A: { Type: "Pass", End: true } } }], End: true },
    Sorry: { Type: "Fail" },
  },
});

type Short = [type: string, previous: number, name?: string];

function run(...events: Short[]): HistoryEvent[] {
  return events.map(([type, previousEventId, name], at) => ({
    id: at + 1, type, previousEventId,
    ...(name !== undefined && type.endsWith("Entered") ? { stateEnteredEventDetails: { name } } : {}),
    ...(name !== undefined && type.endsWith("Exited") ? { stateExitedEventDetails: { name } } : {}),
  }));
}

function told(events: HistoryEvent[]): { statuses: string; taken: string[] } {
  const opened = open(TEXT);
  assert.ok(!isBroken(opened));
  const reader = new RunReader();
  // In parts of any size, as they arrive.
  reader.add(events.slice(0, 3));
  reader.add(events.slice(3));
  const statuses = [...reader.statuses(opened.machine)].map(([id, { status, visits }]) => `${id.split("/").at(-1)} ${status}${visits > 1 ? visits : ""}`);
  return { statuses: statuses.join(", "), taken: [...reader.taken(opened.machine)] };
}

test("a retry that went well and a Parallel are succeeded, and the line between was taken", () => {
  const events = run(
    ["ExecutionStarted", 0], ["TaskStateEntered", 0, "Pay"], ["TaskScheduled", 2], ["TaskStarted", 3], ["TaskFailed", 4], ["TaskScheduled", 5], ["TaskStarted", 6],
    ["TaskSucceeded", 7], ["TaskStateExited", 8, "Pay"], ["ParallelStateEntered", 9, "Both"], ["ParallelStateStarted", 10], ["PassStateEntered", 11, "A"],
    ["PassStateExited", 12, "A"], ["ParallelStateSucceeded", 13], ["ParallelStateExited", 14, "Both"], ["ExecutionSucceeded", 15],
  );
  assert.deepEqual(told(events), { statuses: "Pay succeeded, Both succeeded, A succeeded", taken: ["/States/Pay Next"] });
});

test("a caught error is caught, and where it led has failed", () => {
  const events = run(
    ["ExecutionStarted", 0], ["TaskStateEntered", 0, "Pay"], ["TaskScheduled", 2], ["TaskStarted", 3], ["TaskTimedOut", 4], ["TaskStateExited", 5, "Pay"],
    ["FailStateEntered", 6, "Sorry"], ["ExecutionFailed", 7],
  );
  assert.deepEqual(told(events), { statuses: "Pay caught, Sorry failed", taken: ["/States/Pay Catch/0/Next"] });
});

test("what runs runs, and what was stopped was stopped", () => {
  const running = run(["ExecutionStarted", 0], ["TaskStateEntered", 0, "Pay"], ["TaskScheduled", 2]);
  assert.equal(told(running).statuses, "Pay running");
  assert.equal(told([...running, ...run(["ExecutionAborted", 3]).map((event) => ({ ...event, id: 4 }))]).statuses, "Pay stopped");
});
