/** The functions of PromQL: what they take and what they give. The words after a name are the types of its arguments. */
import type { ValueType } from './ast.ts';

export interface Signature {
  readonly name: string;
  readonly args: readonly ValueType[];
  /** 0: exactly `args`. Positive: so many of the last are optional. -1: the last may come any number of times, or not at all. */
  readonly variadic: number;
  readonly returns: ValueType;
}

const RANGE_TO_VECTOR =
  'absent_over_time avg_over_time changes count_over_time delta deriv first_over_time idelta increase irate last_over_time ' +
  'max_over_time min_over_time present_over_time rate resets stddev_over_time stdvar_over_time sum_over_time';
const VECTOR_TO_VECTOR =
  'abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor histogram_avg histogram_count histogram_stddev ' +
  'histogram_stdvar histogram_sum ln log10 log2 rad sgn sin sinh sort sort_desc sqrt tan tanh timestamp';
const OF_TIME = 'day_of_month day_of_week day_of_year days_in_month hour minute month year';

const table = new Map<string, Signature>();

function add(name: string, args: readonly ValueType[], returns: ValueType, variadic = 0): void {
  table.set(name, { name, args, variadic, returns });
}

for (const name of RANGE_TO_VECTOR.split(' ')) add(name, ['matrix'], 'vector');
for (const name of VECTOR_TO_VECTOR.split(' ')) add(name, ['vector'], 'vector');
for (const name of OF_TIME.split(' ')) add(name, ['vector'], 'vector', 1);
add('clamp', ['vector', 'scalar', 'scalar'], 'vector');
add('clamp_max', ['vector', 'scalar'], 'vector');
add('clamp_min', ['vector', 'scalar'], 'vector');
add('histogram_fraction', ['scalar', 'scalar', 'vector'], 'vector');
add('histogram_quantile', ['scalar', 'vector'], 'vector');
add('label_join', ['vector', 'string', 'string', 'string'], 'vector', -1);
add('label_replace', ['vector', 'string', 'string', 'string', 'string'], 'vector');
add('pi', [], 'scalar');
add('predict_linear', ['matrix', 'scalar'], 'vector');
add('quantile_over_time', ['scalar', 'matrix'], 'vector');
add('round', ['vector', 'scalar'], 'vector', 1);
add('scalar', ['vector'], 'scalar');
add('time', [], 'scalar');
add('vector', ['scalar'], 'vector');

/** All stable functions, by name. */
export const FUNCTIONS: ReadonlyMap<string, Signature> = table;

/** Behind a feature flag in Prometheus 3, and not here. */
export const EXPERIMENTAL: ReadonlySet<string> = new Set(
  (
    'double_exponential_smoothing info mad_over_time sort_by_label sort_by_label_desc ts_of_first_over_time ts_of_last_over_time ' +
    'ts_of_max_over_time ts_of_min_over_time histogram_quantiles start_timestamp limitk limit_ratio start end range step'
  ).split(' '),
);
