import type { ComponentChildren, VNode } from 'preact';
import { visibleText } from '../ui/visibleText.tsx';

const PROTOCOLS = new Set(['http:', 'https:', 'mailto:']);
/** As long as the extension takes one. */
const MAX_URL_CHARS = 4_096;

export interface LinkProps {
  /** As the model wrote it. */
  readonly target: string;
  /** The link's own text, as it is seen. */
  readonly text: string;
  readonly children: ComponentChildren;
  readonly onLink: (url: string) => void;
}

/**
 * A button that asks for a page, and beside it the page's full address where its text is another one. What leads
 * anywhere but into the web or to a mailbox is no link.
 */
export function Link({ target, text, children, onLink }: LinkProps): VNode {
  const url = webAddress(target);
  if (url === null) {
    return (
      <>
        {children}
        {text === target ? null : <Address url={target} />}
      </>
    );
  }
  return (
    <>
      <button type="button" class="link" title={url} aria-description={url} onClick={() => onLink(url)}>
        <bdi>{children}</bdi>
      </button>
      {text === target || text === url ? null : <Address url={url} />}
    </>
  );
}

/** The address that a browser would open; null: it would not be one for a browser. */
export function webAddress(target: string): string | null {
  if (target.length > MAX_URL_CHARS || !URL.canParse(target)) return null;
  const { protocol, href } = new URL(target);
  return PROTOCOLS.has(protocol) && href.length <= MAX_URL_CHARS ? href : null;
}

export function Address({ url }: { readonly url: string }): VNode {
  return (
    <span class="address">
      {' ('}
      <bdi dir="ltr">{visibleText(url)}</bdi>)
    </span>
  );
}
