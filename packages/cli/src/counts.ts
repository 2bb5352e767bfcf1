let format: Intl.NumberFormat | undefined;

/** A count with thousands separators. The format is made when first needed: its tables take milliseconds to load. */
export function formatCount(count: number): string {
  format ??= new Intl.NumberFormat('en-US');
  return format.format(count);
}
