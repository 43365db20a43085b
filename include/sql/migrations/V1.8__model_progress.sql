-- What is done of a window that a model takes in batches of keys. Append-only. A model's newest row
-- says all: if it has no last_key, nothing is unfinished. A rebuild has a definition, the hash of its
-- SQL, and begins with the key ''.
create table if not exists {{ database }}.ledger.model_progress (
    model varchar not null,
    definition varchar,
    change_from number(38, 0) not null,
    change_to number(38, 0) not null,
    last_key varchar,
    recorded_at timestamp_ntz not null
);
