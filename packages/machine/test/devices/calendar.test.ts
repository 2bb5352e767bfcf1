import { describe, expect, it } from 'vitest';
import { civilDate, dayNumber } from '../../src/devices/calendar.js';

const DAY_MILLISECONDS = 86_400_000;

describe('calendar', () => {
  it('agrees with the ECMAScript calendar for every day of 1600 to 2400', () => {
    const epoch = dayNumber({ year: 1970, month: 1, day: 1 });
    const first = dayNumber({ year: 1600, month: 1, day: 1 });
    const last = dayNumber({ year: 2401, month: 1, day: 1 });
    for (let day = first; day < last; day++) {
      const reference = new Date((day - epoch) * DAY_MILLISECONDS);
      const date = civilDate(day);
      if (date.year !== reference.getUTCFullYear() || date.month !== reference.getUTCMonth() + 1 || date.day !== reference.getUTCDate() || dayNumber(date) !== day) {
        expect(date).toBe(reference.toISOString());
      }
    }
  });

  it('reaches from year 0 to any that a guest can write', () => {
    for (const year of [0, 1, 3, 4, 99, 100, 400, 9999, 25755]) {
      for (const [month, day] of [[1, 1], [2, 28], [12, 31]]) expect(civilDate(dayNumber({ year, month, day }))).toEqual({ year, month, day });
    }
  });

  it('counts days beyond the end of a month on', () => {
    expect(civilDate(dayNumber({ year: 2002, month: 2, day: 31 }))).toEqual({ year: 2002, month: 3, day: 3 });
    expect(civilDate(dayNumber({ year: 2002, month: 12, day: 165 }))).toEqual({ year: 2003, month: 5, day: 14 });
  });
});
