/** A further level of groups, in `collector.levels`: the labels of its groups, and what its metrics begin with. */
import * as z from 'zod';

const LABEL =
  'must be a label: letters, digits and _; the container’s label com.example.team is container_label_com_example_team';
const PREFIX = 'must be lower-case letters, digits and _, such as "acme_team" for acme_team_cpu_usage_seconds_total';

/** One level of `collector.levels`. */
export const level = z.strictObject({
  by: z
    .record(
      z.string().regex(/^[a-z_][a-z0-9_]*$/, 'must be a label name'),
      z
        .string()
        .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, LABEL)
        .describe('the label of the container that this label of the group is taken from'),
    )
    .optional()
    .describe('label of the group: label of the container that it is taken from; a standard level has its own'),
  prefix: z
    .string({ error: () => PREFIX })
    .regex(/^[a-z][a-z0-9_]{0,62}$/, PREFIX)
    .optional()
    .describe('what its metrics begin with; its name if not set'),
});
