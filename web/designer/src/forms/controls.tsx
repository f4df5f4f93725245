// The controls of a form: a label, a field, and what is wrong with it under it. What is typed is taken
// on leaving the field and after a pause.

import { useEffect, useId, useRef, useState } from "preact/hooks";
import { useCompletion, Value, type Expressions } from "./expression";
import { Icon } from "./icon";

const PAUSE_MS = 300;

interface FrameProps {
  readonly label: string;
  readonly help?: string | undefined;
  readonly problem?: string | undefined;
  readonly id: string;
  readonly children: preact.ComponentChildren;
}

export function Frame({ label, help, problem, id, children }: FrameProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {problem ? (
        <p class="bad" id={`${id}-bad`}>
          <Icon name="triangle-alert" />
          {problem}
        </p>
      ) : null}
      {help ? (
        <p class="hint" id={`${id}-help`}>
          {help}
        </p>
      ) : null}
    </div>
  );
}

export function described(id: string, help: string | undefined, problem: string | undefined): string | undefined {
  return [problem ? `${id}-bad` : "", help ? `${id}-help` : ""].filter(Boolean).join(" ") || undefined;
}

export interface TextProps {
  readonly label: string;
  readonly value: string;
  /** Takes what was typed; what is wrong with it, if anything. */
  readonly onChange: (text: string) => string | undefined;
  readonly help?: string | undefined;
  readonly problem?: string | undefined;
  /** More than one line. */
  readonly isLong?: boolean | undefined;
  readonly isCode?: boolean | undefined;
  readonly isDisabled?: boolean | undefined;
  readonly choices?: readonly string[] | undefined;
  readonly placeholder?: string | undefined;
  /** Bumped to have it take focus, all selected. */
  readonly focus?: number | undefined;
  readonly inputMode?: "numeric" | undefined;
  /** Help with expressions. */
  readonly expressions?: Expressions | undefined;
  /** Only on leaving: a name that is half typed is another name. */
  readonly isLate?: boolean | undefined;
}

export function Text(props: TextProps) {
  const { label, value, onChange, help, problem, isLong, isCode, isDisabled, choices, placeholder, focus, inputMode, isLate, expressions } = props;
  const id = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const [bad, setBad] = useState<string | undefined>();
  const field = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const latest = useRef(onChange);
  latest.current = onChange;
  const [hasFocus, setFocus] = useState(false);

  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    if (focus) {
      field.current?.focus();
      field.current?.select();
    }
  }, [focus]);

  const take = (text: string, isLeaving: boolean): void => {
    clearTimeout(timer.current);
    const wrong = text === value ? undefined : latest.current(text);
    setBad(wrong);
    if (isLeaving && wrong === undefined) setTyped(null);
  };
  const onInput = (event: Event): void => {
    const { target } = event;
    if (!(target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement)) return;
    const text = target.value;
    setTyped(text);
    clearTimeout(timer.current);
    if (!isLate) timer.current = setTimeout(() => take(text, false), PAUSE_MS);
    completion.onTyped(target);
  };
  const completion = useCompletion(expressions, (text, caret) => {
    setTyped(text);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => take(text, false), PAUSE_MS);
    requestAnimationFrame(() => field.current?.setSelectionRange(caret, caret));
  });
  const wrong = bad ?? problem;
  const common = {
    id, ref: field, placeholder, disabled: isDisabled, onInput,
    value: typed ?? value,
    class: `input${isCode ? " is-code" : ""}`,
    spellcheck: !isCode,
    autocomplete: "off" as const,
    "aria-invalid": wrong ? ("true" as const) : undefined,
    "aria-describedby": described(id, help, wrong),
    "aria-autocomplete": expressions ? ("list" as const) : undefined,
    "aria-controls": completion.shown ? `${id}-list` : undefined,
    "aria-activedescendant": completion.shown ? `${id}-list-${completion.shown.at}` : undefined,
    onFocus: () => setFocus(true),
    onBlur: () => {
      setFocus(false);
      completion.close();
      if (typed !== null) take(typed, true);
    },
  };
  return (
    <Frame label={label} help={help} problem={wrong} id={id}>
      {isLong ? (
        <textarea {...common} onKeyDown={(event) => void completion.onKey(event, field.current)} rows={Math.min(14, Math.max(isCode ? 3 : 2, (typed ?? value).split("\n").length + (isCode ? 1 : 0)))} />
      ) : (
        <input
          {...common}
          inputMode={inputMode}
          list={choices ? `${id}-choices` : undefined}
          onKeyDown={(event) => {
            if (completion.onKey(event, field.current)) return;
            if (event.key === "Enter" && typed !== null) take(typed, true);
          }}
        />
      )}
      {completion.shown ? (
        <ul class="completions" role="listbox" id={`${id}-list`} aria-label={`${label}: go on with`}>
          {completion.shown.choices.map((choice, at) => (
            <li
              key={choice}
              id={`${id}-list-${at}`}
              role="option"
              aria-selected={at === completion.shown?.at}
              onPointerDown={(event) => {
                event.preventDefault();
                if (field.current) completion.accept(field.current, choice);
              }}
            >
              {choice}
            </li>
          ))}
        </ul>
      ) : null}
      {expressions && hasFocus ? <Value id={id} text={typed ?? value} expressions={expressions} /> : null}
      {choices ? (
        <datalist id={`${id}-choices`}>
          {choices.map((choice) => (
            <option key={choice} value={choice} />
          ))}
        </datalist>
      ) : null}
    </Frame>
  );
}

export interface SelectProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, words: string])[];
  readonly groups?: readonly (readonly [group: string, options: readonly (readonly [value: string, words: string])[]])[] | undefined;
  readonly onChange: (value: string) => void;
  readonly help?: string | undefined;
  readonly problem?: string | undefined;
}

export function Select({ label, value, options, groups = [], onChange, help, problem }: SelectProps) {
  const id = useId();
  return (
    <Frame label={label} help={help} problem={problem} id={id}>
      <select
        id={id}
        class="input"
        value={value}
        aria-invalid={problem ? "true" : undefined}
        aria-describedby={described(id, help, problem)}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {options.map(([each, words]) => (
          <option key={each} value={each} selected={each === value}>
            {words}
          </option>
        ))}
        {groups.map(([group, inside]) => (
          <optgroup key={group} label={group}>
            {inside.map(([each, words]) => (
              <option key={each} value={each} selected={each === value}>
                {words}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </Frame>
  );
}

export function Check({ label, value, onChange }: { readonly label: string; readonly value: boolean; readonly onChange: (value: boolean) => void }) {
  return (
    <label class="check">
      <input type="checkbox" checked={value} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}
