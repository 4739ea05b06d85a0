/** Settings of a Postgres of which nothing outlives the run, so nothing waits for a disk. */
export const UNSAFE_AND_FAST = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
};
