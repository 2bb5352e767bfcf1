import Table from 'cli-table3';

/** A plain table without colours, whose text may come from anywhere. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  for (const row of rows) table.push([...row]);
  return table.toString();
}
