/** Every figure of the project. A new one is a file of its own, an id here and, as the record is exhaustive, its entry. */
import { branches } from './branches.js';
import { cycles } from './cycles.js';
import { efficiency } from './efficiency.js';
import { events } from './events.js';
import type { Figure } from './figure.js';
import { instructions } from './instructions.js';
import { overhead } from './overhead.js';
import { tornado } from './tornado.js';
import { v386AgainstUml } from './v386-uml.js';
import { wallClock } from './wall-clock.js';

export const FIGURE_IDS = ['v386-uml', 'overhead', 'cycles', 'wall-clock', 'efficiency', 'events', 'branches', 'tornado', 'instructions'] as const;
export type FigureId = (typeof FIGURE_IDS)[number];

/** Keyed by the name of the figure's files, in the order of the report. */
export const FIGURES: Readonly<Record<FigureId, Figure>> = { 'v386-uml': v386AgainstUml, overhead, cycles, 'wall-clock': wallClock, efficiency, events, branches, tornado, instructions };

export type { Figure } from './figure.js';
