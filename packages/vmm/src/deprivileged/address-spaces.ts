/** What became of a page fault of the silicon's. */
export type SpaceFault =
  | { readonly kind: 'filled' }
  /** The guest's own, with this error code. */
  | { readonly kind: 'guest'; readonly errorCode: number }
  /** A store that the code guard does not admit: the instruction is to be interpreted. */
  | { readonly kind: 'interpret' };

/** How a deprivileged guest's addresses become the machine's: by shadow page tables (shadow-tables.ts) or by the silicon's second level (second-level-spaces.ts). */
export interface AddressSpaces {
  /** CR0.PG and CR0.WP of the silicon while the guest runs. */
  readonly pagingControls: number;
  /** Brings the silicon to the guest's present mode. Called before every entry, before `pagingControls` are loaded. */
  activate(): void;
  /** The guest loaded CR0, CR3 or CR4 so that translations may have changed. */
  contextChanged(): void;
  /** The guest executed INVLPG. */
  pageInvalidated(linear: number): void;
  /** The silicon faulted; `errorCode` and `address` (CR2) as it gave them. */
  handleFault(address: number, write: boolean, errorCode: number): SpaceFault;
  /** A fetch faulted where code is elsewhere than data: the error code of the guest's fault, or undefined where its tables permit the fetch. */
  handleFetchFault(linear: number): number | undefined;
  /** Whether a page is writable for one instruction only, and its end. */
  readonly hasGrants: boolean;
  endGrants(): void;
  /** The monitor itself wrote to the guest's memory. */
  written(guestPage: number, offset: number, bytes: number): void;
  /** The TLBs were emptied, by somebody who had the processor in between. */
  emptied(): void;
  /** The guest got pages beyond its memory. */
  mapped(first: number, count: number): void;
  /** Forgets everything: guest-physical memory is decoded differently. */
  dropAll(): void;
}
