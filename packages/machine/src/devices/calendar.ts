/** Gregorian dates as day numbers, by arithmetic alone: a guest's date must not come near the host's clock. */

const DAYS_BEFORE_MONTH: readonly number[] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const MONTHS = 12;
const FEBRUARY = 2;
/** 146,097 days in 400 years. */
const DAYS_PER_YEAR = 365.2425;

export interface CivilDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Days from 1 January of year 0 to 1 January of `year`, which is not negative. */
function daysBeforeYear(year: number): number {
  return 365 * year + Math.floor((year + 3) / 4) - Math.floor((year + 99) / 100) + Math.floor((year + 399) / 400);
}

function daysBeforeMonth(year: number, month: number): number {
  return DAYS_BEFORE_MONTH[month - 1] + (month > FEBRUARY && isLeapYear(year) ? 1 : 0);
}

/** Days since 1 January of year 0. The year is not negative; a day beyond the month's end counts on into the next months. */
export function dayNumber(date: CivilDate): number {
  return daysBeforeYear(date.year) + daysBeforeMonth(date.year, date.month) + date.day - 1;
}

/** The date of a day number that is not negative. */
export function civilDate(days: number): CivilDate {
  // The estimate is off by one year at most.
  let year = Math.floor(days / DAYS_PER_YEAR);
  if (daysBeforeYear(year) > days) year--;
  else if (daysBeforeYear(year + 1) <= days) year++;
  const dayOfYear = days - daysBeforeYear(year);
  let month = MONTHS;
  while (daysBeforeMonth(year, month) > dayOfYear) month--;
  return { year, month, day: dayOfYear - daysBeforeMonth(year, month) + 1 };
}
