/**
 * Each text takes the file from the version of its index to the next. Only ever append.
 * `facts.body` is the fact as JSON in the form of `facts.version`.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE epoch (one INTEGER PRIMARY KEY CHECK (one = 1), value INTEGER NOT NULL) STRICT;
  INSERT INTO epoch VALUES (1, 0);

  CREATE TABLE facts (
    position INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL,
    version INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    handover_id TEXT,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX facts_of_handover ON facts (handover_id, sequence, position) WHERE handover_id IS NOT NULL;

  CREATE TABLE handovers (id TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE answers (
    scope TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX answers_by_age ON answers (at);

  CREATE TABLE cursors (reader TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    endpoint TEXT NOT NULL,
    handover_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    event TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts INTEGER NOT NULL,
    last_outcome TEXT,
    next_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX deliveries_of_handover ON deliveries (handover_id, position);
  CREATE INDEX deliveries_pending ON deliveries (endpoint, handover_id, position) WHERE state = 'pending';
  CREATE INDEX deliveries_failed ON deliveries (updated_at) WHERE state = 'failed';
  `,
  `CREATE TABLE agents (id TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE open_calls (id TEXT PRIMARY KEY, last INTEGER NOT NULL, handover_id TEXT) STRICT, WITHOUT ROWID;`,
  `
  CREATE TABLE recordings (id TEXT PRIMARY KEY, call_id TEXT NOT NULL, state TEXT NOT NULL, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX recordings_of_call ON recordings (call_id);
  CREATE INDEX recordings_open ON recordings (id) WHERE state IN ('starting', 'recording', 'paused');
  `,
  `CREATE TABLE test_calls (platform TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;`,
  `
  CREATE TABLE attempts (
    delivery_id TEXT NOT NULL, at INTEGER NOT NULL, ms INTEGER NOT NULL, outcome TEXT NOT NULL, answer TEXT NOT NULL
  ) STRICT;
  CREATE INDEX attempts_of_delivery ON attempts (delivery_id, at);
  CREATE INDEX deliveries_in_order ON deliveries (position, id);
  `,
  // A page of any list is read in its order: no list of dead letters waits behind the writes of calls.
  `
  CREATE INDEX deliveries_of_state ON deliveries (state, position, id);
  CREATE INDEX deliveries_of_endpoint ON deliveries (endpoint, position, id);
  CREATE INDEX deliveries_of_both ON deliveries (endpoint, state, position, id);
  `,
  // Who follows several journals, or one after another, can tell their positions apart.
  `
  CREATE TABLE identity (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL) STRICT;
  INSERT INTO identity VALUES (1, lower(hex(randomblob(8))));
  `,
  `
  CREATE TABLE users (name TEXT PRIMARY KEY, role TEXT NOT NULL, agent TEXT, password TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE api_keys (name TEXT PRIMARY KEY, role TEXT NOT NULL, scopes TEXT, sha256 TEXT NOT NULL, expires_at INTEGER) STRICT, WITHOUT ROWID;
  CREATE TABLE sessions (sha256 TEXT PRIMARY KEY, user TEXT NOT NULL, created_at INTEGER NOT NULL, seen_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `CREATE TABLE catalogues (version INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;`,
  `
  CREATE TABLE catalogue_versions (version INTEGER PRIMARY KEY, at TEXT NOT NULL, by TEXT NOT NULL, added TEXT NOT NULL, changed TEXT NOT NULL) STRICT;
  CREATE TABLE nuisance_marks (number TEXT NOT NULL, call_id TEXT NOT NULL, at TEXT NOT NULL, by TEXT NOT NULL, PRIMARY KEY (number, call_id)) STRICT, WITHOUT ROWID;
  CREATE TABLE choices (id INTEGER PRIMARY KEY, matter TEXT NOT NULL, features TEXT NOT NULL, at TEXT NOT NULL, call_id TEXT) STRICT;
  CREATE INDEX choices_of_call ON choices (call_id) WHERE call_id IS NOT NULL;
  `,
  `
  CREATE TABLE tickets (id TEXT PRIMARY KEY, last INTEGER NOT NULL, settled INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX tickets_open ON tickets (id) WHERE settled = 0;
  `,
  // Signs links to recordings.
  `
  CREATE TABLE link_key (one INTEGER PRIMARY KEY CHECK (one = 1), key TEXT NOT NULL) STRICT;
  INSERT INTO link_key VALUES (1, lower(hex(randomblob(32))));
  `,
  // Ids of other systems are in no order of time.
  `
  ALTER TABLE tickets ADD COLUMN place TEXT NOT NULL DEFAULT '';
  UPDATE tickets SET place = coalesce((SELECT body ->> '$.ticket.registeredAt' FROM facts WHERE position = last), '') || '~' || id;
  CREATE UNIQUE INDEX tickets_in_order ON tickets (place);
  `,
  // Need-to-know records; and whose users and keys are.
  `
  CREATE TABLE markings (record TEXT PRIMARY KEY, last INTEGER NOT NULL, lifted INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  ALTER TABLE users ADD COLUMN platform TEXT;
  ALTER TABLE api_keys ADD COLUMN platform TEXT;
  `,
  // How often the key URLs of a phone were revoked, and one.
  `CREATE TABLE phone_links (agent TEXT PRIMARY KEY, serial INTEGER NOT NULL) STRICT, WITHOUT ROWID;`,
]
