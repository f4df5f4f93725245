// What a history says of the states: their statuses, and the lines that were taken. Events come in
// order and may come in parts.

import type { Machine, State } from "../asl/machine";
import type { StateStatus, Status } from "../canvas/status";

/** An event as the API writes it; only what is read here. */
export interface HistoryEvent {
  readonly id: number;
  readonly type: string;
  readonly previousEventId?: number;
  readonly stateEnteredEventDetails?: { readonly name: string };
  readonly stateExitedEventDetails?: { readonly name: string };
}

interface Visit {
  readonly name: string;
  isOpen: boolean;
  /** Whether the last thing that happened in it was a failure. */
  hasFailed: boolean;
  isWaiting: boolean;
}

const FAILURE = /^(?:Task|LambdaFunction|Activity)(?:\w*Failed|TimedOut)$|^(?:Parallel|Map)StateFailed$|^MapRunFailed$|^EvaluationFailed$/;
const FRESH_TRY = /^(?:Task|LambdaFunction|Activity)Scheduled$|^(?:Task|Activity|LambdaFunction)Succeeded$/;

export class RunReader {
  /** The visit that each event belongs to. */
  private readonly visitOf = new Map<number, Visit>();
  private readonly counts = new Map<string, number>();
  private readonly latest = new Map<string, Status>();
  private readonly openByName = new Map<string, number>();
  private readonly hops = new Set<string>();
  private readonly exits = new Map<number, { name: string; wasCaught: boolean }>();
  private ending: string | null = null;

  add(events: readonly HistoryEvent[]): void {
    for (const event of events) this.addOne(event);
  }

  private addOne(event: HistoryEvent): void {
    const before = event.previousEventId ?? 0;
    const entered = event.stateEnteredEventDetails?.name;
    if (entered !== undefined) {
      const exit = this.exits.get(before);
      if (exit) this.hops.add(hop(exit.name, entered, exit.wasCaught));
      const visit: Visit = { name: entered, isOpen: true, hasFailed: event.type === "FailStateEntered", isWaiting: event.type === "WaitStateEntered" };
      this.visitOf.set(event.id, visit);
      this.counts.set(entered, (this.counts.get(entered) ?? 0) + 1);
      this.openByName.set(entered, (this.openByName.get(entered) ?? 0) + 1);
      this.latest.set(entered, visit.isWaiting ? "waiting" : "running");
      return;
    }
    const visit = this.visitOf.get(before);
    const exited = event.stateExitedEventDetails?.name;
    if (exited !== undefined) {
      // A Parallel or a Map is left behind events of what it holds: its own visit is the open one of that name.
      const own = visit?.name === exited ? visit : [...this.visitOf.values()].findLast((each) => each.name === exited && each.isOpen);
      const wasCaught = own?.hasFailed ?? false;
      if (own) own.isOpen = false;
      this.openByName.set(exited, Math.max(0, (this.openByName.get(exited) ?? 1) - 1));
      this.settle(exited, wasCaught ? "caught" : "succeeded");
      this.exits.set(event.id, { name: exited, wasCaught });
      return;
    }
    if (/^Execution(?:Failed|TimedOut|Aborted|Succeeded)$/.test(event.type)) {
      this.ending = event.type;
      return;
    }
    if (!visit) return;
    this.visitOf.set(event.id, visit);
    if (FAILURE.test(event.type)) visit.hasFailed = true;
    else if (FRESH_TRY.test(event.type)) visit.hasFailed = false;
    if (/^(?:Parallel|Map|Task|Wait)StateAborted$/.test(event.type)) {
      visit.isOpen = false;
      this.openByName.set(visit.name, Math.max(0, (this.openByName.get(visit.name) ?? 1) - 1));
      this.settle(visit.name, "stopped");
    }
  }

  /** A closed visit's status; what still runs elsewhere, or failed, is told before it. */
  private settle(name: string, status: Status): void {
    if ((this.openByName.get(name) ?? 0) > 0) return;
    const known = this.latest.get(name);
    this.latest.set(name, known === "failed" ? known : status);
  }

  /** The status of every state of the machine that was entered. */
  statuses(machine: Machine): Map<string, StateStatus> {
    const open = new Map<string, Visit>();
    for (const visit of this.visitOf.values()) if (visit.isOpen) open.set(visit.name, visit);
    const statuses = new Map<string, StateStatus>();
    for (const state of machine.states.values()) {
      const visits = this.counts.get(state.name) ?? 0;
      if (visits === 0) continue;
      statuses.set(state.id, { status: this.statusOf(state, open.get(state.name)), visits });
    }
    return statuses;
  }

  private statusOf(state: State, open: Visit | undefined): Status {
    const latest = this.latest.get(state.name) ?? "running";
    if (!open) return latest;
    if (state.type === "Fail") return "failed";
    if (this.ending === null) return open.isWaiting ? "waiting" : "running";
    if (this.ending === "ExecutionSucceeded") return "succeeded";
    return open.hasFailed || (this.ending === "ExecutionFailed" && state.branches.length > 0) ? "failed" : "stopped";
  }

  /** The ids of the lines that were taken, as the canvas knows them. */
  taken(machine: Machine): Set<string> {
    const taken = new Set<string>();
    for (const state of machine.states.values()) {
      for (const link of state.links) {
        if (this.hops.has(hop(state.name, link.target, link.kind === "catch"))) taken.add(`${state.id} ${link.path.join("/")}`);
      }
    }
    return taken;
  }
}

function hop(from: string, to: string, wasCaught: boolean): string {
  return `${wasCaught ? "!" : ">"}${from}\n${to}`;
}
