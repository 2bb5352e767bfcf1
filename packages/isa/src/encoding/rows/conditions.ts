import { Flag } from '../../state.js';

/** The sixteen conditions in encoding order with the flags that they read (SDM vol. 1, appendix B). */
export const CONDITIONS: readonly { readonly name: string; readonly reads: number }[] = [
  { name: 'o', reads: Flag.OF },
  { name: 'no', reads: Flag.OF },
  { name: 'b', reads: Flag.CF },
  { name: 'ae', reads: Flag.CF },
  { name: 'e', reads: Flag.ZF },
  { name: 'ne', reads: Flag.ZF },
  { name: 'be', reads: Flag.CF | Flag.ZF },
  { name: 'a', reads: Flag.CF | Flag.ZF },
  { name: 's', reads: Flag.SF },
  { name: 'ns', reads: Flag.SF },
  { name: 'p', reads: Flag.PF },
  { name: 'np', reads: Flag.PF },
  { name: 'l', reads: Flag.SF | Flag.OF },
  { name: 'ge', reads: Flag.SF | Flag.OF },
  { name: 'le', reads: Flag.ZF | Flag.SF | Flag.OF },
  { name: 'g', reads: Flag.ZF | Flag.SF | Flag.OF },
];
