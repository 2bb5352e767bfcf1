import { CALL_NUMBERS, type CallName } from './abi/numbers.js';
import { PTRACE_REQUESTS, type PtraceRequest } from './abi/ptrace.js';

/** Services of the host's kernel, each counted where it is done. */
const SERVICES = {
  'host.call': 'system calls that processes made of the host, intercepted ones not included',
  'host.call.unknown': 'of these, calls that the host does not know',
  'host.intercepted': 'system calls of traced processes that their tracer got in the host\'s place (PTRACE_SYSEMU)',
  'host.switch': 'context switches of the host: another process got the processor',
  'host.preempt': 'of these, because the slice was over or a timer woke another process',
  'host.stop': 'stops of traced processes that were told to their tracer',
  'host.signal': 'signals raised, those that tell a tracer of a stop included',
  'host.signal.handler': 'signal handlers entered, each with its frame on the process\'s stack',
  'host.fault': 'page faults that the host answered with a page: first touches of mappings, copies on write',
  'host.fault.copy': 'of these, pages copied on write',
  'host.page': 'pages of memory taken and cleared',
  'host.page-table': 'page tables and directories made',
  'host.unmap': 'pages unmapped or given other rights while they were present',
  'host.timer': 'timers of processes that expired',
  'host.process': 'processes made',
  'host.exit': 'processes ended',
  'host.space-switch': 'processes given another address space by their tracer (SKAS3)',
} as const;
export type HostService = keyof typeof SERVICES;

/** What the host counts beside every VMM, for `CoreDefinition.events`. */
export const HOST_EVENTS: readonly { readonly name: string; readonly meaning: string }[] = [
  ...Object.entries(SERVICES).map(([name, meaning]) => ({ name, meaning })),
  ...Object.values(CALL_NUMBERS).map((name) => ({ name: `host.call.${name}`, meaning: `system calls \`${name}\`` })),
  ...Object.values(PTRACE_REQUESTS).map((name) => ({ name: `ptrace.${name}`, meaning: `requests \`${name}\` of ptrace` })),
];

/** Counts of one host; all exact integers. */
export class HostCounters {
  private readonly events = new Map<string, number>();
  /** Numbers of calls that the host does not know, with how often they were made. */
  readonly unknownCalls = new Map<number, number>();

  count(service: HostService): void { this.add(service); }
  call(name: CallName): void {
    this.add('host.call');
    this.add(`host.call.${name}`);
  }
  unknownCall(number: number): void {
    this.add('host.call');
    this.add('host.call.unknown');
    this.unknownCalls.set(number, (this.unknownCalls.get(number) ?? 0) + 1);
  }
  request(name: PtraceRequest): void { this.add(`ptrace.${name}`); }

  /** By the names of `HOST_EVENTS`; what never happened is left out. */
  counts(): Record<string, number> { return Object.fromEntries(this.events); }

  private add(name: string): void { this.events.set(name, (this.events.get(name) ?? 0) + 1); }
}
