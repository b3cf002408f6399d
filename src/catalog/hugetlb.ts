/** Huge pages from the pool of reserved ones, per page size. */
import { family } from '../model/family.ts';

export const hugetlb = family({
  name: 'hugetlb',
  help: 'Huge pages in use and refused, per page size.',
  byDefault: false,
  dims: ['pagesize'],
  metrics: {
    usage: {
      metric: 'container_hugetlb_usage_bytes',
      kind: 'gauge',
      unit: 'bytes',
      help: 'Huge pages in use or reserved.',
      source:
        'the larger of v2 hugetlb.<size>.rsvd.current and .current; of v1 hugetlb.<size>.rsvd.usage_in_bytes and .usage_in_bytes',
    },
    maxUsage: {
      metric: 'container_hugetlb_max_usage_bytes',
      kind: 'gauge',
      unit: 'bytes',
      help: 'The most huge pages ever in use or reserved.',
      source: 'the larger of v1 hugetlb.<size>.rsvd.max_usage_in_bytes and .max_usage_in_bytes',
    },
    limit: {
      metric: 'container_spec_hugetlb_limit_bytes',
      kind: 'gauge',
      unit: 'bytes',
      help: 'Limit of huge pages, be it on those in use or on those reserved; absent without one.',
      source:
        'the smaller of v2 hugetlb.<size>.rsvd.max and .max; of v1 hugetlb.<size>.rsvd.limit_in_bytes and .limit_in_bytes',
    },
    failcnt: {
      metric: 'container_hugetlb_failcnt',
      kind: 'counter',
      // A group's counter would need another name.
      grouped: false,
      unit: 'none',
      help: 'How often huge pages were refused because of the limit.',
      source: 'v2 hugetlb.<size>.events max; v1 hugetlb.<size>.rsvd.failcnt + .failcnt',
    },
  },
});
