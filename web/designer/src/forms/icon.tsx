import { ICONS, type IconName } from "../canvas/icons";

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={ICONS[name]} />
    </svg>
  );
}

interface SquareProps {
  readonly icon: IconName;
  readonly label: string;
  readonly onClick: () => void;
  readonly isDisabled?: boolean;
  readonly isPressed?: boolean;
  readonly keys?: string;
}

/** A button that shows an icon and is named by words. */
export function Square({ icon, label, onClick, isDisabled = false, isPressed, keys }: SquareProps) {
  return (
    <button
      type="button"
      class="square"
      aria-label={label}
      title={keys ? `${label} (${keys})` : label}
      disabled={isDisabled}
      aria-pressed={isPressed}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
