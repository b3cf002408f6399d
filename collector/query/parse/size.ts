/**
 * Questions that are too deep, too wide or too long are refused before they are parsed: the grammar's parser loses its way in them (it takes about 300
 * operators in a row), slowly, and the evaluator's depth is the question's.
 */
import { parseError } from './failure.ts';

/** Characters. */
const LONGEST = 1_000_000;
/** Brackets within each other; each takes some frames of the stack in the evaluator. */
const DEEPEST = 200;
/** Operators and signs between two brackets or commas. */
const MOST_OPERATORS = 250;

const TOKEN =
  /"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|`[^`]*`?|#[^\n]*|([([{])|([)\]}])|(,)|([-+*/%^]|[=!<>]=|[<>]|(?<![\w:])(?:and|or|unless|atan2)(?![\w:]))/gis;

export function refuseSize(text: string): void {
  if (text.length > LONGEST) {
    throw parseError(
      text,
      { from: 0, to: 0 },
      `the query has ${text.length} characters, at most ${LONGEST} are allowed`,
    );
  }
  const operators = [0];
  for (const { index, 0: token, 1: opens, 2: closes, 3: comma, 4: operator } of text.matchAll(TOKEN)) {
    const place = { from: index, to: index + token.length };
    if (opens) operators.push(0);
    else if (closes && operators.length > 1) operators.pop();
    else if (comma) operators[operators.length - 1] = 0;
    else if (operator) operators[operators.length - 1] = (operators.at(-1) as number) + 1;
    if (operators.length > DEEPEST + 1) throw parseError(text, place, `the query is nested more than ${DEEPEST} deep`);
    if ((operators.at(-1) as number) > MOST_OPERATORS) {
      throw parseError(text, place, `more than ${MOST_OPERATORS} operators in a row; put parts of them in parentheses`);
    }
  }
}
