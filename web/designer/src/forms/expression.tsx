// Help while an expression is typed: words that it can go on with, and its value on the input that states
// were tried with last.

import { useEffect, useRef, useState } from "preact/hooks";
import { completed } from "../asl/completions";

/** What a field of expressions is given. */
export interface Expressions {
  words(): readonly string[];
  /** The value of what is typed; null where that is no expression, or nothing was tried yet. */
  look(text: string): Promise<{ readonly value: string } | { readonly wrong: string }> | null;
}

const PAUSE_MS = 300;
const SHOWN_MAX = 300;

/** Shows the value of `text` while its field has focus. */
export function Value({ id, text, expressions }: { readonly id: string; readonly text: string; readonly expressions: Expressions }) {
  const [seen, setSeen] = useState<{ readonly words: string; readonly isWrong: boolean } | null>(null);
  const asked = useRef(0);
  useEffect(() => {
    const mine = ++asked.current;
    const timer = setTimeout(() => {
      const looked = expressions.look(text);
      if (!looked) return setSeen(null);
      looked.then(
        (found) => {
          if (mine !== asked.current) return;
          const words = "value" in found ? found.value.replace(/\s+/g, " ") : found.wrong;
          setSeen({ words: words.length > SHOWN_MAX ? `${words.slice(0, SHOWN_MAX)}…` : words, isWrong: "wrong" in found });
        },
        () => setSeen(null),
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      asked.current++;
    };
  }, [text]);
  if (!seen) return null;
  return (
    <p class={`live-value${seen.isWrong ? " is-wrong" : ""}`} id={`${id}-value`}>
      <span class="hidden-text">On the sample: </span>
      <span aria-hidden="true">{seen.isWrong ? "✕" : "="}</span> <span class="mono">{seen.words}</span>
    </p>
  );
}

interface Choices {
  readonly from: number;
  readonly to: number;
  readonly choices: readonly string[];
  readonly at: number;
}

/** The list below a field, and the keys that choose from it. */
export function useCompletion(expressions: Expressions | undefined, take: (text: string, caret: number) => void) {
  const [open, setOpen] = useState<Choices | null>(null);
  const shown = open && open.choices.length > 0 ? open : null;
  const accept = (field: HTMLInputElement | HTMLTextAreaElement, choice: string): void => {
    if (!shown) return;
    take(field.value.slice(0, shown.from) + choice + field.value.slice(shown.to), shown.from + choice.length);
    setOpen(null);
  };
  return {
    shown,
    accept,
    close: () => setOpen(null),
    onTyped: (field: HTMLInputElement | HTMLTextAreaElement): void => {
      if (!expressions) return;
      const to = field.selectionStart ?? field.value.length;
      setOpen({ ...completed(field.value.slice(0, to), expressions.words()), to, at: 0 });
    },
    /** Whether the key was for the list. */
    onKey: (event: KeyboardEvent, field: HTMLInputElement | HTMLTextAreaElement | null): boolean => {
      if (!shown || !field) return false;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step !== undefined) setOpen({ ...shown, at: (shown.at + step + shown.choices.length) % shown.choices.length });
      else if (event.key === "Escape") setOpen(null);
      else if (event.key === "Enter" || event.key === "Tab") accept(field, shown.choices[shown.at] ?? "");
      else return false;
      event.preventDefault();
      event.stopPropagation();
      return true;
    },
  };
}
