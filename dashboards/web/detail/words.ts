/** What is said in more than one place. */
export const KEEP_HISTORY =
  'Nothing keeps history here, so only the present can be shown. Switch the store on in the collector’s configuration, or let Prometheus scrape this collector; the page “About” has what to write.';
