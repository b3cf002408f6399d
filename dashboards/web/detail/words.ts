/** What is said in more than one place. */
export const KEEP_HISTORY =
  'Nothing keeps history here, so only the present can be shown. The collector keeps it where data_dir names a folder and store.enabled is true; or let Prometheus scrape it: the page “About” has what to write.';
