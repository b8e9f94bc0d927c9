export interface PageParts {
  /** Unguessable, new for every page. */
  readonly nonce: string;
  /** Where style sheets may come from. */
  readonly styleSource: string;
  readonly script: string;
  readonly style: string;
}

/**
 * The page's frame: one script, one style sheet, no network and no way to make HTML of a string. `fast-html` is the
 * controls' own policy for their fixed templates; they give their style element the nonce that they find here.
 */
export function pageHtml({ nonce, styleSource, script, style }: PageParts): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${styleSource} 'nonce-${nonce}'`,
    "require-trusted-types-for 'script'",
    'trusted-types fast-html',
  ].join('; ');
  return `<!DOCTYPE html>
<html>
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${policy}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta property="csp-nonce" content="${nonce}" />
    <title>Gemma Code</title>
    <link rel="stylesheet" href="${style}" />
  </head>
  <body>
    <div id="app"></div>
    <script nonce="${nonce}" src="${script}"></script>
  </body>
</html>
`;
}
