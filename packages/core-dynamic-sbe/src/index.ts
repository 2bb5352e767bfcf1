import type { CoreDefinition } from '@ringbench/engine';
import { scanningCore } from '@ringbench/vmm';

/** Dynamic scan before execute: a scan ends at the first branch, which stays a breakpoint until it was met and both of its ends are scanned. */
export const core: CoreDefinition = scanningCore({
  id: 'dynamic-sbe',
  title: 'Dynamic scan before execute',
  exemplar: 'Plex86 of 2001',
  mechanism: 'As scan before execute, but a scan ends at a branch: the breakpoint there has the VMM scan on from where the branch leads.',
}, { depth: 0, mirrors: 1024, branches: 'in-page', userCode: 'scan', invalidation: 'page' });
