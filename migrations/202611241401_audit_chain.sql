-- The audit trail is signed entry by entry and chained: whoever changes it in the database without the key is named.

-- nonce (16 bytes) and HMAC-SHA-256 (32 bytes) over it and the entry, made by the process that recorded it.
alter table audit_entries
  add column signature bytea constraint audit_entries_signature_length check (octet_length(signature) = 48),
  add column xid xid8 not null default pg_current_xact_id();
alter table audit_entries add constraint audit_entries_signature_once unique (signature);
comment on column audit_entries.signature is 'Nonce and HMAC over the entry; the key lies outside the database; null: no maplebridge recorded it';
comment on column audit_entries.xid is 'Transaction that recorded it: how the sealer tells what is newly visible';
create index audit_entries_xid on audit_entries (xid);
create index audit_entries_at on audit_entries (at);
create index audit_entries_account on audit_entries (account, id);

-- Tiles are noted once per user, layer with filter, and ten minutes, by however many processes.
create unique index audit_tiles_once on audit_entries
  (user_id, target, (date_bin('10 minutes', at at time zone 'UTC', timestamp '2000-01-01'))) where action = 'tile.read';

alter table audit_seals
  add column origin text not null default 'signed' check (origin in ('signed', 'adopted', 'unsigned'));
comment on column audit_seals.origin is 'signed by a process of ours; adopted: there before the chain began; unsigned: put in by somebody without the key';

create table audit_chain (
  id smallint primary key default 1 check (id = 1),
  fingerprint bytea not null check (octet_length(fingerprint) = 32),
  adopted_upto bigint not null,
  begun_at timestamptz not null,
  scope_code bigint not null default 0
);
comment on table audit_chain is 'One row: which key the trail is sealed with';
comment on column audit_chain.id is 'Always 1';
comment on column audit_chain.fingerprint is 'HMAC over adopted_upto: tells a foreign key before it seals anything';
comment on column audit_chain.adopted_upto is 'Last entry from before the chain; later ones must be signed';
comment on column audit_chain.begun_at is 'Instant of the first start with the key, UTC';
comment on column audit_chain.scope_code is 'Always 0';
alter table audit_chain enable row level security;
alter table audit_chain force row level security;
create policy owner_all on audit_chain to maplebridge_owner using (true) with check (true);
grant select, insert on audit_chain to maplebridge_app;
create policy audit_chain_read on audit_chain for select to maplebridge_app using (scope_code <@ (select app.allowed('seal')));
create policy audit_chain_insert on audit_chain for insert to maplebridge_app with check (scope_code <@ (select app.allowed('seal')));

create table audit_seals_before (
  fingerprint bytea not null check (octet_length(fingerprint) = 32),
  seq bigint not null,
  entry_id bigint not null,
  hash bytea not null,
  origin text not null,
  scope_code bigint not null default 0,
  primary key (fingerprint, seq)
);
comment on table audit_seals_before is 'Seals of chains that ended because a backup was restored without their key; one row a seal';
comment on column audit_seals_before.fingerprint is 'Of the key they were made with';
comment on column audit_seals_before.seq is 'Place in that chain';
comment on column audit_seals_before.entry_id is 'The entry sealed';
comment on column audit_seals_before.hash is 'The seal';
comment on column audit_seals_before.origin is 'As in audit_seals';
comment on column audit_seals_before.scope_code is 'Always 0';
alter table audit_seals_before enable row level security;
alter table audit_seals_before force row level security;
create policy owner_all on audit_seals_before to maplebridge_owner using (true) with check (true);

insert into settings (key, value, note_zh, note_en) values
  ('audit_seal_interval_s', '2', '审计封存的间隔（秒，1 至 60）', 'Seconds between two rounds of sealing the audit trail, 1 to 60');

-- As before, with the level of the area and the signature of the entry, which the caller knows.
drop function app.open_place(bigint, bigint, text, timestamptz, text);
create function app.open_place(wanted_incident bigint, reader bigint, reader_account text, at timestamptz, request text,
                               area_level smallint default 15, entry_signature bytea default null)
  returns table (lon double precision, lat double precision)
  language plpgsql security definer set search_path = public, pg_catalog, pg_temp as $$
declare
  case_row incidents;
begin
  select * into case_row from incidents i
   where i.id = wanted_incident
     and i.unit_id <@ app.allowed('units')
     and i.state not in ('closed', 'followed_up', 'archived', 'not_accepted', 'merged', 'withdrawn');
  if not found then
    return;
  end if;
  insert into audit_entries (at, user_id, account, action, target, area_lo, area_level, request_id, row_count, signature)
  values (at, reader, reader_account, 'incident.place', wanted_incident::text, case_row.scope_code, open_place.area_level, request, 1, entry_signature);
  return query select ST_X(p.geom), ST_Y(p.geom) from incident_places p where p.incident_id = wanted_incident;
end $$;
comment on function app.open_place is 'True place of an open case for its handling unit; writes the audit entry';
revoke execute on function app.open_place from public;
grant execute on function app.open_place to maplebridge_app;
