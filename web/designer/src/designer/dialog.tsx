// A dialog of the browser's own: it keeps focus, closes by Escape and gives focus back.

import { useEffect, useRef } from "preact/hooks";
import { Square } from "../forms/icon";

interface Props {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: preact.ComponentChildren;
  readonly className?: string;
}

export function Dialog({ title, onClose, children, className = "" }: Props) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    element.current?.showModal();
    const wanted = element.current?.querySelector<HTMLElement>("[data-first]");
    wanted?.focus();
    return () => {
      if (before instanceof HTMLElement || before instanceof SVGElement) before.focus();
    };
  }, []);
  return (
    <dialog class={`sheet ${className}`} ref={element} aria-label={title} onClose={onClose} onClick={(event) => event.target === element.current && onClose()}>
      <header class="sheet-head">
        <h2>{title}</h2>
        <Square icon="x" label="Close" onClick={onClose} />
      </header>
      {children}
    </dialog>
  );
}
