// Adding by words: search among what can be added.

import { useState } from "preact/hooks";
import { Icon } from "../forms/icon";
import { Dialog } from "./dialog";
import { found, type Item } from "./templates";

interface QuickAddProps {
  readonly items: readonly Item[];
  readonly onClose: () => void;
  readonly onAdd: (item: Item) => void;
}

/** Search among what can be added; Enter adds the first. */
export function QuickAdd({ items, onClose, onAdd }: QuickAddProps) {
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const shown = found(items, query);
  const chosen = Math.min(at, shown.length - 1);
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setAt((chosen + step + shown.length) % Math.max(1, shown.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      const item = shown[chosen];
      if (item) onAdd(item);
    }
  };
  return (
    <Dialog title="Add a state" onClose={onClose} className="quick-add">
      <input
        class="input"
        type="search"
        data-first
        role="combobox"
        list={undefined}
        aria-label="Find a state to add"
        aria-expanded="true"
        aria-controls="quick-add-list"
        aria-activedescendant={shown[chosen] ? `quick-add-${chosen}` : undefined}
        placeholder="Task, Choice, HTTP, …"
        value={query}
        onInput={(event) => {
          setQuery(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul class="options" role="listbox" id="quick-add-list" aria-label="States">
        {shown.map((item, index) => (
          <li key={item.id} id={`quick-add-${index}`} role="option" aria-selected={index === chosen} onClick={() => onAdd(item)} onPointerMove={() => setAt(index)}>
            <span class={`tile ${item.tone}`}>
              <Icon name={item.icon} />
            </span>
            <span class="option-words">
              <strong>{item.name}</strong>
              <span class="hint">{item.help}</span>
            </span>
          </li>
        ))}
      </ul>
      {shown.length === 0 ? <p class="hint">{`Nothing is called “${query}”.`}</p> : null}
    </Dialog>
  );
}
