import type { GuestCheck } from '../guest-check.js';
import { EXCEPTION_CHECKS } from './exceptions.js';

/** The catalogue: every guest whose log the manual determines. */
export const GUEST_CHECKS: readonly GuestCheck[] = [...EXCEPTION_CHECKS];
