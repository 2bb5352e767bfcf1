import { Flag, loadFloat, Register, SYSTEM_PROCEDURES, SystemOperands, V386Control, V386Event, V386Msr, Vector, VECTORS_WITH_ERROR_CODE, CR0, Word } from '@ringbench/isa';
import { Interpreter as Executor } from '@ringbench/interpreter';
import { fingerprintOf, loadMultiboot, RegionRecorder, startGuest, type Engine, type EngineOptions, type EventCounts, type Exit, type Fingerprint, type GuestImage, type LoadResult, type Region } from '@ringbench/engine';
import { Machine } from '@ringbench/machine';
import { Allocator, Dispatcher, GuestClock, GuestMemory, HostContext, Owner, takePage, VirtualMachine, VmmCounters, type PendingEvent } from '@ringbench/vmm';
import { ControlBlock, ExitFrame } from './control-block.js';
import { GuestExits } from './guest-exits.js';
import { SecondLevelTables, secondLevelPages } from './second-level.js';
