// The code view: the text as JSON or YAML, in step with the graph. Text that cannot be read keeps the
// last graph, and says where it breaks.

import { useEffect, useRef, useState } from "preact/hooks";
import { reconcile } from "../asl/json/change";
import { isObject } from "../asl/json/node";
import { print, printAlone, unlaid } from "../asl/json/print";
import { lineOf, offsetOf } from "../asl/locate";
import type { Store } from "../designer/store";
import type { Editor, Format } from "./editor";

const PAUSE_MS = 250;

export function CodePane({ store }: { readonly store: Store }) {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor | null>(null);
  const module = useRef<typeof import("./yaml") | null>(null);
  const [format, setFormat] = useState<Format>("json");
  const [bad, setBad] = useState<string>();
  const [isReady, setReady] = useState(false);
  const state = useRef({ format, isTyping: false });
  state.current.format = format;

  const textFor = (which: Format): string => (which === "json" || !module.current ? store.text : module.current.toYaml(store.document.machine.root));

  const take = (text: string): void => {
    if (state.current.format === "json") {
      setBad(undefined);
      store.setText(text, "code");
      return;
    }
    const read = module.current?.fromYaml(text);
    if (!read) return;
    if ("message" in read) return setBad(`Line ${read.line}: ${read.message}`);
    if (!isObject(read.node)) return setBad("A definition is a map of fields.");
    setBad(undefined);
    const { root } = store.document.machine;
    store.setText(print(reconcile(root, read.node), store.document.text), "code");
  };

  useEffect(() => {
    let isGone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let typed: string | null = null;
    const flush = (): void => {
      clearTimeout(timer);
      if (typed !== null) take(typed);
      typed = null;
      state.current.isTyping = false;
    };
    void import("./editor").then(({ makeEditor }) => {
      if (isGone || !host.current) return;
      editor.current = makeEditor({
        parent: host.current,
        nonce: store.start.nonce,
        text: store.text,
        format: "json",
        names: () => [...[...store.document.machine.states.values()].map(({ name }) => name), ...store.functions],
        onChange: (text) => {
          typed = text;
          state.current.isTyping = true;
          clearTimeout(timer);
          timer = setTimeout(flush, PAUSE_MS);
        },
        onUndo: () => (flush(), store.undo()),
        onRedo: () => (flush(), store.redo()),
      });
      setReady(true);
    });
    return () => {
      isGone = true;
      flush();
      editor.current?.destroy();
    };
  }, []);

  // What changed elsewhere is shown; what is being typed is not touched.
  useEffect(() => {
    if (!isReady || state.current.isTyping) return;
    if (format === "yaml" && module.current && bad !== undefined) return;
    editor.current?.setText(textFor(format));
  }, [store.text, format, isReady]);

  useEffect(() => {
    if (!isReady) return;
    const marks = store.broken
      ? [{ line: store.broken.line, message: store.broken.message, isError: true }]
      : format === "json"
        ? store.problems.map((problem) => ({ line: problem.line ?? (problem.pointer === null ? 1 : lineOf(store.text, problem.pointer)), message: problem.message, isError: problem.isError }))
        : [];
    editor.current?.setMarks(marks);
  }, [store.problems, store.broken, isReady, format]);

  const [selected] = store.selection;
  useEffect(() => {
    if (!isReady || selected === undefined || format !== "json" || state.current.isTyping) return;
    const offset = offsetOf(store.document.machine, selected);
    if (offset !== null) editor.current?.goTo(offset);
  }, [selected, isReady, format]);

  const choose = async (next: Format): Promise<void> => {
    if (next === "yaml") module.current ??= await import("./yaml");
    setBad(undefined);
    setFormat(next);
    editor.current?.setFormat(next);
  };
  const broken = bad ?? (store.broken ? `Line ${store.broken.line}: ${store.broken.message}. The graph shows the text of before.` : undefined);
  return (
    <section class="code-pane" aria-label="Code">
      <div class="code-bar">
        <div class="segments" role="group" aria-label="Format">
          {(["json", "yaml"] as const).map((each) => (
            <button key={each} type="button" aria-pressed={each === format} onClick={() => void choose(each)}>
              {each.toUpperCase()}
            </button>
          ))}
        </div>
        <button type="button" class="quiet" disabled={store.broken !== null} onClick={() => store.setText(`${printAlone(unlaid(store.document.machine.root))}\n`, null)}>
          Format
        </button>
        {broken ? <p class="bad" role="status">{broken}</p> : null}
      </div>
      <div class="code-host" ref={host} />
      {isReady ? null : <p class="hint code-loading">Loading the editor…</p>}
    </section>
  );
}
