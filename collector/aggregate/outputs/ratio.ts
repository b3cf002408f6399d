/**
 * Ratios of a group, for example CPU used against CPU limit: what the members use together over what they may use together,
 * of those members only that have both numbers.
 */

/** Two columns of the members of one family. All arrays are by place. */
export interface RatioMembers {
  readonly size: number;
  readonly groups: Int32Array;
  /** What is used: a gauge's last value, or a counter's increase per second. NaN where unknown. */
  readonly of: Float64Array;
  readonly against: Float64Array;
}

/** Fills `out` (by group slot, NaN before). Nothing to divide by: absent. */
export function foldRatio({ size, groups, of, against }: RatioMembers, out: Float64Array): void {
  const limits = new Float64Array(out.length);
  for (let i = 0; i < size; i++) {
    const group = groups[i] as number;
    const used = of[i] as number;
    const limit = against[i] as number;
    if (group < 0 || Number.isNaN(used) || Number.isNaN(limit)) continue;
    const before = out[group] as number;
    out[group] = Number.isNaN(before) ? used : before + used;
    limits[group] = (limits[group] as number) + limit;
  }
  for (let g = 0; g < out.length; g++) {
    const limit = limits[g] as number;
    out[g] = limit > 0 ? (out[g] as number) / limit : Number.NaN;
  }
}

/** The same of each member by itself, and of those the largest. */
export function foldNearest({ size, groups, of, against }: RatioMembers, out: Float64Array): void {
  for (let i = 0; i < size; i++) {
    const group = groups[i] as number;
    const limit = against[i] as number;
    const ratio = limit > 0 ? (of[i] as number) / limit : Number.NaN;
    if (group < 0 || Number.isNaN(ratio)) continue;
    const before = out[group] as number;
    if (Number.isNaN(before) || ratio > before) out[group] = ratio;
  }
}
