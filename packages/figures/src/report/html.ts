/** HTML that escapes by construction: text reaches a page only through `html`, and journals hold text that guests and machines wrote. */

/** Markup that needs no more escaping. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Content = string | number | Markup | undefined | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

// oxlint-disable-next-line no-control-regex -- these are what must go
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g;

/** Text as it may stand in an element or a quoted attribute; control characters, which HTML cannot hold, become U+FFFD. */
export function escape(text: string): string {
  return text.replaceAll(CONTROLS, '\ufffd').replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

function render(content: Content): string {
  if (content === undefined) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'string' || typeof content === 'number') return escape(`${content}`);
  return content.map(render).join('');
}

/** Tagged template: the literal parts are markup, everything interpolated is escaped unless it is markup itself. */
export function html(literals: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(literals.map((literal, index) => literal + render(contents[index])).join(''));
}

/** Markup made by a renderer that escapes what it is given, as vega's SVG renderer does. */
export function trusted(markup: string): Markup {
  return new Markup(markup);
}
