/** The dashboards and rules that come with Plimsoll, asked as those of others are: all of each works with what is exposed by default. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { judgeAll } from '../../../../src/cli/dashboards/command.ts';
import { readDocument } from '../../../../src/cli/dashboards/read/document.ts';
import { schema } from '../../../../src/config/schema.ts';

const folder = fileURLToPath(new URL('../../../../dashboards/', import.meta.url));
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
  (file) => /\.(json|ya?ml)$/.test(file) && !/(^|\/)(test|tests|generator|node_modules)\//.test(file),
);

test('there are some', () => {
  expect(existsSync(folder)).toBe(true);
  expect(files.filter((file) => file.startsWith('grafana/')).length).toBeGreaterThanOrEqual(6);
});

/** Rules know each other's records. */
const read = files.flatMap((file) => {
  const text = readFileSync(`${folder}${file}`, 'utf8');
  // What is not a dashboard nor rules is a file of another kind: promtool's cases, provisioning.
  if (!/"(panels|rows)"|^groups:/m.test(text)) return [];
  return readDocument(text, file).map((source) => ({ file, source }));
});

test.each(judgeAll(read, schema.parse({})).map((report) => [report.file, report] as const))(
  '%s',
  (_file, { verdicts }) => {
    expect(verdicts.length).toBeGreaterThan(0);
    expect(verdicts.filter(({ status }) => status !== 'works')).toEqual([]);
  },
);
