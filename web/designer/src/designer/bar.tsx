// The bar above the designer: what is designed, how it is saved, and what can be done with all of it.

import { useEffect, useReducer } from "preact/hooks";
import { Icon, Square } from "../forms/icon";
import type { Mode, Store } from "./store";

interface Props {
  readonly store: Store;
  readonly onSave: () => void;
  readonly onStart: () => void;
  readonly onTest: () => void;
  readonly onOutline: () => void;
  readonly hasOutline: boolean;
  readonly onHelp: () => void;
  readonly onProblems: () => void;
  readonly hasProblems: boolean;
}

/** How all that was done is kept, in words. */
function savedWords(store: Store): string {
  if (!store.machine) return "A draft, kept in this browser";
  if (store.saving === "saving") return "Saving…";
  if (store.saving === "failed") return "Not saved";
  const { state, sentAt } = store.drafts;
  if (state === "failed") return "Draft not kept: the server does not answer";
  if (state === "other") return "Draft not kept: somebody else changes it";
  if (store.saving === "saved") return "Saved";
  if (state === "waiting" || state === "sending") return "Keeping the draft…";
  return sentAt > 0 ? `Draft kept ${ago(Date.now() - sentAt)}` : "A draft, not saved yet";
}

function ago(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 5) return "just now";
  return seconds < 60 ? `${seconds} s ago` : `${Math.floor(seconds / 60)} min ago`;
}

const MODES: readonly (readonly [Mode, string])[] = [["design", "Design"], ["code", "Code"], ["both", "Both"]];

export function Bar({ store, onTest, onOutline, hasOutline, onSave, onStart, onHelp, onProblems, hasProblems }: Props) {
  const { errors } = store;
  const warnings = store.problems.length - errors;
  const [, tick] = useReducer((count: number, _: void) => count + 1, 0);
  useEffect(() => {
    const timer = setInterval(() => tick(), 10_000);
    return () => clearInterval(timer);
  }, []);
  const state = savedWords(store);
  return (
    <div class="designer-bar">
      <h1>{store.machine?.name ?? "New machine"}</h1>
      <span class="saved">{state}</span>
      <div class="segments" role="group" aria-label="View">
        {MODES.map(([mode, words]) => (
          <button key={mode} type="button" aria-pressed={store.mode === mode} onClick={() => store.setMode(mode)}>
            {words}
          </button>
        ))}
      </div>
      <div class="bar-actions">
        <Square icon="boxes" label="Outline" isPressed={hasOutline} onClick={onOutline} />
        <Square icon="undo-2" label="Undo" keys="Ctrl+Z" isDisabled={store.history.past.length === 0 && !store.broken} onClick={() => store.undo()} />
        <Square icon="redo-2" label="Redo" keys="Ctrl+Shift+Z" isDisabled={store.history.future.length === 0} onClick={() => store.redo()} />
        <button type="button" class={`button problems-button${errors > 0 ? " has-errors" : warnings > 0 ? " has-warnings" : ""}`} aria-expanded={hasProblems} onClick={onProblems}>
          <Icon name={store.problems.length > 0 ? "triangle-alert" : "circle-check"} />
          {store.problems.length === 0 ? "No problems" : [errors > 0 ? `${errors} ${errors === 1 ? "error" : "errors"}` : "", warnings > 0 ? `${warnings} ${warnings === 1 ? "warning" : "warnings"}` : ""].filter(Boolean).join(", ")}
        </button>
        <button type="button" class="square" aria-label="Export" title="Export" {...{ popovertarget: "export" }}>
          <Icon name="download" />
        </button>
        <div class="drop export-menu" id="export" popover="auto" role="group" aria-label="Export as">
          <button type="button" onClick={() => void exportAs(store, "json")}>JSON</button>
          <button type="button" onClick={() => void exportAs(store, "yaml")}>YAML</button>
          <button type="button" onClick={() => void exportAs(store, "svg")}>SVG picture</button>
          <button type="button" onClick={() => void exportAs(store, "png")}>PNG picture</button>
        </div>
        <Square icon="keyboard" label="Keys" keys="?" onClick={onHelp} />
        <button type="button" class="button" title="Test the selected state (T)" onClick={onTest}>
          <Icon name="circle-check" /> Test
        </button>
        <button type="button" class="button" onClick={onStart}>
          <Icon name="play" /> Start
        </button>
        <button type="button" class="button primary" disabled={(store.machine === null && store.broken !== null) || store.saving === "saving"} onClick={onSave}>
          {store.machine ? "Save version" : "Create"}
        </button>
      </div>
    </div>
  );
}

async function exportAs(store: Store, format: "json" | "yaml" | "svg" | "png"): Promise<void> {
  document.getElementById("export")?.hidePopover();
  const name = `${store.machine?.name ?? "machine"}.${format === "json" ? "asl.json" : format === "yaml" ? "asl.yaml" : format}`;
  try {
    download(name, await blobOf(store, format));
    store.say(`Exported ${name}`);
  } catch (error) {
    store.apply({ refused: `Not exported: ${error instanceof Error ? error.message : "the browser refused"}.` });
  }
}

async function blobOf(store: Store, format: "json" | "yaml" | "svg" | "png"): Promise<Blob> {
  switch (format) {
    case "json":
      return new Blob([store.document.text], { type: "application/json" });
    case "yaml": {
      const { toYaml } = await import("../code/yaml");
      return new Blob([toYaml(store.document.machine.root)], { type: "application/yaml" });
    }
    case "svg": {
      const { svgText } = await import("./parts");
      return new Blob([svgText(store.picture)], { type: "image/svg+xml" });
    }
    case "png": {
      const { png } = await import("./parts");
      return await png(store.picture);
    }
  }
}

function download(name: string, blob: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
