import type { Token } from 'markdown-it';
import type { ComponentChildren, VNode } from 'preact';
import { codeBlockOf } from '../../text/markdown.ts';
import { visibleText } from '../ui/visibleText.tsx';
import { Address, Link } from './link.tsx';

/** What the page does with the parts of a text that do something. */
export interface Parts {
  /** @param index of the code block among those of these tokens, from 0 */
  readonly code: (info: string, code: string, index: number) => VNode;
  readonly onLink: (url: string) => void;
}

/** An element whose end has not been seen yet. */
interface Open {
  readonly token: Token | null;
  readonly children: ComponentChildren[];
  /** Its text, as a person would read it. */
  text: string;
}

/**
 * Markdown's tokens as elements. This is the allow-list: what has no entry here is shown as text, and no attribute
 * holds anything that a model wrote but a link's title.
 */
export function renderTokens(tokens: readonly Token[], parts: Parts): ComponentChildren {
  let codeIndex = 0;

  function render(run: readonly Token[]): Open {
    const stack: Open[] = [{ token: null, children: [], text: '' }];
    for (const token of run) {
      const parent = stack.at(-1) ?? { token: null, children: [], text: '' };
      if (token.nesting > 0) stack.push({ token, children: [], text: '' });
      else if (token.nesting === 0) add(parent, ...leaf(token));
      else if (stack.length > 1) {
        stack.pop();
        add(stack.at(-1) ?? parent, element(parent, parts), parent.text);
      }
    }
    return stack[0] ?? { token: null, children: [], text: '' };
  }

  function leaf(token: Token): [ComponentChildren, string] {
    switch (token.type) {
      case 'inline': {
        const { children, text } = render(token.children ?? []);
        return [children, text];
      }
      case 'fence':
      case 'code_block': {
        const { info, code } = codeBlockOf(token);
        return [parts.code(info, code, codeIndex++), code];
      }
      case 'code_inline':
        return [<code dir="ltr">{visibleText(token.content)}</code>, token.content];
      case 'image':
        return image(token);
      case 'hr':
        return [<hr />, ''];
      case 'hardbreak':
        return [<br />, '\n'];
      case 'softbreak':
        return ['\n', '\n'];
      default:
        return [visibleText(token.content), token.content];
    }
  }

  /** Nothing is loaded: its description, and where it would have come from. */
  function image(token: Token): [ComponentChildren, string] {
    const { text } = render(token.children ?? []);
    const url = attribute(token, 'src');
    return [
      <span class="image">
        🖼 <bdi>{visibleText(text)}</bdi>
        <Address url={url} />
      </span>,
      `🖼 ${text} (${url})`,
    ];
  }

  return render(tokens).children;
}

function add(parent: Open, child: ComponentChildren, text: string): void {
  parent.children.push(child);
  parent.text += text;
}

/** Under the page's own headings. */
const HEADINGS = new Map<string, 'h3' | 'h4' | 'h5' | 'h6'>([
  ['h1', 'h3'],
  ['h2', 'h4'],
  ['h3', 'h5'],
]);

function element({ token, children, text }: Open, { onLink }: Parts): ComponentChildren {
  if (token === null) return children;
  switch (token.type) {
    case 'paragraph_open':
      return token.hidden ? children : <p dir="auto">{children}</p>;
    case 'heading_open': {
      const Heading = HEADINGS.get(token.tag) ?? 'h6';
      return <Heading dir="auto">{children}</Heading>;
    }
    case 'blockquote_open':
      return <blockquote>{children}</blockquote>;
    case 'bullet_list_open':
      return <ul>{children}</ul>;
    case 'ordered_list_open':
      return <ol start={Number(token.attrGet('start') ?? 1)}>{children}</ol>;
    case 'list_item_open':
      return token.meta === null ? (
        <li dir="auto">{children}</li>
      ) : (
        <li dir="auto" class="task">
          {token.meta['isDone'] === true ? '☑ ' : '☐ '}
          {children}
        </li>
      );
    case 'table_open':
      return (
        <div class="table" tabIndex={0}>
          <table>{children}</table>
        </div>
      );
    case 'thead_open':
      return <thead>{children}</thead>;
    case 'tbody_open':
      return <tbody>{children}</tbody>;
    case 'tr_open':
      return <tr>{children}</tr>;
    case 'th_open':
      return (
        <th dir="auto" scope="col" class={alignment(token)}>
          {children}
        </th>
      );
    case 'td_open':
      return (
        <td dir="auto" class={alignment(token)}>
          {children}
        </td>
      );
    case 'em_open':
      return <em>{children}</em>;
    case 'strong_open':
      return <strong>{children}</strong>;
    case 's_open':
      return <s>{children}</s>;
    case 'link_open':
      return (
        <Link target={attribute(token, 'href')} text={text} onLink={onLink}>
          {children}
        </Link>
      );
    default:
      return children;
  }
}

function attribute(token: Token, name: string): string {
  return String(token.attrGet(name) ?? '');
}

/** The parser's own style attribute becomes a class. */
function alignment(token: Token): string | undefined {
  const side = /^text-align:(?<side>left|center|right)$/u.exec(attribute(token, 'style'))?.groups?.['side'];
  return side === undefined ? undefined : `align-${side}`;
}
