-- The system's own users, their rights, sessions and tokens; jobs; the audit trail.

create table users (
  id bigint generated always as identity primary key,
  account text not null constraint users_account_unique unique check (account ~ '^[a-z0-9][a-z0-9._-]{1,39}$'),
  name_zh text not null default '' check (length(name_zh) <= 60),
  name_en text not null default '' check (length(name_en) <= 120),
  password_hash text not null,
  must_change_password boolean not null default true,
  unit_id bigint references units,
  disabled boolean not null default false,
  failed_count integer not null default 0,
  locked_until timestamptz,
  last_seen_at timestamptz,
  made_at timestamptz not null,
  scope_code bigint not null default 0
);
comment on table users is 'One row an account of the system; the only natural persons stored';
comment on column users.id is 'Key of the row';
comment on column users.account is 'Name to sign in with';
comment on column users.name_zh is 'Office or duty shown to colleagues, Chinese';
comment on column users.name_en is 'Office or duty shown to colleagues, English';
comment on column users.password_hash is 'argon2id, PHC string';
comment on column users.must_change_password is 'True until the first own password is set';
comment on column users.unit_id is 'Office whose cases a unit user handles';
comment on column users.disabled is 'True: cannot sign in';
comment on column users.failed_count is 'Failed sign-ins in a row';
comment on column users.locked_until is 'No sign-in before this instant, UTC';
comment on column users.last_seen_at is 'Last sign-in, UTC';
comment on column users.made_at is 'Instant the account was made, UTC';
comment on column users.scope_code is 'Always 0: accounts belong to the whole system';

create table grants (
  id bigint generated always as identity primary key,
  user_id bigint not null references users on delete cascade,
  role text not null check (role in ('supervisor', 'unit', 'centre', 'planner', 'official', 'system', 'security', 'auditor')),
  area_lo bigint not null,
  area_level smallint not null check (area_level in (0, 2, 4, 6, 9, 12, 15)),
  expires_on date,
  made_at timestamptz not null,
  made_by bigint,
  scope_code bigint not null default 0,
  constraint grants_once unique (user_id, role, area_lo, area_level)
);
comment on table grants is 'One row a role in an area until a day';
comment on column grants.id is 'Key of the row';
comment on column grants.user_id is 'Who holds it';
comment on column grants.role is 'Role; one table in src/users says what each may do';
comment on column grants.area_lo is 'Area on the 15-digit scale; 0 with level 0: everywhere';
comment on column grants.area_level is 'Digits of the area code; 0: everywhere';
comment on column grants.expires_on is 'First civil day it no longer holds; null: open';
comment on column grants.made_at is 'Instant it was given, UTC';
comment on column grants.made_by is 'User who gave it; null: the first start';
comment on column grants.scope_code is 'Always 0: grants belong to the whole system';

-- security cannot hold auditor, and gives nothing to itself.
create function app.check_grant() returns trigger
  language plpgsql security definer set search_path = public, pg_catalog, pg_temp as $$
begin
  if new.made_by = new.user_id then
    perform app.refuse('grants_not_to_oneself', 'nobody gives a role to the own account', null);
  end if;
  if new.role in ('security', 'auditor') and exists (
       select 1 from grants g where g.user_id = new.user_id and g.role in ('security', 'auditor') and g.role <> new.role) then
    perform app.refuse('grants_separate_duties', 'one account cannot be both security administrator and auditor', null);
  end if;
  return null;
end $$;
comment on function app.check_grant is 'Keeps the duties of the three administrators apart';
create constraint trigger grants_check after insert or update on grants
  deferrable initially deferred for each row execute function app.check_grant();

create table sessions (
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  user_id bigint not null references users on delete cascade,
  made_at timestamptz not null,
  seen_at timestamptz not null,
  expires_at timestamptz not null,
  scope_code bigint not null default 0
);
comment on table sessions is 'One row a signed-in browser';
comment on column sessions.token_hash is 'SHA-256 of the 256-bit secret in the cookie';
comment on column sessions.user_id is 'Who signed in';
comment on column sessions.made_at is 'Instant of the sign-in, UTC';
comment on column sessions.seen_at is 'Last use, UTC, to the minute';
comment on column sessions.expires_at is 'Absolute end, UTC';
comment on column sessions.scope_code is 'Always 0';
create index sessions_user on sessions (user_id);

create table api_tokens (
  id bigint generated always as identity primary key,
  token_hash bytea not null constraint api_tokens_hash_unique unique check (octet_length(token_hash) = 32),
  user_id bigint not null references users on delete cascade,
  name text not null check (length(name) between 1 and 60),
  made_at timestamptz not null,
  expires_on date,
  scope_code bigint not null default 0
);
comment on table api_tokens is 'One row a token for programs';
comment on column api_tokens.id is 'Key of the row';
comment on column api_tokens.token_hash is 'SHA-256 of the 256-bit secret';
comment on column api_tokens.user_id is 'Whose rights it carries';
comment on column api_tokens.name is 'What it is for';
comment on column api_tokens.made_at is 'Instant it was made, UTC';
comment on column api_tokens.expires_on is 'First civil day it no longer holds; null: open';
comment on column api_tokens.scope_code is 'Always 0';

create table jobs (
  id text primary key check (length(id) = 26),
  kind text not null check (kind in ('import', 'undo', 'demo', 'publish', 'export')),
  noun text,
  state text not null check (state in ('waiting', 'running', 'done', 'failed', 'cancelled')),
  params jsonb not null,
  user_id bigint,
  scope_code bigint not null,
  made_at timestamptz not null,
  started_at timestamptz,
  ended_at timestamptz,
  heartbeat_at timestamptz,
  step text not null default '',
  done_rows bigint not null default 0,
  total_rows bigint,
  report jsonb,
  message text,
  cancel_asked boolean not null default false,
  undone_by text
);
comment on table jobs is 'One row a long work: an import, its undoing, demonstration data, publication';
comment on column jobs.id is 'ULID';
comment on column jobs.kind is 'What kind of work';
comment on column jobs.noun is 'Noun it is about';
comment on column jobs.state is 'waiting, running, done, failed, cancelled';
comment on column jobs.params is 'What it was asked to do; no row of data';
comment on column jobs.user_id is 'Who asked; null: the command line';
comment on column jobs.scope_code is 'Area it works under; 0: everywhere';
comment on column jobs.made_at is 'Instant it was asked for, UTC';
comment on column jobs.started_at is 'Instant it began, UTC';
comment on column jobs.ended_at is 'Instant it ended, UTC';
comment on column jobs.heartbeat_at is 'Last sign of life of its worker, UTC';
comment on column jobs.step is 'Step it is in: reading, checking, writing';
comment on column jobs.done_rows is 'Rows of the step that are done';
comment on column jobs.total_rows is 'Rows of the step; null: not known';
comment on column jobs.report is 'Counts and matching of columns; faults without values of rows';
comment on column jobs.message is 'Why it failed, with the cure';
comment on column jobs.cancel_asked is 'Somebody asked it to stop';
comment on column jobs.undone_by is 'Job that undid it';

create table job_faults (
  id bigint generated always as identity primary key,
  job_id text not null references jobs on delete cascade,
  scope_code bigint not null,
  row_number bigint not null,
  column_name text not null default '',
  code text not null,
  reason_zh text not null,
  reason_en text not null,
  cure_zh text not null,
  cure_en text not null,
  at geometry(Point, 4326)
);
comment on table job_faults is 'One row a fault that an import found, the first thousand of each job';
comment on column job_faults.id is 'Key of the row';
comment on column job_faults.job_id is 'The import';
comment on column job_faults.scope_code is 'As the job';
comment on column job_faults.row_number is 'Row in the file, from 1; 0: the whole file';
comment on column job_faults.column_name is 'Heading of the column';
comment on column job_faults.code is 'Kind of fault';
comment on column job_faults.reason_zh is 'What is wrong, Chinese';
comment on column job_faults.reason_en is 'What is wrong, English';
comment on column job_faults.cure_zh is 'What to do, Chinese';
comment on column job_faults.cure_en is 'What to do, English';
comment on column job_faults.at is 'Where on the map, WGS 84';
create index job_faults_job on job_faults (job_id, id);

create table audit_entries (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  user_id bigint,
  account text not null default '',
  action text not null,
  target text not null default '',
  area_lo bigint,
  area_level smallint,
  detail jsonb not null default '{}',
  row_count bigint,
  request_id text not null default '',
  scope_code bigint not null default 0
);
comment on table audit_entries is 'One row a thing that was done or looked at; inserted, never changed';
comment on column audit_entries.id is 'Key of the row, not the order of sealing';
comment on column audit_entries.at is 'Instant, UTC';
comment on column audit_entries.user_id is 'Who; null: the command line or the server itself';
comment on column audit_entries.account is 'Account at that time';
comment on column audit_entries.action is 'facility.update, incident.list, import.commit, …';
comment on column audit_entries.target is 'Key of what it was done to';
comment on column audit_entries.area_lo is 'Area it concerned, on the 15-digit scale';
comment on column audit_entries.area_level is 'Level of that area';
comment on column audit_entries.detail is 'Changed fields or filters; never free text of a case';
comment on column audit_entries.row_count is 'Rows written or shown';
comment on column audit_entries.request_id is 'ULID of the request';
comment on column audit_entries.scope_code is 'Always 0: only auditors read it';

create table audit_seals (
  seq bigint primary key,
  entry_id bigint not null constraint audit_seals_entry_unique unique,
  hash bytea not null check (octet_length(hash) = 32),
  scope_code bigint not null default 0
);
comment on table audit_seals is 'The chain over audit entries, written by one sealer';
comment on column audit_seals.seq is 'Place in the chain, from 1 without gaps';
comment on column audit_seals.entry_id is 'The entry sealed';
comment on column audit_seals.hash is 'HMAC-SHA-256 over the hash before and the entry; the key lies outside the database';
comment on column audit_seals.scope_code is 'Always 0';

-- The one door to a true place: the handling unit, while the case is open; the entry is written before the answer.
create function app.open_place(wanted_incident bigint, reader bigint, reader_account text, at timestamptz, request text)
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
  insert into audit_entries (at, user_id, account, action, target, area_lo, area_level, request_id, row_count)
  values (at, reader, reader_account, 'incident.place', wanted_incident::text, case_row.scope_code, 15, request, 1);
  return query select ST_X(p.geom), ST_Y(p.geom) from incident_places p where p.incident_id = wanted_incident;
end $$;
comment on function app.open_place is 'True place of an open case for its handling unit; writes the audit entry';
revoke execute on function app.open_place from public;
grant execute on function app.open_place to maplebridge_app;
