// What differs between two definitions, as a graph with marks and as lines.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { changes, lines } from "../asl/compare";
import { isBroken, open } from "../asl/document";
import { Canvas } from "../canvas/canvas";
import { toolbar } from "../canvas/toolbar";
import type { StateStatus } from "../canvas/status";
import { Layouter } from "../layout/layout";

export function Difference({ from, to }: { readonly from: string; readonly to: string }) {
  const [view, setView] = useState<"graph" | "text">("graph");
  const found = useMemo(() => {
    const [a, b] = [open(from), open(to)];
    return isBroken(a) || isBroken(b) ? null : { before: a, after: b, ...changes(a, b) };
  }, [from, to]);
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (view !== "graph" || !found || !host.current) return;
    const canvas = new Canvas(host.current, { select: () => undefined }, "What differs");
    host.current.append(toolbar(canvas));
    const marks = new Map<string, StateStatus>();
    for (const id of found.added) marks.set(id, { status: "added", visits: 1 });
    for (const id of found.changed) marks.set(id, { status: "changed", visits: 1 });
    const { machine } = found.after;
    canvas.show({ picture: new Layouter().picture(machine, { collapsed: new Set() }), machine, selection: [], marks }, null);
    return () => canvas.destroy();
  }, [view, found]);
  const shown = useMemo(() => (view === "text" ? lines(from, to) : []), [view, from, to]);
  if (!found) return <p>The definition that is saved cannot be read, so there is nothing to compare with.</p>;
  const names = (ids: readonly string[]): string => ids.map((id) => `“${(found.after.machine.states.get(id) ?? found.before.machine.states.get(id))?.name ?? id}”`).join(", ");
  const told = [
    found.added.length > 0 ? `Added: ${names(found.added)}.` : "",
    found.changed.length > 0 ? `Changed: ${names(found.changed)}.` : "",
    found.removed.length > 0 ? `Removed: ${names(found.removed)}.` : "",
  ].filter(Boolean);
  return (
    <section class="difference-view" aria-label="What differs">
      <div class="row-head">
        <p>{from === to ? "Nothing differs from what is saved." : told.length > 0 ? told.join(" ") : "No state differs; other lines do."}</p>
        <div class="segments" role="group" aria-label="Difference as">
          <button type="button" aria-pressed={view === "graph"} onClick={() => setView("graph")}>Graph</button>
          <button type="button" aria-pressed={view === "text"} onClick={() => setView("text")}>Text</button>
        </div>
      </div>
      {view === "graph" ? <div class="difference-graph" ref={host} /> : (
        <pre class="difference" tabIndex={0} role="group" aria-label="Lines that differ">
          {shown.map(({ kind, text }, at) => (
            <span key={at} class={kind}>{`${{ same: " ", gap: " ", added: "+", removed: "−" }[kind]} ${text}\n`}</span>
          ))}
        </pre>
      )}
    </section>
  );
}
