/**
 * A moment as people say it into Unix milliseconds: `2 hours ago`, `90m`, `14:05`, `yesterday 14:00`, a date, RFC 3339, Unix seconds. Without a
 * zone it is this machine's.
 */
import { parseDuration } from '../config/units.ts';
import { ConfigError } from '../errors.ts';

const UNITS: readonly (readonly [word: RegExp, ms: number])[] = [
  [/^s(ec(ond)?s?)?$/, 1000],
  [/^m(in(ute)?s?)?$/, 60_000],
  [/^h((ou)?rs?)?$/, 3_600_000],
  [/^d(ays?)?$/, 86_400_000],
  [/^w(eeks?)?$/, 7 * 86_400_000],
];
const NUMBERS = new Map([
  ['a', 1],
  ['an', 1],
  ['one', 1],
  ['two', 2],
  ['three', 3],
  ['half', 0.5],
]);
const DAY_MS = 86_400_000;

/** Throws a ConfigError, which names the option, for what is no moment. */
export function momentOf(option: string, text: string, nowMs: number): number {
  const words = text.trim().toLowerCase().replace(/\s+/g, ' ');
  const found = words === 'now' ? nowMs : (agoOf(words, nowMs) ?? clockOf(words, nowMs) ?? dateOf(text.trim()));
  if (found !== undefined && Number.isFinite(found)) return found;
  throw new ConfigError(
    `${option}: is ${JSON.stringify(text)}: must be a moment such as "2 hours ago", "90m", "14:05", "yesterday 14:00" or "2027-01-15T08:00:00Z"`,
  );
}

/** `2 hours ago`, `an hour ago`, `1 day 2 hours ago`, `90m`, `90m ago`. */
function agoOf(words: string, nowMs: number): number | undefined {
  const bare = words.replace(/ ago$/, '');
  const short = parseDuration(bare.replaceAll(' ', ''));
  if (short !== undefined) return nowMs - short;
  if (bare === words) return undefined;
  const pieces = [
    ...bare.replace(/half an hour/g, '30 minutes').matchAll(/([\d.]+|[a-z]+) ?([a-z]+)(?: and)?(?: |$)/g),
  ];
  if (pieces.map(([all]) => all).join('') !== bare.replace(/half an hour/g, '30 minutes')) return undefined;
  let ms = 0;
  for (const [, count = '', unit = ''] of pieces) {
    const each = UNITS.find(([word]) => word.test(unit))?.[1];
    const times = NUMBERS.get(count) ?? Number(count);
    if (each === undefined || Number.isNaN(times)) return undefined;
    ms += times * each;
  }
  return nowMs - ms;
}

/** `14:05`: the last time that it was; `today 14:05`, `yesterday`, `yesterday 14:00`, `monday 9:30`. */
function clockOf(words: string, nowMs: number): number | undefined {
  const [all, day = '', at = ''] =
    /^(today|yesterday|[a-z]+day)?(?:^| at | |$)((?:\d{1,2}:\d{2}(?::\d{2})?)?)$/.exec(words) ?? [];
  if (all === undefined || all === '') return undefined;
  const [hours = 0, minutes = 0, seconds = 0] = at === '' ? [] : at.split(':').map(Number);
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const back = daysBack(day, new Date(nowMs).getDay());
  if (back === undefined) return undefined;
  const on = (days: number): number => {
    const date = new Date(nowMs);
    // By the calendar, not by 24 hours: a day may have 23.
    return new Date(date.getFullYear(), date.getMonth(), date.getDate() - days, hours, minutes, seconds).getTime();
  };
  const moment = on(back);
  if (day === '' && moment > nowMs) return on(1);
  // Friday, asked on a Friday morning about the afternoon: the one a week ago.
  return day.endsWith('day') && back === 0 && day !== 'today' && moment > nowMs ? moment - 7 * DAY_MS : moment;
}

const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

function daysBack(day: string, today: number): number | undefined {
  if (day === '' || day === 'today') return 0;
  if (day === 'yesterday') return 1;
  const of = DAYS.indexOf(day);
  return of < 0 ? undefined : (today - of + 7) % 7;
}

const DATE = /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?) ?([Zz]|[+-]\d{2}:\d{2})?)?$/;

function dateOf(text: string): number | undefined {
  // Ten digits: the Unix seconds of our time; fewer are as good as always something else.
  if (/^\d{9,11}(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  const [all, day = '', clock = '00:00', zone = ''] = DATE.exec(text) ?? [];
  return all === undefined ? undefined : Date.parse(`${day}T${clock}${zone.toUpperCase()}`);
}
