import type { VNode } from 'preact';

/** 16 units wide and high. */
const paths = {
  add: 'M8 3v10M3 8h10',
  history: 'M3 8a5 5 0 1 0 1.6-3.7M3 3v2.5h2.5M8 5.5V8l2 1.5',
  copy: 'M6 5.5h6.5v8H6zM9.5 5.5v-3H3v8h3',
  export: 'M8 10V2.5M5 5.2 8 2.3l3 2.9M3 9.5v4h10v-4',
  edit: 'M3 13l.7-2.8L10.8 3l2.2 2.2-7.2 7.1z',
  refresh: 'M13 8a5 5 0 1 1-1.6-3.7M13 3v2.5h-2.5',
  sent: 'M2 8s2.2-4 6-4 6 4 6 4-2.2 4-6 4-6-4-6-4zM8 9.6A1.6 1.6 0 1 0 8 6.4a1.6 1.6 0 0 0 0 3.2z',
  send: 'M3 8h9.5M8.5 4l4 4-4 4',
  stop: 'M4.5 4.5h7v7h-7z',
  close: 'M4 4l8 8M12 4l-8 8',
  trash: 'M3.5 4.5h9M6.5 4.5v-2h3v2M5 4.5l.5 9h5l.5-9',
  attach: 'M11.5 7.5l-4 4a2.4 2.4 0 0 1-3.4-3.4l5-5a1.6 1.6 0 0 1 2.3 2.3l-4.7 4.7',
  down: 'M8 3v9.5M4 8.5l4 4 4-4',
  chip: 'M5 5h6v6H5zM6.5 5V2.5M9.5 5V2.5M6.5 13.5V11M9.5 13.5V11M5 6.5H2.5M5 9.5H2.5M13.5 6.5H11M13.5 9.5H11',
} as const;

export type IconName = keyof typeof paths;

/** Only for the eye: what it stands for is said by whatever holds it. */
export function Icon({ name }: { readonly name: IconName }): VNode {
  return (
    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path
        d={paths[name]}
        fill="none"
        stroke="currentColor"
        stroke-width="1.2"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}

export interface IconButtonProps {
  readonly icon: IconName;
  readonly name: string;
  readonly onClick: () => void;
  readonly disabled?: boolean;
  readonly expanded?: boolean;
}

export function IconButton({ icon, name, onClick, disabled, expanded }: IconButtonProps): VNode {
  return (
    <button
      type="button"
      class="icon-button"
      title={name}
      aria-label={name}
      aria-expanded={expanded}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
