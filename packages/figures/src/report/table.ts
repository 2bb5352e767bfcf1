import { html } from './html.js';
import type { Content, Markup } from './html.js';

/** A column by its heading; `look` names a class of the style sheet for all its cells. */
export interface Column {
  readonly heading: Content;
  readonly look?: 'number' | 'mono' | 'parts';
}

export interface TableRow {
  /** One for each column; the first names the row. */
  readonly cells: readonly Content[];
  /** Whether a group of rows starts here. */
  readonly startsGroup?: boolean;
}

function look(column: Column | undefined): Content {
  return column?.look === undefined ? '' : html` class="${column.look}"`;
}

function cell(content: Content, column: Column | undefined, isFirst: boolean): Markup {
  if (isFirst) return html`<th scope="row"${look(column)}>${content}</th>`;
  return html`<td${look(column)}>${content}</td>`;
}

/** A table that scrolls by itself where the page is too narrow for it. */
export function table(columns: readonly Column[], rows: readonly TableRow[], caption?: Content): Markup {
  const body = rows.map(({ cells, startsGroup }) => {
    const content = cells.map((entry, index) => cell(entry, columns[index], index === 0));
    return html`<tr${startsGroup === true ? html` class="group"` : ''}>${content}</tr>\n`;
  });
  const head = columns.map((column) => html`<th${look(column)}>${column.heading}</th>`);
  return html`<div class="scroll" tabindex="0"><table>${caption === undefined ? '' : html`<caption>${caption}</caption>`}
<thead><tr>${head}</tr></thead>
<tbody>${body}</tbody></table></div>`;
}

/** Columns with a heading and no particular look. */
export function plain(...headings: readonly Content[]): readonly Column[] {
  return headings.map((heading) => ({ heading }));
}

/** Columns of figures, flush right. */
export function numbers(...headings: readonly Content[]): readonly Column[] {
  return headings.map((heading) => ({ heading, look: 'number' }));
}

/** The name of a core or configuration as a heading, each setting on a line of its own. */
export const coreHeading = (id: string): Content => id.split(':').map((part, index) => (index === 0 ? part : html`<br>${part}`));
