// Tables of the record store; docs/formats/store.md says what each column means. Everything here can be rebuilt or
// thrown away: blobs and layer directories are the truth.

export const schemaVersion = 5;

export const schema = `
CREATE TABLE IF NOT EXISTS layer (
  id TEXT PRIMARY KEY,
  has_directory INTEGER NOT NULL,
  diff_id TEXT,
  media_type TEXT,
  digest TEXT,
  size INTEGER,
  source TEXT,
  created_ms INTEGER NOT NULL,
  boot TEXT NOT NULL,
  durable INTEGER NOT NULL,
  continues TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS snapshot (
  id TEXT PRIMARY KEY,
  parent TEXT,
  layer TEXT NOT NULL,
  epoch_s INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS record (
  key TEXT PRIMARY KEY,
  result_key TEXT NOT NULL,
  snapshot TEXT NOT NULL,
  name TEXT NOT NULL,
  ingredients TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  used_ms INTEGER NOT NULL,
  usage TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS resolved (
  reference TEXT NOT NULL,
  platform TEXT NOT NULL,
  manifest_digest TEXT NOT NULL,
  resolved_ms INTEGER NOT NULL,
  PRIMARY KEY (reference, platform)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS image (
  name TEXT PRIMARY KEY,
  descriptor TEXT NOT NULL,
  created_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS note (
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS snapshot_parent ON snapshot (parent);
CREATE INDEX IF NOT EXISTS record_snapshot ON record (snapshot);
CREATE INDEX IF NOT EXISTS record_created ON record (created_ms);
`;

/** What makes a database of the number before into one of this number. */
export const migrations: Readonly<Record<number, string>> = {
  2: 'ALTER TABLE record ADD COLUMN usage TEXT;',
  3: `CREATE INDEX IF NOT EXISTS snapshot_parent ON snapshot (parent);
      CREATE INDEX IF NOT EXISTS record_snapshot ON record (snapshot);`,
  4: 'CREATE INDEX IF NOT EXISTS record_created ON record (created_ms);',
  5: 'ALTER TABLE layer ADD COLUMN continues TEXT;',
};
