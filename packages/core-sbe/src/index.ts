import type { CoreDefinition } from '@ringbench/engine';
import { scanningCore } from '@ringbench/vmm';

/** Scan before execute: a scan follows control flow through all of a page, and whatever static branch can run natively does. */
export const core: CoreDefinition = scanningCore({
  id: 'sbe',
  title: 'Scan before execute',
  exemplar: 'Plex86 of 2000, then FreeMWare',
  mechanism: 'The guest\'s kernel runs at ring 3 from mirrors of its code pages, which were scanned along their control flow and have breakpoints on sensitive instructions.',
}, { depth: 64, mirrors: 1024, branches: 'back-patching', userCode: 'scan', invalidation: 'page' });
