import type { ComponentChildren, VNode } from 'preact';

export interface FactsProps {
  readonly rows: readonly (readonly [name: string, value: ComponentChildren])[];
}

/** Names and their values, one below the other. */
export function Facts({ rows }: FactsProps): VNode {
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
