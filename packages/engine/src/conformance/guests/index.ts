import type { GuestCheck } from '../guest-check.js';
import { DEBUG_CHECKS } from './debugging.js';
import { EXCEPTION_CHECKS } from './exceptions.js';
import { INSTRUCTION_CHECKS } from './instructions.js';
import { INTERRUPT_CHECKS } from './interrupts.js';
import { PAGING_CHECKS } from './paging.js';
import { RING_CHECKS } from './rings.js';
import { SENSITIVE_CHECKS } from './sensitive.js';
import { TASK_CHECKS } from './tasks.js';
import { VIRTUAL_8086_CHECKS } from './virtual8086.js';

/** The catalogue: every guest whose log the manual determines. */
export const GUEST_CHECKS: readonly GuestCheck[] = [
  ...EXCEPTION_CHECKS, ...RING_CHECKS, ...PAGING_CHECKS, ...INTERRUPT_CHECKS, ...INSTRUCTION_CHECKS, ...VIRTUAL_8086_CHECKS, ...TASK_CHECKS, ...SENSITIVE_CHECKS, ...DEBUG_CHECKS,
];
