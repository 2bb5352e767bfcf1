import { CPU_MODELS, DEFAULT_CPU_MODEL } from '@ringbench/isa';
import { Interpreter } from '@ringbench/interpreter';
import { Machine, type MemoryPool } from '@ringbench/machine';
import { Allocator, Owner } from '@ringbench/vmm';
import { HostKernel, NullFile, StreamFile, type HostKernelOptions, type HostStop, type Process } from '../../src/index.js';

const PAGE_BYTES = 4096;
const PAGES = 2048;
const BUDGET = 50_000_000;

/** A host on a machine of its own, whose memory is from a pool where many are made one after the other. */
export function makeHost(options: Partial<HostKernelOptions> & { readonly memories?: MemoryPool } = {}, pages = PAGES): HostKernel {
  const { features } = CPU_MODELS[DEFAULT_CPU_MODEL];
  const machine = new Machine({ features, ramBytes: pages * PAGE_BYTES, createExecutor: (processor) => new Interpreter(processor), ...(options.memories === undefined ? {} : { memories: options.memories }) });
  return new HostKernel({ machine, allocator: new Allocator(pages), owner: Owner.FIRST_VM, open: (path) => (path === '/dev/null' ? new NullFile() : undefined), ...options });
}

export interface ProgramOutcome {
  readonly stop: HostStop;
  readonly output: string;
  /** Of the first process, as wait4 tells it. */
  readonly status: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly retired: number;
}

/** Starts a program; its output grows in `output`. Throws when it cannot be started. */
export function startProgram(host: HostKernel, bytes: Uint8Array, words: readonly string[] = ['program']): { readonly process: Process; readonly output: () => string } {
  let output = '';
  const stream = new StreamFile((byte) => { output += String.fromCharCode(byte); });
  const started = host.start({ name: words[0], bytes, words, streams: [new StreamFile(), stream, stream] });
  if (!started.ok) throw new Error(started.problem);
  return { process: started.process, output: () => output };
}

/** Runs a program and its children to their end. */
export function runProgram(bytes: Uint8Array, { host = makeHost(), budget = BUDGET }: { readonly host?: HostKernel; readonly budget?: number } = {}): ProgramOutcome {
  const { process, output } = startProgram(host, bytes);
  const stop = host.run(budget);
  return { stop, output: output(), status: process.status, counts: host.counters.counts(), retired: host.retired };
}
