import type { VNode } from 'preact';

/** Strokes on a square of 16 units. */
const PATHS = {
  attach: 'M10.5 5.5 6 10a1.4 1.4 0 0 0 2 2l5-5a2.8 2.8 0 0 0-4-4L4 8a4.2 4.2 0 0 0 6 6l3.5-3.5',
  back: 'M13 8H3m4.5-4.5L3 8l4.5 4.5',
  close: 'm4 4 8 8m0-8-8 8',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  delete: 'M2.5 4.5h11M6 4.5v-2h4v2M4 4.5l.7 9h6.6l.7-9M6.7 7v4m2.6-4v4',
  down: 'M8 2.5v11m-4.5-4.5L8 13.5 12.5 9',
  edit: 'm3 10-.5 3.5L6 13l7.2-7.2-3-3zm5.5-5.5 3 3',
  export: 'M8 10V2.5M5 5.5l3-3 3 3M2.5 9.5v4h11v-4',
  history: 'M2.5 8A5.5 5.5 0 1 0 4.5 3.8M2.5 2.5v3h3M8 5v3.2l2.2 1.5',
  inspect: 'M9.5 2.5h-6v11h9v-8zm0 0v3h3M5.5 8h5m-5 2.5h5',
  more: 'm4.5 6.5 3.5 3.5 3.5-3.5',
  new: 'M8 3v10M3 8h10',
  retry: 'M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3',
  send: 'M8 13.5v-11M3.5 7 8 2.5 12.5 7',
  stop: 'M4.5 4.5h7v7h-7z',
  warning: 'M8 2.5 14 13H2zm0 4v3m0 1.6v.4',
} as const;
export type IconName = keyof typeof PATHS;

/** For the eye only: what it means has to be said in words. */
export function Icon({ name }: { readonly name: IconName }): VNode {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
