import { EXECUTOR_SETTING, IO_EVENTS, type CoreDefinition, type EngineOptions, type Setting } from '@ringbench/engine';
import { HOST_EVENTS } from '@ringbench/host';
import { MONITOR_EVENTS, VMM_EVENTS } from '@ringbench/vmm';
import { UserModeEngine, type Arrangement, type UserModeSettings } from './engine.js';

const ARRANGEMENTS: readonly Arrangement[] = ['skas0', 'skas3', 'tt'];
const SETTINGS: readonly Setting[] = [
  {
    name: 'arrangement',
    meaning: 'who stands between the guest\'s programs and its kernel: `ptrace` and a stub in each program\'s space (`skas0`), a host that was changed for it (`skas3`), or a tracing process (`tt`)',
    default: 'skas0', values: ARRANGEMENTS,
  },
  { name: 'sysemu', meaning: 'the host leaves out system calls that it stops at (`on`, PTRACE_SYSEMU), or is made to execute nothing instead and stops again (`off`)', default: 'on', values: ['on', 'off'] },
  EXECUTOR_SETTING,
];

/** Throws on a value that `SETTINGS` does not have: who offers settings checks them. */
function settingsOf({ arrangement = 'skas0', sysemu = 'on' }: NonNullable<EngineOptions['settings']> = {}): UserModeSettings {
  const found = ARRANGEMENTS.find((name) => name === arrangement);
  if (found === undefined) throw new Error(`no arrangement is called ${arrangement}`);
  if (sysemu !== 'on' && sysemu !== 'off') throw new Error(`sysemu is on or off, not ${sysemu}`);
  return { arrangement: found, sysemu };
}

/** User-Mode Linux's technique: the guest's kernel is a process of a host, and so is each address space of its programs. */
export const core: CoreDefinition = {
  id: 'uml',
  title: 'User-mode kernel',
  exemplar: 'User-Mode Linux',
  mechanism: 'The guest\'s kernel is ported to a host\'s system calls and runs as one of its processes, which takes the system calls and faults of its programs, processes too, by ptrace.',
  port: 'um',
  events: [...VMM_EVENTS, ...MONITOR_EVENTS, ...HOST_EVENTS, ...IO_EVENTS],
  settings: SETTINGS,
  create: (options) => new UserModeEngine(options, settingsOf(options.settings)),
};
