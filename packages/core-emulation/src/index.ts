import { DEVICE_SETTINGS, DirectEngine, IO_EVENTS, type CoreDefinition, type EventCounts } from '@ringbench/engine';

/** Counts that describe the guest's work whatever does it; everything else is an event of the emulated processor, not of the silicon beneath. */
const GUEST_EVENTS = new Set(['retired', 'idle']);

function asEmulated(silicon: EventCounts): EventCounts {
  const counts: Record<string, number> = { emulated: silicon.retired ?? 0 };
  for (const [name, count] of Object.entries(silicon)) counts[GUEST_EVENTS.has(name) ? name : `emulated.${name}`] = count;
  return counts;
}

/**
 * The processor in software, as in Bochs: every guest instruction is interpreted, and none reaches the silicon. What the emulated processor does
 * (walks, faults, port accesses) is counted under `emulated.`: it costs software, not traps.
 */
export const core: CoreDefinition = {
  id: 'emulation',
  title: 'Emulation',
  exemplar: 'Bochs',
  mechanism: 'The processor in software: every guest instruction is interpreted.',
  executor: 'interpreter',
  events: [
    { name: 'emulated', meaning: 'guest instructions interpreted by software' },
    { name: 'emulated.*', meaning: 'events of the emulated processor, by the silicon\'s names' },
    ...IO_EVENTS,
  ],
  settings: DEVICE_SETTINGS,
  softwareProcessor: true,
  // Whatever may run other cores' guests directly, here nothing does.
  create: (options) => new DirectEngine({ ...options, settings: { ...options.settings, executor: 'interpreter' } }, asEmulated),
};
