/** What the image and its reader agree on. */

/** Words of one event, in the order in which the runtime stores them. `frame` is what SS:ESP holds, if SS is the flat stack of ring 0. */
export const EVENT_FIELDS = [
  'vector', 'eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi', 'es', 'cs', 'ss', 'ds', 'fs', 'gs', 'eflags', 'cr0', 'cr2', 'cr3', 'cr4', 'dr6', 'dr7', 'tr', 'ldtr',
  'frame0', 'frame1', 'frame2', 'frame3', 'frame4', 'frame5', 'frame6', 'frame7', 'frame8', 'frame9',
] as const;
export type EventField = (typeof EVENT_FIELDS)[number];
/** Words of a scenario's header in the image. `continued`: vectors below 32 whose handler returns. */
export const HEADER_FIELDS = ['number', 'cr0', 'cr3', 'cr4', 'ldtr', 'tr', 'dr0', 'dr7', 'continued'] as const;
/** First word of the report of a scenario: sent at its start, and before its results. */
export const Marker = { STARTED: 0x53544152, FINISHED: 0x46494e49 } as const;
export const END_OF_SCENARIOS = -1;
