// The text editor of the code view: CodeMirror with folding, marks for problems and completion of what
// the language has. Loaded when somebody opens that view.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, type Completion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { defaultKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, codeFolding, foldGutter, foldKeymap, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Annotation, Compartment, EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { ALL_KEYS, ERROR_NAMES } from "../asl/fields";
import { TYPES } from "../asl/machine";

export type Format = "json" | "yaml";

export interface Mark {
  /** From 1. */
  readonly line: number;
  readonly message: string;
  readonly isError: boolean;
}

interface Options {
  readonly parent: HTMLElement;
  readonly nonce: string;
  readonly text: string;
  readonly format: Format;
  /** Names of states and resources, for completion. */
  readonly names: () => readonly string[];
  readonly onChange: (text: string) => void;
  readonly onUndo: () => void;
  readonly onRedo: () => void;
}

export interface Editor {
  setText(text: string): void;
  setFormat(format: Format): void;
  setMarks(marks: readonly Mark[]): void;
  goTo(offset: number): void;
  destroy(): void;
}

const fromOutside = Annotation.define<boolean>();

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--parallel)" },
  { tag: tags.string, color: "var(--succeeded)" },
  { tag: tags.number, color: "var(--choice)" },
  { tag: [tags.bool, tags.null, tags.keyword], color: "var(--task)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
  { tag: [tags.punctuation, tags.brace, tags.squareBracket], color: "var(--muted)" },
]);

const look = EditorView.theme({
  "&": { height: "100%", backgroundColor: "var(--panel)", color: "var(--text)", fontSize: "12.5px" },
  "&.cm-focused": { outline: "3px solid var(--accent)", outlineOffset: "-3px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "20px" },
  ".cm-gutters": { backgroundColor: "var(--inset)", color: "var(--muted)", border: "0", borderRight: "1px solid var(--hairline)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "color-mix(in srgb, var(--accent) 24%, var(--panel))" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-tooltip": { backgroundColor: "var(--panel)", color: "var(--text)", border: "1px solid var(--hairline)", borderRadius: "8px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--selected)", color: "var(--text)" },
  ".cm-panels": { backgroundColor: "var(--panel)", color: "var(--text)" },
  ".cm-searchMatch": { backgroundColor: "color-mix(in srgb, var(--choice) 30%, var(--panel))" },
  ".cm-matchingBracket": { backgroundColor: "var(--selected) !important" },
  ".cm-foldPlaceholder": { backgroundColor: "var(--inset)", border: "1px solid var(--hairline)", color: "var(--muted)" },
});

export function makeEditor(options: Options): Editor {
  const language = new Compartment();
  const languageOf = (format: Format) => (format === "json" ? json() : yaml());
  const complete = (context: CompletionContext): CompletionResult | null => completions(context, options.names());
  const view = new EditorView({
    parent: options.parent,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        EditorView.cspNonce.of(options.nonce),
        lineNumbers(), foldGutter(), codeFolding(), lintGutter(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(),
        highlightActiveLine(), highlightSelectionMatches(), autocompletion({ override: [complete] }),
        syntaxHighlighting(colours), look, language.of(languageOf(options.format)),
        EditorView.contentAttributes.of({ "aria-label": "Definition", tabindex: "0" }),
        // One undo list for graph, forms and text: it is the designer's.
        keymap.of([
          { key: "Mod-z", run: () => (options.onUndo(), true) },
          { key: "Mod-Shift-z", run: () => (options.onRedo(), true) },
          { key: "Mod-y", run: () => (options.onRedo(), true) },
          // Tab leaves the editor after Escape, as CodeMirror's own rule is.
          indentWithTab,
          ...closeBracketsKeymap, ...completionKeymap, ...foldKeymap, ...searchKeymap, ...lintKeymap, ...defaultKeymap,
        ]),
        EditorView.updateListener.of((update) => {
          const isOurs = update.transactions.some((transaction) => transaction.annotation(fromOutside));
          if (update.docChanged && !isOurs) options.onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    setText(text) {
      const old = view.state.doc.toString();
      if (old === text) return;
      // Only what differs is replaced, so that the cursor stays where it is.
      let from = 0;
      const shorter = Math.min(old.length, text.length);
      while (from < shorter && old[from] === text[from]) from++;
      let tail = 0;
      while (tail < shorter - from && old[old.length - 1 - tail] === text[text.length - 1 - tail]) tail++;
      view.dispatch({ changes: { from, to: old.length - tail, insert: text.slice(from, text.length - tail) }, annotations: fromOutside.of(true) });
    },
    setFormat(format) {
      view.dispatch({ effects: language.reconfigure(languageOf(format)) });
    },
    setMarks(marks) {
      const { doc } = view.state;
      const diagnostics = marks.map(({ line, message, isError }): Diagnostic => {
        const at = doc.line(Math.min(Math.max(1, line), doc.lines));
        return { from: at.from + (/^\s*/.exec(at.text)?.[0].length ?? 0), to: at.to, severity: isError ? "error" : "warning", message };
      });
      view.dispatch(setDiagnostics(view.state, diagnostics));
    },
    goTo(offset) {
      const at = Math.min(offset, view.state.doc.length);
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
    },
    destroy() {
      view.destroy();
    },
  };
}

/** Fields before a colon; types, states, errors and resources after it. */
function completions(context: CompletionContext, names: readonly string[]): CompletionResult | null {
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  const word = /[\w.$:\- ?/]*$/.exec(before)?.[0] ?? "";
  const isValue = /:\s*"?[^"]*$/.test(before) || /^\s*"[^"]*$/.test(before) === false;
  if (word === "" && !context.explicit && !before.endsWith('"')) return null;
  const field = /"?(\w+)"?\s*:\s*\[?\s*"?[^":]*$/.exec(before)?.[1];
  const from = context.pos - word.length;
  if (!isValue) return { from, options: ALL_KEYS.map((label): Completion => ({ label, type: "property" })) };
  if (field === "Type") return { from, options: TYPES.map((label): Completion => ({ label, type: "type" })) };
  if (field === "ErrorEquals" || field === "Error") return { from, options: ERROR_NAMES.map((label): Completion => ({ label, type: "constant" })) };
  if (field === "QueryLanguage") return { from, options: ["JSONPath", "JSONata"].map((label): Completion => ({ label, type: "constant" })) };
  if (field === "Next" || field === "Default" || field === "StartAt" || field === "Resource") return { from, options: names.map((label): Completion => ({ label, type: "variable" })) };
  return context.explicit ? { from, options: [...ERROR_NAMES, ...names].map((label): Completion => ({ label })) } : null;
}
