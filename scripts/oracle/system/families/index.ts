import type { Scenario } from '../scenario.ts';
import { debugging, doubleFaults, limits } from './debugging.ts';
import type { Family } from './family.ts';
import { callGates, innerStacks } from './gates.ts';
import { softwareInterrupts, taskGates } from './interrupts.ts';
import { pageFaultsInTransfers, pagePermissions } from './paging.ts';
import { ioPermissions, privileged } from './privileged.ts';
import { farReturns, interruptReturns } from './returns.ts';
import { queries, segmentLoads } from './segments.ts';
import { tableRegisters, taskSwitches } from './tasks.ts';
import { virtual8086 } from './virtual-8086.ts';

const FAMILIES: readonly (() => Family)[] = [
  callGates, innerStacks, softwareInterrupts, taskGates, interruptReturns, farReturns, taskSwitches, tableRegisters, segmentLoads, queries, privileged, ioPermissions, pagePermissions, pageFaultsInTransfers, virtual8086, debugging, doubleFaults, limits,
];

/** Every systematic scenario, always the same ones in the same order. */
export function systematicScenarios(): Scenario[] { return FAMILIES.flatMap((family) => family().scenarios); }
