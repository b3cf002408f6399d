/** Reports as text: a line for each panel or rule, below it what does not work and what to use, at the end how many. */
import type { Finding, Report, Status, Verdict } from './items.ts';

const MARKS: Readonly<Record<Status, string>> = {
  works: 'works',
  setting: 'setting',
  no: 'no',
  elsewhere: 'other',
  unread: '?',
};
const WIDTH = 9;
const LINE = 130;

export function reportLines({ file, kind, title, madeFor, verdicts }: Report): string[] {
  const made = madeFor.length === 0 ? '' : `, with names of ${madeFor.join(', ')}`;
  const heading = `${file}: ${kind === 'rules' ? 'rules' : `dashboard "${title}"`}${made}`;
  return [heading, ...verdicts.flatMap(verdictLines), '', summary(kind, verdicts)].map(plain);
}

function verdictLines({ item, status, findings }: Verdict): string[] {
  return [`${MARKS[status].padEnd(WIDTH)}${item}`, ...findings.flatMap(findingLines)];
}

function findingLines({ name, use, why }: Finding): string[] {
  const head = name === '' ? '' : `${name}${use === undefined ? ':' : ` -> ${use}`}`;
  const indent = ' '.repeat(WIDTH + 2);
  const one = `${indent}${head}${head === '' ? '' : '  '}${why}`;
  if (one.length <= LINE || head === '') return wrapped(one.trim(), indent);
  return [`${indent}${head}`, ...wrapped(why, `${indent}  `)];
}

function wrapped(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(' ')) {
    if (line.length + word.length > LINE && line.trim() !== '') {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()];
}

const WORDS: readonly (readonly [status: Status, words: string])[] = [
  ['no', 'do not'],
  ['setting', 'do after a setting'],
  ['elsewhere', 'ask others, for whom nothing changes'],
  ['unread', 'could not be read'],
];

function summary(kind: Report['kind'], verdicts: readonly Verdict[]): string {
  const count = (status: Status): number => verdicts.filter((each) => each.status === status).length;
  const what = kind === 'rules' ? 'rules' : 'panels, variables and annotations';
  const rest = WORDS.flatMap(([status, words]) => (count(status) === 0 ? [] : [`${count(status)} ${words}`]));
  return [`${count('works')} of ${verdicts.length} ${what} work`, ...rest].join(', ');
}

/** Titles are foreign text: nothing of theirs may steer a terminal. */
function plain(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out.
  return line.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}
