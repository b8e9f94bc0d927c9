import type { Ref, VNode } from 'preact';
import { Icon, type IconName } from './icons.tsx';

export interface IconButtonProps {
  readonly icon: IconName;
  /** What it does; also its tooltip. */
  readonly name: string;
  readonly onClick: () => void;
  readonly buttonRef?: Ref<HTMLButtonElement>;
}

export function IconButton({ icon, name, onClick, buttonRef = null }: IconButtonProps): VNode {
  return (
    <button
      type="button"
      class="icon-button"
      ref={buttonRef}
      aria-label={name}
      title={name}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
