/**
 * Each takes the database from the version of its index to the next, and back. Only ever append. What `down` loses is said
 * beside it; `tandem ledger migrate --to N` goes either way.
 */
export interface Migration {
  readonly name: string
  readonly up: string
  readonly down: string
}

export const migrations: readonly Migration[] = [
  {
    name: 'events, chains and checkpoints',
    up: `
      CREATE TABLE events (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        journal text NOT NULL, position bigint NOT NULL, epoch integer NOT NULL,
        chain text NOT NULL, link integer NOT NULL, previous text NOT NULL, hash text NOT NULL,
        type text NOT NULL, at timestamptz NOT NULL, call_id text, handover_id text,
        -- json, not jsonb: the very text is hashed.
        body json NOT NULL,
        UNIQUE (journal, position), UNIQUE (chain, link)
      );
      CREATE INDEX events_of_call ON events (call_id, id) WHERE call_id IS NOT NULL;
      CREATE INDEX events_of_handover ON events (handover_id, id) WHERE handover_id IS NOT NULL;
      CREATE INDEX events_in_time ON events (at, id);
      CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'events are only ever added' USING ERRCODE = 'restrict_violation'; END $$;
      CREATE TRIGGER events_are_kept BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse_change();
      CREATE TRIGGER events_are_not_emptied BEFORE TRUNCATE ON events EXECUTE FUNCTION refuse_change();
      CREATE TABLE chains (chain text PRIMARY KEY, link integer NOT NULL, hash text NOT NULL, checkpoint integer);
      CREATE INDEX chains_grown ON chains (chain) WHERE checkpoint IS NULL;
      CREATE TABLE personal (digest text PRIMARY KEY, subject text NOT NULL, kind text NOT NULL, salt text NOT NULL, value text NOT NULL);
      CREATE INDEX personal_of ON personal (subject);
      CREATE INDEX personal_values ON personal (kind, value, subject);
      CREATE TABLE checkpoints (number integer PRIMARY KEY, at timestamptz NOT NULL, text text NOT NULL, signature text NOT NULL);
    `,
    // Loses everything: facts that the journal has forgotten cannot be read again.
    down: `DROP TABLE checkpoints, personal, chains, events; DROP FUNCTION refuse_change;`,
  },
  {
    name: 'read models of calls and hand-overs',
    up: `
      CREATE TABLE calls (
        id text PRIMARY KEY, sequence integer NOT NULL, platform text NOT NULL, desk text NOT NULL, state text NOT NULL,
        direction text NOT NULL, agent text, ticket text, caller text, arrived_at timestamptz NOT NULL, ended_at timestamptz,
        rating integer, record json NOT NULL
      );
      CREATE INDEX calls_in_time ON calls (arrived_at, id);
      CREATE INDEX calls_of_ticket ON calls (ticket) WHERE ticket IS NOT NULL;
      CREATE TABLE handovers (
        id text PRIMARY KEY, sequence integer NOT NULL, call_id text NOT NULL, mode text NOT NULL, state text NOT NULL,
        from_platform text NOT NULL, to_platform text NOT NULL, agent text NOT NULL, category text, item text,
        danger boolean NOT NULL, requested_at timestamptz NOT NULL, record json NOT NULL
      );
      CREATE INDEX handovers_in_time ON handovers (requested_at, id);
      CREATE INDEX handovers_of_call ON handovers (call_id);
      CREATE INDEX handovers_of_matter ON handovers (category, item, requested_at, id);
      CREATE INDEX handovers_to ON handovers (to_platform, state, requested_at, id);
    `,
    // Loses nothing: `tandem ledger rebuild` makes them from the events.
    down: `DROP TABLE handovers, calls;`,
  },
  {
    name: 'what was done otherwise than the policy says',
    up: `
      CREATE INDEX handovers_overridden ON handovers (requested_at) WHERE record->'decision'->>'followed' = 'false';
      CREATE INDEX events_overridden ON events (at) WHERE type = 'decision-recorded' AND body->'decision'->>'followed' = 'false';
    `,
    // Loses nothing.
    down: `DROP INDEX events_overridden, handovers_overridden;`,
  },
  {
    name: 'read model of tickets',
    up: `
      CREATE TABLE tickets (
        id text PRIMARY KEY, sequence integer NOT NULL, call_id text, mode text NOT NULL, state text NOT NULL,
        from_platform text NOT NULL, to_platform text NOT NULL, urgency text NOT NULL, category text, item text,
        returns integer NOT NULL, registered_at timestamptz NOT NULL, record json NOT NULL
      );
      CREATE INDEX tickets_in_time ON tickets (registered_at, id);
      CREATE INDEX tickets_to ON tickets (to_platform, state, registered_at, id);
    `,
    // Loses nothing: `tandem ledger rebuild` makes it from the events.
    down: `DROP TABLE tickets;`,
  },
  {
    name: 'only numbers are looked for by value',
    // What people say is longer than an entry of an index may be.
    up: `DROP INDEX personal_values; CREATE INDEX personal_numbers ON personal (value, subject) WHERE kind = 'number';`,
    // Loses nothing: numbers are found more slowly.
    down: `DROP INDEX personal_numbers; CREATE INDEX personal_values ON personal (kind, subject);`,
  },
  {
    name: 'tickets are found by their call, their numbers and the caller',
    up: `
      CREATE INDEX tickets_of_call ON tickets (coalesce(call_id, id));
      CREATE INDEX tickets_by_12345 ON tickets ((record->'references'->>'12345'));
      CREATE INDEX tickets_by_110 ON tickets ((record->'references'->>'110'));
    `,
    // Loses nothing: they are found more slowly.
    down: `DROP INDEX tickets_by_110, tickets_by_12345, tickets_of_call;`,
  },
  {
    name: 'need-to-know records; messages are found by what they say',
    up: `
      CREATE TABLE markings (record text PRIMARY KEY, reason text NOT NULL, platforms text[] NOT NULL);
      UPDATE personal SET kind = 'message' FROM events WHERE events.type = 'message-received' AND personal.digest = events.body->>'message';
      CREATE INDEX personal_messages ON personal (subject) WHERE kind = 'message';
    `,
    // Loses nothing: `tandem ledger rebuild` makes it from the events.
    down: `DROP INDEX personal_messages; UPDATE personal SET kind = 'text' WHERE kind = 'message'; DROP TABLE markings;`,
  },
]
