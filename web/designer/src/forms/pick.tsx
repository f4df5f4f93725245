// A field with search: one of many names, as few of them in the page as a person looks through.

import { useId, useRef, useState } from "preact/hooks";
import { Frame, described } from "./controls";

export interface Choice {
  readonly value: string;
  readonly words: string;
  /** Offered whatever is searched for: what is no name among the others. */
  readonly isSpecial?: boolean;
}

interface Props {
  readonly label: string;
  readonly value: string;
  readonly choices: readonly Choice[];
  readonly onChange: (value: string) => void;
  readonly help?: string | undefined;
  readonly problem?: string | undefined;
  readonly isFirst?: boolean | undefined;
}

/** More than these are not looked through: typing finds them. */
const SHOWN_MAX = 40;

/** The choices that a search means: names that begin with it, then names that hold it, then the special ones. */
export function matching(choices: readonly Choice[], query: string): readonly Choice[] {
  const sought = query.trim().toLowerCase();
  if (sought === "") return choices;
  const names = choices.filter(({ isSpecial, words }) => !isSpecial && words.toLowerCase().includes(sought));
  const begins = ({ words }: Choice): boolean => words.toLowerCase().startsWith(sought);
  return [...names.filter(begins), ...names.filter((choice) => !begins(choice)), ...choices.filter(({ isSpecial }) => isSpecial)];
}

export function Pick({ label, value, choices, onChange, help, problem, isFirst }: Props) {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  /** What is searched for; null while the list is closed. */
  const [query, setQuery] = useState<string | null>(null);
  const [at, setAt] = useState(0);
  const isOpen = query !== null;
  const found = isOpen ? matching(choices, query) : [];
  const shown = found.slice(0, SHOWN_MAX);
  const current = choices.find((choice) => choice.value === value);

  const open = (): void => {
    setQuery("");
    setAt(Math.max(0, Math.min(SHOWN_MAX - 1, choices.findIndex((choice) => choice.value === value))));
    field.current?.select();
  };
  const close = (): void => setQuery(null);
  const take = (choice: Choice | undefined): void => {
    close();
    if (choice && choice.value !== value) onChange(choice.value);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      if (!isOpen) return open();
      const to = (at + step + shown.length) % Math.max(1, shown.length);
      setAt(to);
      document.getElementById(`${id}-${to}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (isOpen) take(shown[at]);
      else open();
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  };
  return (
    <Frame label={label} help={help} problem={problem} id={id}>
      <input
        id={id}
        ref={field}
        class="input is-pick"
        role="combobox"
        autocomplete="off"
        spellcheck={false}
        data-first={isFirst}
        onFocus={() => field.current?.select()}
        value={query !== null && query !== "" ? query : (current?.words ?? value)}
        aria-expanded={isOpen ? "true" : "false"}
        aria-controls={isOpen ? `${id}-list` : undefined}
        aria-activedescendant={isOpen && shown[at] ? `${id}-${at}` : undefined}
        aria-autocomplete="list"
        aria-invalid={problem ? "true" : undefined}
        aria-describedby={described(id, help, problem)}
        onClick={() => (isOpen ? close() : open())}
        onInput={(event) => {
          setQuery(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
        // What was typed in full counts; half a name is no wish.
        onBlur={() => take(query === null ? undefined : choices.find(({ words, isSpecial }) => !isSpecial && words === query.trim()))}
      />
      {isOpen ? (
        <div class="picks" onPointerDown={(event) => event.preventDefault()}>
          <ul role="listbox" id={`${id}-list`} aria-label={`${label}: choose`}>
            {shown.map((choice, index) => (
              <li key={choice.value} id={`${id}-${index}`} role="option" class={choice.isSpecial ? "is-special" : undefined} aria-selected={index === at} onClick={() => take(choice)}>
                {choice.words}
              </li>
            ))}
          </ul>
          {found.length > shown.length ? <p class="hint">{`${found.length - shown.length} more: type a part of the name.`}</p> : null}
        </div>
      ) : null}
    </Frame>
  );
}
