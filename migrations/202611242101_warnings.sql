-- Early warning: what was found, what became of it, the calendar it reckons with, and who is rung.

create table warnings (
  id bigint generated always as identity primary key,
  rule text not null check (rule ~ '^[A-Z0-9]{1,10}$'),
  rule_version integer not null check (rule_version > 0),
  subject_kind text not null check (subject_kind in ('cell', 'cells', 'case', 'facility')),
  subject_key text not null check (length(subject_key) between 1 and 40),
  part text not null default '' check (length(part) <= 60),
  cells bigint[] not null default '{}',
  scope_code bigint not null,
  of_cases boolean not null,
  level text not null check (level in ('blue', 'yellow', 'orange', 'red')),
  found_level text not null check (found_level in ('blue', 'yellow', 'orange', 'red')),
  numbers jsonb not null,
  sentence_zh text not null,
  sentence_en text not null,
  raised_on date not null,
  raised_at timestamptz not null,
  held_on date not null,
  ended_on date,
  changed_at timestamptz not null,
  state text not null default 'open' check (state in ('open', 'acknowledged', 'escalated', 'downgraded', 'false_alarm', 'closed')),
  owner text not null check (owner in ('supervisor', 'centre', 'planner')),
  due_on date not null,
  version integer not null default 1,
  constraint warnings_ended check (state <> 'closed' or ended_on is not null)
);
comment on table warnings is 'One row a warning; its subject is a cell, cells, a case or a facility, never somebody';
comment on column warnings.id is 'Key of the row, in API and events';
comment on column warnings.rule is 'Rule that raised it: W1, W2, …; src/warnings lists them';
comment on column warnings.rule_version is 'Version of the rule at that time';
comment on column warnings.subject_kind is 'cell, cells, case, facility';
comment on column warnings.subject_key is 'Code of the cell (of the first one of several), or key of the case or facility';
comment on column warnings.part is 'Group of kinds of dispute, or key of a safe place: several warnings of a rule over one subject';
comment on column warnings.cells is 'Codes of the cells it is about; empty: of a case';
comment on column warnings.scope_code is 'Its cell, else the smallest area that holds all its cells';
comment on column warnings.of_cases is 'True: its numbers speak of cases and are told where each of them may be opened; false: of households and facilities';
comment on column warnings.level is 'blue, yellow, orange, red';
comment on column warnings.found_level is 'Level that the rule found last, whatever was decided by hand';
comment on column warnings.numbers is 'The numbers that are shown, as they were when it last held; a unit stands in the key';
comment on column warnings.sentence_zh is 'What was found, Chinese';
comment on column warnings.sentence_en is 'What was found, English';
comment on column warnings.raised_on is 'Civil day for which it was raised';
comment on column warnings.raised_at is 'Instant it was raised, UTC';
comment on column warnings.held_on is 'Last civil day for which it was found to hold';
comment on column warnings.ended_on is 'First civil day for which it no longer held; null: it holds';
comment on column warnings.changed_at is 'Instant of its last step, UTC';
comment on column warnings.state is 'open, acknowledged, escalated, downgraded, false_alarm, closed';
comment on column warnings.owner is 'Role that should act';
comment on column warnings.due_on is 'Working day by which it should be acted on';
comment on column warnings.version is 'Counts edits, for If-Match';
create unique index warnings_once on warnings (rule, subject_kind, subject_key, part) where ended_on is null;
create index warnings_scope on warnings (scope_code);
create index warnings_changed on warnings (changed_at);
create trigger warnings_version before update on warnings for each row execute function app.count_version();

create table warning_steps (
  id bigint generated always as identity primary key,
  warning_id bigint not null references warnings on delete cascade,
  scope_code bigint not null,
  of_cases boolean not null,
  at timestamptz not null,
  run_id text,
  actor_id bigint,
  action text not null check (action in ('raise', 'level', 'acknowledge', 'escalate', 'downgrade', 'false_alarm', 'end')),
  from_state text,
  to_state text not null,
  level text not null,
  reason text not null default '' check (length(reason) <= 400),
  numbers jsonb not null
);
comment on table warning_steps is 'One row a step of a warning, by a run or by hand';
comment on column warning_steps.id is 'Key of the row, in events';
comment on column warning_steps.warning_id is 'The warning';
comment on column warning_steps.scope_code is 'As the warning';
comment on column warning_steps.of_cases is 'As the warning';
comment on column warning_steps.at is 'Instant of the step, UTC';
comment on column warning_steps.run_id is 'ULID of the run that took it; null: it was taken by hand';
comment on column warning_steps.actor_id is 'Account of the system that took it; null: a run';
comment on column warning_steps.action is 'raise, level, acknowledge, escalate, downgrade, false_alarm, end';
comment on column warning_steps.from_state is 'State before; null: raised';
comment on column warning_steps.to_state is 'State after';
comment on column warning_steps.level is 'Level after';
comment on column warning_steps.reason is 'Reason given; the free-text gate has read it';
comment on column warning_steps.numbers is 'The numbers at that time';
create index warning_steps_warning on warning_steps (warning_id, id);
create index warning_steps_run on warning_steps (run_id) where run_id is not null;

create table warning_backtests (
  rule text not null,
  rule_version integer not null check (rule_version > 0),
  scope_code bigint not null,
  of_cases boolean not null,
  from_on date not null,
  to_on date not null,
  would_raise integer not null check (would_raise >= 0),
  primary key (scope_code, rule)
);
comment on table warning_backtests is 'One row a rule and township: how often it would have been raised in the last year';
comment on column warning_backtests.rule is 'The rule';
comment on column warning_backtests.rule_version is 'Version of the rule that was tried';
comment on column warning_backtests.scope_code is 'The township; what lies over several stands with their smallest common area';
comment on column warning_backtests.of_cases is 'As in the warnings of the rule';
comment on column warning_backtests.from_on is 'First civil day';
comment on column warning_backtests.to_on is 'Last civil day';
comment on column warning_backtests.would_raise is 'Warnings that the rule would have raised';

create table warning_nights (
  scope_code bigint primary key,
  night_on date not null,
  run_id text not null,
  at timestamptz not null
);
comment on table warning_nights is 'One row a county: the last night that was worked off';
comment on column warning_nights.scope_code is 'The county on the 15-digit scale';
comment on column warning_nights.night_on is 'Civil day that began with that night';
comment on column warning_nights.run_id is 'ULID of the run';
comment on column warning_nights.at is 'Instant it ended, UTC';

-- The calendar: what days are worked, and how busy they are.

create table holidays (
  day date primary key,
  kind text not null check (kind in ('holiday', 'workday')),
  name_zh text not null check (length(name_zh) between 1 and 40),
  name_en text not null default ''
);
comment on table holidays is 'One row a day that is not what its weekday says: statutory holidays as the law orders them; what a year moves beside them an administrator adds';
comment on column holidays.day is 'Civil day';
comment on column holidays.kind is 'holiday: not worked; workday: a weekend that is worked';
comment on column holidays.name_zh is 'Name of the holiday in Chinese';
comment on column holidays.name_en is 'Name of the holiday in English';

create table weekday_weights (
  weekday smallint primary key check (weekday between 1 and 8),
  weight real not null check (weight > 0)
);
comment on table weekday_weights is 'One row a day of the week: how much is registered on it beside a full working day';
comment on column weekday_weights.weekday is '1 Monday to 7 Sunday; 8 a holiday';
comment on column weekday_weights.weight is '1 is a full working day';
grant select on holidays, weekday_weights to maplebridge_app;

insert into weekday_weights (weekday, weight) values (1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 0.7), (7, 0.7), (8, 0.5);

insert into holidays (day, kind, name_zh, name_en)
  select make_date(y, 1, 1), 'holiday', '元旦', 'New Year' from generate_series(2020, 2032) y
  union all
  select make_date(y, 5, 1) + n, 'holiday', '劳动节', 'Labour Day' from generate_series(2020, 2032) y, generate_series(0, 1) n
  union all
  -- the sun stands at 15°: 4 or 5 April of this century
  select make_date(y, 4, floor((y - 2000) * 0.2422 + 4.81)::integer - (y - 2000) / 4), 'holiday', '清明节', 'Qingming' from generate_series(2020, 2032) y;
-- by the moon: Spring Festival with its eve and six days after, Dragon Boat, Mid-Autumn; and the National Day that Mid-Autumn may fall on
insert into holidays (day, kind, name_zh, name_en)
  select first_day + n, 'holiday', '春节', 'Spring Festival'
    from unnest(array['2020-01-25', '2021-02-12', '2022-02-01', '2023-01-22', '2024-02-10', '2025-01-29', '2026-02-17', '2027-02-06', '2028-01-26',
                      '2029-02-13', '2030-02-03', '2031-01-23', '2032-02-11']::date[]) first_day, generate_series(-1, 6) n
  union all
  select day, 'holiday', '端午节', 'Dragon Boat Festival'
    from unnest(array['2020-06-25', '2021-06-14', '2022-06-03', '2023-06-22', '2024-06-10', '2025-05-31', '2026-06-19', '2027-06-09', '2028-05-28',
                      '2029-06-16', '2030-06-05']::date[]) day
  union all
  select day, 'holiday', '中秋节', 'Mid-Autumn Festival'
    from unnest(array['2020-10-01', '2021-09-21', '2022-09-10', '2023-09-29', '2024-09-17', '2025-10-06', '2026-09-25', '2027-09-15', '2028-10-03',
                      '2029-09-22', '2030-09-12']::date[]) day;
insert into holidays (day, kind, name_zh, name_en)
  select make_date(y, 10, 1) + n, 'holiday', '国庆节', 'National Day' from generate_series(2020, 2032) y, generate_series(0, 2) n
  on conflict (day) do nothing;

insert into settings (key, value, note_zh, note_en) values
  ('clock_simple_days', '1', '简易纠纷的办理时限（天）', 'Days for a simple case'),
  ('clock_ordinary_days', '7', '一般纠纷的办理时限（天）', 'Days for an ordinary case'),
  ('clock_complex_days', '20', '复杂纠纷的办理时限（天）', 'Days for a complex case'),
  ('warn_false_alarms_per_year', '0.1', '每个网格每年可容忍的误报次数（上升预警）', 'False alarms a year that a cell may have in the warning of a rise'),
  ('warn_recurrence_days', '100', '聚集预警的最短重现间隔（天）', 'Days between chance finds from which on a cluster is a warning');

-- Who is rung. The bell says that something changed, and nothing of what: who looks needs rights of its own.

create table webhooks (
  id bigint generated always as identity primary key,
  scope_code bigint not null,
  area_level smallint not null check (area_level in (0, 2, 4, 6, 9, 12, 15)),
  url text not null check (length(url) between 8 and 400),
  secret bytea not null check (octet_length(secret) between 24 and 64),
  active boolean not null default true,
  made_at timestamptz not null,
  version integer not null default 1
);
comment on table webhooks is 'One row a place that is rung when warnings of an area change';
comment on column webhooks.id is 'Key of the row';
comment on column webhooks.scope_code is 'The area on the 15-digit scale; 0 with level 0: everywhere';
comment on column webhooks.area_level is 'Digits of the area code; 0: everywhere';
comment on column webhooks.url is 'Where to: http or https, as an administrator wrote it';
comment on column webhooks.secret is 'Key that deliveries are signed with; shown once, when it is made';
comment on column webhooks.active is 'False: nothing is sent';
comment on column webhooks.made_at is 'Instant it was made, UTC';
comment on column webhooks.version is 'Counts edits, for If-Match';
create trigger webhooks_version before update on webhooks for each row execute function app.count_version();

create table webhook_deliveries (
  id bigint generated always as identity primary key,
  webhook_id bigint not null references webhooks on delete cascade,
  scope_code bigint not null,
  made_at timestamptz not null,
  attempts integer not null default 0,
  next_at timestamptz,
  last_status integer,
  last_error text not null default '',
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'given_up'))
);
comment on table webhook_deliveries is 'One row a ring, kept until it has arrived or was given up';
comment on column webhook_deliveries.id is 'Key of the row, in the header of the delivery';
comment on column webhook_deliveries.webhook_id is 'Where to';
comment on column webhook_deliveries.scope_code is 'As the webhook';
comment on column webhook_deliveries.made_at is 'Instant of the change, UTC';
comment on column webhook_deliveries.attempts is 'How often it was tried';
comment on column webhook_deliveries.next_at is 'Not before this instant, UTC; null: over';
comment on column webhook_deliveries.last_status is 'Status of the last answer; null: there was none';
comment on column webhook_deliveries.last_error is 'Why the last try failed';
comment on column webhook_deliveries.state is 'waiting, delivered, given_up';
create index webhook_deliveries_due on webhook_deliveries (next_at) where state = 'waiting';
create index webhook_deliveries_webhook on webhook_deliveries (webhook_id, id);

do $$
declare
  t text;
begin
  foreach t in array array['warnings', 'warning_steps', 'warning_backtests', 'warning_nights', 'webhooks', 'webhook_deliveries']
  loop
    execute format('alter table public.%I enable row level security', t);
    execute format('alter table public.%I force row level security', t);
    execute format('create policy owner_all on public.%I to maplebridge_owner using (true) with check (true)', t);
  end loop;
  -- Numbers of cases are for who may open each case; what speaks of addresses and facilities alone, for who has the map.
  foreach t in array array['warnings', 'warning_steps', 'warning_backtests']
  loop
    execute format('create policy %I on public.%I for select to maplebridge_app
                      using (scope_code <@ (select app.allowed(''cases'')) or (not of_cases and scope_code <@ (select app.allowed(''map'')))
                             or scope_code <@ (select app.allowed(''warn'')))', t || '_read', t);
    execute format('create policy %I on public.%I to maplebridge_app
                      using (scope_code <@ (select app.allowed(''warn''))) with check (scope_code <@ (select app.allowed(''warn'')))', t || '_run', t);
  end loop;
  foreach t in array array['warning_nights', 'webhook_deliveries']
  loop
    execute format('create policy %I on public.%I to maplebridge_app
                      using (scope_code <@ (select app.allowed(''warn''))) with check (scope_code <@ (select app.allowed(''warn'')))', t || '_run', t);
  end loop;
end $$;
grant select, insert, update, delete on warnings, warning_steps, warning_backtests, warning_nights to maplebridge_app;
create policy warnings_act on warnings for update to maplebridge_app
  using (scope_code <@ (select app.allowed('write_incidents')) or (not of_cases and scope_code <@ (select app.allowed('write_cells'))))
  with check (scope_code <@ (select app.allowed('write_incidents')) or (not of_cases and scope_code <@ (select app.allowed('write_cells'))));
create policy warning_steps_act on warning_steps for insert to maplebridge_app
  with check (scope_code <@ (select app.allowed('write_incidents')) or (not of_cases and scope_code <@ (select app.allowed('write_cells'))));
create policy warning_nights_read on warning_nights for select to maplebridge_app using (scope_code <@ (select app.allowed('settings')));

grant select, insert, update, delete on webhooks, webhook_deliveries to maplebridge_app;
create policy webhooks_all on webhooks to maplebridge_app
  using (scope_code <@ (select app.allowed('settings'))) with check (scope_code <@ (select app.allowed('settings')));
create policy webhooks_ring on webhooks for select to maplebridge_app using (scope_code <@ (select app.allowed('warn')));
create policy webhook_deliveries_read on webhook_deliveries for select to maplebridge_app using (scope_code <@ (select app.allowed('settings')));

-- A step rings: the processes by a note of the database at commit, the webhooks of its area by a row each.
create function app.ring_warnings() returns trigger
  language plpgsql security definer set search_path = public, pg_catalog, pg_temp as $$
declare
  part text;
begin
  for part in
    select string_agg(id::text, ',' order by id) from (select id, row_number() over (order by id) / 300 as nth from new_t) n group by nth order by nth
  loop
    perform pg_notify('maplebridge_warnings', part);
  end loop;
  insert into webhook_deliveries (webhook_id, scope_code, made_at, next_at)
  select w.id, w.scope_code, max(n.at), max(n.at)
    from webhooks w join new_t n
      on w.area_level = 0 or (n.scope_code >= w.scope_code and n.scope_code < w.scope_code + (10::numeric ^ (15 - w.area_level))::bigint)
   where w.active
   group by w.id, w.scope_code;
  return null;
end $$;
comment on function app.ring_warnings is 'Tells the processes which steps were taken, and puts a ring for each webhook of the area into the outbox';
create trigger warning_steps_ring after insert on warning_steps referencing new table as new_t for each statement execute function app.ring_warnings();
