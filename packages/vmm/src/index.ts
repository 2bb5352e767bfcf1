export { Allocator, Owner } from './allocator.js';
export { VMM_EVENTS, VmmCounters } from './counters.js';
export { Dispatcher, type TrapHandler } from './dispatcher.js';
export { GuestClock } from './guest-clock.js';
export { GuestMemory } from './guest-memory.js';
export { HostContext, takePage } from './host-context.js';
export { Interpreter } from './interpreter.js';
export { VirtualMachine, type PendingEvent, type VirtualMachineOptions } from './virtual-machine.js';
export { VirtualProcessor, type VirtualProcessorOptions } from './virtual-processor.js';
