/**
 * Says in which language the page is, for screen readers and for the choice of letter shapes. Naming it again, even the
 * same, would have the style of every element computed anew.
 *
 * @param language BCP 47 tag
 */
export function namePageLanguage(language: string): void {
  const { documentElement } = document;
  if (documentElement.lang !== language) documentElement.lang = language;
}
